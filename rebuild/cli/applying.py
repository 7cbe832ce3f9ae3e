"""What `rebuild apply` does, from its flags to its exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import click
from msgspec.structs import asdict, replace

from rebuild.cli import finish, stopping, targets
from rebuild.console.safe import clean
from rebuild.engine.policy import Policy
from rebuild.model.errors import Refused
from rebuild.model.events import ApplyAsked
from rebuild.model.sources import Source
from rebuild.ops import experience, guard, observe, recreation, rights, rules, sources
from rebuild.ops import plan as plans
from rebuild.ops.apply import apply
from rebuild.ops.blueprint import declared
from rebuild.ops.parsed import Said
from rebuild.ops.run import Run
from rebuild.ops.sources import SourceOptions


def carry_out(
    asked: SourceOptions,
    read: Callable[[], tuple[list[Source], Said]],
    *,
    context: str,
    kubeconfig: Path | None,
    request_timeout: float,
    timeout: float | None,
    object_timeout: float | None,
    recreate: tuple[str, ...],
    rules_file: Path | None,
    stable: float | None,
    imported: bool | None,
    dry_run: bool,
    yes: bool,
    form: str,
    report_file: Path | None,
    mode: str,
) -> int:
    """Carry out an apply, whose flags the command describes, and return its exit code.

    Args:
        asked: what is rebuilt.
        read: waits for what is read of it, and for what it says.
    """
    own = rules.read(rules_file, takes_over=imported is not False)
    usual = Policy()
    policy = Policy(
        run_deadline=usual.run_deadline if timeout is None else timeout,
        object_deadline=usual.object_deadline if object_timeout is None else object_timeout,
    )
    with finish.view_for(mode) as view:
        run = Run("plan" if dry_run else "apply", listener=view, stable=stable or 0.0, durable=not dry_run)
        with (
            finish.recorded(run, form=form, report_file=report_file),
            targets.writable(context, kubeconfig, request_timeout, source=asked.location) as target,
            nullcontext() if dry_run else targets.held(target, run.name, "apply", asked.location),
        ):
            with run.phase("source", counted=False):
                # While the source is being read.
                seen = observe.context(target.cluster, target.served)
                files, said = read()
                source = sources.event_of(files)
                run.record(source)
            run.record(target.event)
            with run.phase("plan"):
                found = declared(files, kinds=target.served, namespace=asked.namespace, said=said)
                policy = replace(policy, recreate=recreation.kinds(recreate, found.blueprint))
                around = plans.look(found, target, experience.of(source, fidelity=target.fidelity), seen=seen)
                plan = plans.on_target(found, around, own)
                if dry_run:
                    plan = plans.with_rights(plan, target)
                run.record(plans.event_of(plan, key=run.key, at=run.now()))
            stopped = ""
            policy = replace(policy, run_deadline=max(policy.run_deadline - run.now(), 0.0))
            if not dry_run:
                rights.assert_sufficient(target.cluster, plan, recreate=policy.recreate)
                doubt = guard.objection(target, around.snapshot, plan)
                # Ten thousand live objects are 60 MB, and verification is about to read them once more.
                del around, files, said, seen
                if doubt and yes:
                    view.note(doubt)
                elif doubt:
                    with run.phase("confirm", counted=False):
                        view.pause()
                        _confirm(doubt)
                run.ask(
                    ApplyAsked(
                        namespace=asked.namespace,
                        additions=tuple(str(addition.absolute()) for addition in asked.additions),
                        context=context,
                        kubeconfig=_absolute(kubeconfig),
                        request_timeout=request_timeout,
                        rules=_absolute(rules_file),
                        takes_over=imported is not False,
                        **{**asdict(policy), "recreate": tuple(sorted(map("/".join, policy.recreate)))},
                    )
                )
                stopped = apply(run, target, found.blueprint, plan, policy=policy, stoppable=stopping.stoppable)
            run.end(complete=not stopped, reason=stopped)
    if dry_run and form == "table":
        finish.show_plan(plan)
    return finish.finish(run.ledger, form=form, report_file=report_file)


def _confirm(doubt: str) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Refused(doubt, hint="add --yes if this is the cluster you mean")
    click.echo(clean(doubt), err=True)
    if not click.confirm("Write to it all the same?", err=True):
        raise Refused("not confirmed; nothing was written", hint="add --yes to leave out the question")


def _absolute(path: Path | None) -> str:
    return str(path.absolute()) if path else ""
