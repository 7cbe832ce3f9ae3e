"""`rebuild resume`: go on with an `apply` that was cut short."""

from __future__ import annotations

from pathlib import Path

import click

from rebuild.cli import finish, helping, options, stopping, targets
from rebuild.ops import resume, rights, rules, sources, unfinished
from rebuild.ops.apply import apply
from rebuild.ops.blueprint import declared
from rebuild.ops.run import Run
from rebuild.runner.driver import Past

_EPILOG = """\b
Examples:
  rebuild runs
  rebuild resume 20260102T030405Z-1a2b3c
  rebuild resume 20260102T030405Z-1a2b3c --source ~/clone --context staging --kubeconfig new.yaml
\b
Exit codes: 0 done and verified · 1 the answer is no · 2 no such run, or a damaged journal
  3 not to be resumed, or refused by a guard · 4 did not reach its end · 5 source or target unreachable
"""


@click.command("resume", cls=helping.Command, epilog=_EPILOG)
@click.argument("name", metavar="RUN")
@click.option("--source", "location", default="", help="Where the source is now; where it was by default.")
@click.option("--context", default="", help="The kubeconfig context of its cluster; the one it began with by default.")
@click.option(
    "--kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The kubeconfig file; the one it began with by default.",
)
@options.output("table", "json", "yaml")
@options.report
def command(
    name: str,
    location: str,
    context: str,
    kubeconfig: Path | None,
    form: str,
    report_file: Path | None,
    mode: str,
) -> int:
    """Go on with RUN, an `apply` that was killed, stopped or left without a disk, until it is verified.

    What was accepted is not sent again, but for writes whose answer nobody read. The recovery clock has not stopped:
    the time in which nobody carried out the run counts, and the report names it. The source has to give the
    same objects, and the cluster has to be the same.
    """
    past = unfinished.find(name)
    asked, source = past.asked, resume.source_of(past, location)
    context = context or asked.context
    kubeconfig = kubeconfig or (Path(asked.kubeconfig) if asked.kubeconfig else None)
    with (
        finish.view_for(mode) as view,
        targets.writable(context, kubeconfig, asked.request_timeout, source=source.location) as target,
    ):
        resume.assert_same_cluster(past, target)
        with targets.held(target, past.name, "resume", past.name):
            # Read again: until now somebody else may have gone on with it.
            past = unfinished.find(name)
            view.recall(past.events)
            found = declared(sources.read_all(source), kinds=target.served, namespace=source.namespace)
            own = rules.read(Path(asked.rules) if asked.rules else None, takes_over=asked.takes_over)
            plan = resume.plan(past, found.blueprint, target, own)
            rights.assert_sufficient(target.cluster, plan, recreate=past.policy.recreate)
            run = Run.resumed(past, listener=view)
            with finish.recorded(run, form=form, report_file=report_file):
                stopped = apply(
                    run,
                    target,
                    found.blueprint,
                    plan,
                    policy=past.policy,
                    stoppable=stopping.stoppable,
                    past=Past(past.facts, run.ledger.resumed[-1], past.ended),
                )
                run.end(complete=not stopped, reason=stopped)
    return finish.finish(run.ledger, form=form, report_file=report_file)
