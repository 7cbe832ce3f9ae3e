"""`rebuild plan`: what would be done. Needs no cluster, and writes nothing to one."""

from __future__ import annotations

from pathlib import Path

import click

from rebuild.cli import finish, helping, options, targets
from rebuild.console.view import Silent
from rebuild.model import kinds
from rebuild.ops import experience, rules, sources
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import declared
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions
from rebuild.plan import document, dot, mermaid
from rebuild.report import to_json

_EPILOG = """\b
Examples:
  rebuild plan .
  rebuild plan https://git.example.com/env.git --ref v1.4 --path clusters/prod
  rebuild plan . --path clusters/prod --context staging -o json
  rebuild plan . -o dot | dot -Tsvg > plan.svg
\b
Exit codes: 0 a plan stands · 1 some objects cannot be sent · 2 usage, unreadable input,
  duplicates or a hard cycle · 3 refused by a guard · 5 source or target unreachable
"""

_PICTURES = {"dot": dot.text, "mermaid": mermaid.text}


@click.command("plan", cls=helping.Command, epilog=_EPILOG)
@click.argument("location", metavar="SOURCE")
@options.source
@options.target
@options.rules
@options.output("table", "wide", "json", "yaml", "dot", "mermaid")
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
    imported: bool | None,
    form: str,
) -> int:
    """Read SOURCE (a repository, a URL, or a folder) and show objects, order and findings.

    Without --context nothing is asked of any cluster, and everything counts as still to be created.
    `-o wide` lists the container images as well.
    """
    wide = form == "wide"
    form = "table" if wide else form
    asked = SourceOptions(location, ref, path, namespace or "default", additions)
    own = rules.read(rules_file, takes_over=imported is not False)
    run = Run("plan", listener=Silent(), durable=False)
    with finish.recorded(run, form=form):
        read = sources.read_all(asked)
        source = sources.event_of(read)
        run.record(source)
        if context:
            with targets.bound(context, kubeconfig, request_timeout, source=location) as target:
                run.record(target.event)
                found = declared(read, kinds=target.served, namespace=asked.namespace)
                around = plans.look(found, target, experience.of(source, fidelity=target.fidelity))
                plan = plans.with_rights(plans.on_target(found, around, own), target)
        else:
            found = declared(read, kinds=kinds.builtin(), namespace=asked.namespace)
            plan = plans.offline(found, experience.of(source), own)
        run.record(plans.event_of(plan, key=run.key, at=run.now()))
        run.end(complete=True)
    if form == "table":
        finish.show_plan(plan, wide=wide)
        return finish.answer(run.ledger, quiet=False)
    if form in _PICTURES:
        click.echo(_PICTURES[form](plan), nl=False)
    else:
        finish.data({**to_json.document(run.ledger), "expected": document.expected(plan)}, form)
    return finish.answer(run.ledger, quiet=True)
