"""`rebuild drill`: rehearse a recovery on a cluster of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from rebuild.cli import finish, options, stopping
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


@click.command("drill", epilog=_EPILOG, short_help="Rehearse a recovery on a cluster of its own.")
@click.argument("file", metavar="[PLAYBOOK]", required=False, type=click.Path(path_type=Path))
@click.option("--source", "location", default="", help="Path or URL of the repository, instead of a playbook.")
@options.source
@click.option("--provider", type=click.Choice(["kwok"]), default=None, help="What provides the target; kwok by default.")
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
    namespace: str,
    provider: str | None,
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
    source = replace(chosen.source, **_given(ref=ref, path=path, additions=additions))
    if namespace != "default":
        source = replace(source, namespace=namespace)
    chosen = replace(
        chosen,
        source=source,
        keep=keep,
        **_given(
            provider=provider, nodes=nodes, objective=objective, timeout=timeout, object_timeout=object_timeout
        ),
    )
    with finish.view_for(mode) as view:
        provider_kwok = Kwok(installed(view), nodes=chosen.nodes)
        run = Run("drill", listener=view, objective=chosen.objective)
        with finish.recorded(run, report_file):
            drill(run, chosen, provider_kwok, stoppable=stopping.stoppable)
    return finish.finish(run.ledger, form=form, report_file=report_file)


def _given(**values: object) -> dict[str, object]:
    """The flags that were given."""
    return {name: value for name, value in values.items() if value not in (None, "", ())}
