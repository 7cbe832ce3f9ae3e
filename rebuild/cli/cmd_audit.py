"""`rebuild audit`: how much of what runs its repository could bring back. Writes nothing."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from rebuild.cli import finish, helping, options, targets
from rebuild.console import auditing
from rebuild.model.errors import Exit
from rebuild.ops import audit as audits
from rebuild.ops import rules, sources
from rebuild.ops.blueprint import declared
from rebuild.ops.sources import SourceOptions
from rebuild.report import audit as reports

_EPILOG = """\b
Examples:
  rebuild audit . --path clusters/prod --context prod
  rebuild audit . --path clusters/prod --context prod -o json > audit.json
  rebuild audit . --path clusters/prod --context prod --fail-under 95
\b
Exit codes: 0 the audit reached its end, whatever it found · 1 below --fail-under
  2 usage or unreadable input · 3 refused by a guard · 5 source or target unreachable
"""


@click.command("audit", cls=helping.Command, epilog=_EPILOG)
@click.argument("location", metavar="SOURCE")
@options.source
@options.target
@options.rules
@click.option(
    "--fail-under",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    default=0.0,
    help="Exit with 1 where the coverage is less.",
)
@options.output("table", "json", "yaml")
@options.report_file
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
    fail_under: float,
    form: str,
    report_file: Path | None,
) -> int:
    """Tell whether what runs in the cluster of --context could be rebuilt elsewhere out of SOURCE today: what runs and
    is not declared, what is declared and not there, what was changed, whose data is outside of Git, and which Secrets
    have no source; the worst first, and a percentage with its formula.
    """
    asked = SourceOptions(location, ref, path, namespace or "default", additions)
    own = rules.read(rules_file, takes_over=imported is not False)
    with targets.bound(context, kubeconfig, request_timeout, source=location) as target:
        read = sources.read_all(asked)
        found = declared(read, kinds=target.served, namespace=asked.namespace)
        key = secrets.token_bytes(32)
        report = audits.look(found, target, sources.event_of(read), key=key, rules=own)
    finish.present(
        reports.document(report),
        reports.last_line(report),
        lambda stream: auditing.print_audit(stream, report),
        form=form,
        report_file=report_file,
    )
    return int(Exit.ANSWER_IS_NO if report.percent < fail_under else Exit.DONE)
