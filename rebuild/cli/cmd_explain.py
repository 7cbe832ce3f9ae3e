"""`rebuild explain`: why one object waits, for how long, and who waits for it. Needs no cluster."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rebuild.cli import finish, helping, options
from rebuild.console import explaining
from rebuild.model import kinds
from rebuild.model.errors import UsageError
from rebuild.model.groups import is_group
from rebuild.ops import experience, past, sources
from rebuild.ops import plan as plans
from rebuild.ops.blueprint import declared
from rebuild.ops.sources import SourceOptions
from rebuild.plan import document, explain, naming
from rebuild.plan.explain import Story

_EPILOG = """\b
Examples:
  rebuild explain deploy/api -n shop
  rebuild explain deploy/api https://git.example.com/env.git --path clusters/prod
  rebuild explain certificates.cert-manager.io/web --path clusters/prod -o json
  rebuild explain apps/v1/Deployment/shop/api --report drill.json
  rebuild explain sts/db --run 20260102T030405Z-1a2b3c
\b
Exit codes: 0 explained · 2 usage, unreadable input, no such object, or several
  5 source unreachable
"""


@click.command("explain", cls=helping.Command, epilog=_EPILOG)
@click.argument("name", metavar="REF")
@click.argument("location", metavar="[SOURCE]", default="")
@options.named
@options.place
@click.option(
    "--report",
    "report_file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Explain a run that is over by the report it wrote, with measured times.",
)
@click.option("--run", default="", metavar="RUN_OR_FILE", help="The same by its journal; `rebuild runs` lists them.")
@options.output("table", "json", "yaml")
def command(
    name: str,
    location: str,
    namespace: str | None,
    default_namespace: str | None,
    ref: str,
    path: str,
    additions: tuple[Path, ...],
    report_file: Path | None,
    run: str,
    form: str,
) -> int:
    """Tell what REF waits for, why, what each wait costs, what waits for it, and whether the whole hangs on it.

    REF is written as for kubectl: kind/name, or a name alone. SOURCE is the current folder by default; with --report
    or --run none is read: they hold what was planned then.
    """
    ways = sum(map(bool, (report_file, run, location or ref or path or additions)))
    if ways > 1:
        raise UsageError("more than one thing is to be explained", hint="give a source, --report, or --run")
    if report_file:
        story = past.from_report(report_file)
    elif run:
        story = past.from_run(run)
    else:
        story = _planned(SourceOptions(location or ".", ref, path, default_namespace or "default", additions))
    everything = {*story.origins, *(edge.dependency for edge in story.edges if not is_group(edge.dependency))}
    meant = naming.find(name, everything, namespace=namespace or "", kinds=story.kinds, shorts=story.shorts)
    found = explain.explain(story, meant)
    if form == "table":
        explaining.print_explanation(sys.stdout, found)
    else:
        finish.data(document.explanation(found), form)
    return 0


def _planned(asked: SourceOptions) -> Story:
    read = sources.read_all(asked)
    found = declared(read, kinds=kinds.builtin(), namespace=asked.namespace)
    return explain.story_of(plans.offline(found, experience.of(sources.event_of(read))))
