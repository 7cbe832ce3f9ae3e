"""`rebuild drift`: what a cluster holds that a source does not say, and who wrote it. Writes nothing."""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from rebuild.cli import finish, helping, options, targets
from rebuild.console import drifting
from rebuild.ops import drift as drifts
from rebuild.ops import rules, sources
from rebuild.ops.blueprint import declared
from rebuild.ops.sources import SourceOptions
from rebuild.report import drift as reports

_EPILOG = """\b
Examples:
  rebuild drift . --path clusters/prod --context prod
  rebuild drift . --path clusters/prod --context prod --audit-log /var/log/kubernetes/audit.log
  rebuild drift https://git.example.com/env.git --path clusters/prod --context prod -o json
  rebuild drift . --context prod --report drift.json || mail -s "drift in prod" ops < drift.json
\b
Exit codes: 0 no drift · 1 drift · 2 usage or unreadable input · 3 refused by a guard
  4 no drift in what could be read, but some declared objects could not
  5 source or target unreachable
"""


@click.command("drift", cls=helping.Command, epilog=_EPILOG)
@click.argument("location", metavar="SOURCE")
@options.source
@options.target
@options.rules
@click.option(
    "--audit-log",
    "audit_logs",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The API server's audit log, to name users by. May be given again.",
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
    audit_logs: tuple[Path, ...],
    form: str,
    report_file: Path | None,
) -> int:
    """Tell where the cluster of --context parts from SOURCE: declared objects that are missing, declared fields that
    were changed, what others added, and objects that no commit declares. Each with its field manager, the time of that
    manager's last write, and the commit that declared it last.
    """
    asked = SourceOptions(location, ref, path, namespace or "default", additions)
    own = rules.read(rules_file, takes_over=imported is not False)
    with targets.bound(context, kubeconfig, request_timeout, source=location) as target:
        read = sources.read_all(asked)
        found = declared(read, kinds=target.served, namespace=asked.namespace)
        report = drifts.look(
            found, target, asked, sources.event_of(read), key=secrets.token_bytes(32), rules=own, audit_logs=audit_logs
        )
    finish.present(
        reports.document(report),
        reports.last_line(report),
        lambda stream: drifting.print_drift(stream, report),
        form=form,
        report_file=report_file,
    )
    return int(reports.answer(report).exit)
