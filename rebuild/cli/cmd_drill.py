"""`rebuild drill`: rehearse a recovery on a cluster of its own."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click
from msgspec.structs import replace

from rebuild.cli import failures, finish, helping, options, stopping
from rebuild.cli.labs import assert_usable, given, kind_provider, kwok_provider
from rebuild.console.view import View
from rebuild.drill import playbook
from rebuild.drill.playbook import DrillOptions
from rebuild.drill.run import drill
from rebuild.model.errors import Exit, RebuildError, UsageError
from rebuild.model.images import Image
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions
from rebuild.providers.kind.provider import KindOptions
from rebuild.providers.port import Provider
from rebuild.report.ledger import Ledger
from rebuild.report.verdict import verdict

_EPILOG = """\b
Examples:
  rebuild drill playbooks/quickstart.yaml
  rebuild drill --source . --path clusters/prod --report drill.json
  rebuild drill playbooks/quickstart.yaml --provider kwok,kind
  rebuild drill --source https://git.example.com/env.git --ref v1.4 --objective 10m
\b
Exit codes: 0 recovered and verified · 1 not recovered, or slower than the objective
  2 usage or unreadable input · 4 did not reach its end · 5 source or target unreachable
"""


@click.command("drill", cls=helping.Command, epilog=_EPILOG)
@click.argument("file", metavar="[PLAYBOOK]", required=False, type=click.Path(path_type=Path))
@click.option("--source", "location", default="", help="Path or URL of the repository, instead of a playbook.")
@options.source
@click.option(
    "--provider",
    "providers",
    type=options.Providers(),
    default=None,
    help="Makes the target; kwok by default. With several the drill is run on each, and they are compared.",
)
@click.option("--nodes", type=click.IntRange(1, 1000), default=None, help="Simulated nodes of kwok; 5 by default.")
@options.kind
@click.option("--objective", type=options.Duration(), default=None, help="Recovery time objective (RTO), such as 10m.")
@options.limits
@options.recreate
@options.rules
@options.stability
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
    providers: tuple[str, ...] | None,
    nodes: int | None,
    kind_config: Path | None,
    image: str,
    preload: tuple[str, ...],
    objective: float | None,
    timeout: float | None,
    object_timeout: float | None,
    recreate: tuple[str, ...],
    rules_file: Path | None,
    stable: float | None,
    imported: bool | None,
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
    source, kind = chosen.source, chosen.kind
    chosen = replace(
        chosen,
        source=SourceOptions(
            location=source.location,
            ref=ref or source.ref,
            path=path or source.path,
            namespace=namespace or source.namespace,
            additions=additions,
        ),
        providers=providers or chosen.providers,
        nodes=nodes or chosen.nodes,
        kind=KindOptions(kind_config or kind.file, image or kind.image, preload or kind.preload),
        objective=chosen.objective if objective is None else objective,
        timeout=chosen.timeout if timeout is None else timeout,
        object_timeout=chosen.object_timeout if object_timeout is None else object_timeout,
        stable=chosen.stable if stable is None else stable,
        rules=rules_file or chosen.rules,
        imported_rules=chosen.imported_rules if imported is None else imported,
        keep=keep,
        recreate=recreate,
    )
    given(chosen.providers, nodes, KindOptions(kind_config, image, preload))
    if "kind" in chosen.providers:
        # Said before the other provider has had its drill.
        chosen.kind.read()
    if len(chosen.providers) > 1:
        assert_usable(chosen.providers, chosen.kubernetes)
        return _compared(chosen, mode, form=form, report_file=report_file)
    with finish.view_for(mode) as view:
        run = Run("drill", listener=view, objective=chosen.objective, stable=chosen.stable)
        with finish.recorded(run, form=form, report_file=report_file):
            _drill(run, chosen, chosen.providers[0], view, report_file)
    return finish.finish(run.ledger, form=form, report_file=report_file)


def _compared(chosen: DrillOptions, mode: str, *, form: str, report_file: Path | None) -> int:
    """The same drill on each provider, one after the other, as long as nobody wants to stop.

    What ends one of them leaves the next its turn, unless it was the source, which is the same for all.
    """
    runs: dict[str, Ledger] = {}
    try:
        for name in chosen.providers:
            with finish.view_for(mode) as view:
                run = Run("drill", listener=view, objective=chosen.objective, stable=chosen.stable)
                runs[name] = run.ledger
                try:
                    with finish.recorded(run):
                        _drill(run, chosen, name, view, report_file)
                except UsageError:
                    raise
                except RebuildError as error:
                    failures.explain(error)
            if verdict(run.ledger).exit in (Exit.HUNG_UP, Exit.INTERRUPTED, Exit.TERMINATED):
                break
    except BaseException:
        with suppress(OSError, UsageError):
            finish.compare(runs, form=form, report_file=report_file)
        raise
    return finish.compare(runs, form=form, report_file=report_file)


def _drill(run: Run, chosen: DrillOptions, name: str, view: View, report_file: Path | None) -> None:
    def ready(images: frozenset[Image]) -> Provider:
        if name == "kwok":
            return kwok_provider(view, chosen.nodes, kubernetes=chosen.kubernetes)
        logs = _logs(report_file) or run.directory / "kind-logs"
        return kind_provider(view, chosen.kind, kubernetes=chosen.kubernetes, images=images, logs=logs)

    drill(run, chosen, ready, stoppable=stopping.stoppable)


def _logs(report_file: Path | None) -> Path | None:
    """Where the logs of a failed creation go beside the report; nowhere beside a pipe or a device."""
    if report_file is None or (report_file.exists() and not report_file.is_file()):
        return None
    return report_file.with_name(f"{report_file.stem}-kind-logs")
