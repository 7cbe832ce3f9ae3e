"""`rebuild drill`: rehearse a recovery on a cluster of its own."""

from __future__ import annotations

from pathlib import Path

import click

from rebuild.cli import finish, helping, options, stopping
from rebuild.cli.labs import installed
from rebuild.drill import playbook
from rebuild.drill.playbook import DrillOptions
from rebuild.drill.run import drill
from rebuild.model.errors import UsageError
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions
from rebuild.providers.kwok.provider import Kwok

_EPILOG = """\b
Examples:
  rebuild drill playbooks/quickstart.yaml
  rebuild drill --source . --path clusters/prod --report drill.json
  rebuild drill --source https://git.example.com/env.git --ref v1.4 --objective 10m
\b
Exit codes: 0 recovered and verified · 1 not recovered, or slower than the objective
  2 usage or unreadable input · 4 did not reach its end · 5 source or target unreachable
"""


@click.command("drill", cls=helping.Command, epilog=_EPILOG)
@click.argument("file", metavar="[PLAYBOOK]", required=False, type=click.Path(path_type=Path))
@click.option("--source", "location", default="", help="Path or URL of the repository, instead of a playbook.")
@options.source
@click.option("--provider", type=click.Choice(["kwok"]), default="kwok", show_default=True, help="Makes the target.")
@click.option("--nodes", type=click.IntRange(1, 1000), default=None, help="Nodes of the target; 5 by default.")
@click.option("--objective", type=options.Duration(), default=None, help="Recovery time objective (RTO), such as 10m.")
@options.limits
@click.option("--keep", is_flag=True, help="Leave the target running; `rebuild lab list` shows it.")
@options.output("table", "json", "yaml")
@options.report
def command(
    file: Path | None,
    location: str,
    ref: str,
    path: str,
    additions: tuple[Path, ...],
    namespace: str | None,
    provider: str,  # noqa: ARG001 - there is one so far, and scripts may name it
    nodes: int | None,
    objective: float | None,
    timeout: float | None,
    object_timeout: float | None,
    keep: bool,
    form: str,
    report_file: Path | None,
    mode: str,
) -> int:
    """Provide a cluster, rebuild the source on it, verify every object, measure, and take the cluster away.

    Says how long the recovery took and whether what came back is what was declared. What flags say counts more
    than what the playbook says.
    """
    if bool(file) == bool(location):
        raise UsageError("a drill needs a playbook or --source, and not both", hint="see `rebuild drill --help`")
    chosen = playbook.read(file) if file else DrillOptions(SourceOptions(location))
    source = chosen.source
    chosen = DrillOptions(
        source=SourceOptions(
            location=source.location,
            ref=ref or source.ref,
            path=path or source.path,
            namespace=namespace or source.namespace,
            additions=additions,
        ),
        nodes=nodes or chosen.nodes,
        objective=chosen.objective if objective is None else objective,
        timeout=chosen.timeout if timeout is None else timeout,
        object_timeout=chosen.object_timeout if object_timeout is None else object_timeout,
        keep=keep,
    )
    with finish.view_for(mode) as view:
        run = Run("drill", listener=view, objective=chosen.objective)
        with finish.recorded(run, form=form, report_file=report_file):
            drill(run, chosen, lambda: Kwok(installed(view), nodes=chosen.nodes), stoppable=stopping.stoppable)
    return finish.finish(run.ledger, form=form, report_file=report_file)
