"""`rebuild verify`: is what lives in a cluster what a source declares? Writes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from rebuild.cli import finish, helping, options, targets
from rebuild.ops import plan as plans
from rebuild.ops import rules, sources
from rebuild.ops.blueprint import declared
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions
from rebuild.ops.verify import Look, verify

_EPILOG = """\b
Examples:
  rebuild verify . --path clusters/prod --context prod
  rebuild verify . --path clusters/prod --context prod -o json > report.json
  rebuild verify . --path clusters/prod --context prod --second-opinion
  rebuild verify . --path clusters/prod --context prod --rules rules.yaml --stable-for 60s
\b
Exit codes: 0 everything is present, equal and healthy · 1 something is not
  2 usage or unreadable input · 3 refused by a guard · 5 source or target unreachable
"""


@click.command("verify", cls=helping.Command, epilog=_EPILOG)
@click.argument("location", metavar="SOURCE")
@options.source
@options.target
@options.rules
@options.stability
@options.output("table", "json", "yaml")
@options.report
@click.option(
    "--second-opinion",
    is_flag=True,
    help="Ask the API server as well what applying each object would change (a dry run: one request each).",
)
def command(
    location: str,
    ref: str,
    path: str,
    additions: tuple[Path, ...],
    namespace: str | None,
    context: str,
    kubeconfig: Path | None,
    request_timeout: float,
    rules_file: Path | None,
    stable: float | None,
    imported: bool | None,
    form: str,
    report_file: Path | None,
    mode: str,
    second_opinion: bool,
) -> int:
    """Compare every field that SOURCE declares with the cluster of --context, and name who owns a difference."""
    asked = SourceOptions(location, ref, path, namespace or "default", additions)
    own = rules.read(rules_file, takes_over=imported is not False)
    with finish.view_for(mode) as view:
        run = Run("verify", listener=view, stable=stable or 0.0, durable=False)
        with (
            finish.recorded(run, form=form, report_file=report_file),
            targets.bound(context, kubeconfig, request_timeout, source=location) as target,
        ):
            read = sources.read_all(asked)
            run.record(sources.event_of(read))
            run.record(target.event)
            found = declared(read, kinds=target.served, namespace=asked.namespace)
            surroundings = plans.look(found, target)
            plan = plans.on_target(found, surroundings, own)
            run.record(plans.event_of(plan, key=run.key, at=run.now()))
            look = Look(second_opinion=second_opinion, seen=surroundings.snapshot)
            verify(run, target, found.blueprint, plan, look)
            run.end(complete=True)
    return finish.finish(run.ledger, form=form, report_file=report_file)
