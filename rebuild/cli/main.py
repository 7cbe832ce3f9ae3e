"""The command line's one entry: subcommands are imported when they are called, so that help answers at once."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from rebuild import __version__
from rebuild.cli import failures, helping, stopping, streams
from rebuild.system import memory

COMPLETION = "_REBUILD_COMPLETE"
"""Set by the shell when it asks for completions."""
_COMMANDS = {
    "plan": "Show what would be done, offline or against a cluster.",
    "explain": "Tell what one object waits for, why, and for how long.",
    "apply": "Rebuild a source on a cluster, verify it, and measure the time.",
    "verify": "Compare a cluster with a source; write nothing.",
    "drift": "Tell what changed by hand, who wrote it, and what nobody declares.",
    "audit": "Tell how much of a cluster its repository could bring back.",
    "drill": "Rehearse a recovery on a cluster of its own.",
    "resume": "Go on with an apply that was cut short.",
    "runs": "List the runs of this machine, and which of them can be resumed.",
    "report": "Show the report of an earlier run.",
    "lab": "Manage the clusters of the embedded lab.",
    "doctor": "Look at what this machine has of what rebuild needs.",
}
_EPILOG = """\b
Examples:
  rebuild drill playbooks/quickstart.yaml
  rebuild drill --source https://git.example.com/env.git --path clusters/prod
  rebuild plan . --path clusters/prod
  rebuild apply . --path clusters/prod --context staging
\b
Exit codes:
  0 done and verified · 1 the answer is no · 2 usage or unreadable input
  3 refused by a guard · 4 did not reach its end · 5 target or source unreachable
  6 internal error · 129, 130, 143 stopped by a signal · 141 nobody reads the output
"""


class _Lazy(helping.Group):
    """Knows the names and one-line helps of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"rebuild.cli.cmd_{cmd_name}")
        memory.keep_what_is_loaded()
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rebuild")
def rebuild() -> None:
    """Rebuild a cluster from Git, prove that it came back, and measure how long it took."""
    # Imported late, so that help does not pay for it.
    from rebuild.system import temporary

    temporary.claim()


def main(arguments: list[str] | None = None) -> None:
    """Run a command and leave with its exit code. Whatever goes wrong ends in one clear cause, never a traceback."""
    streams.prepare()
    stopping.install()
    code = run(arguments)
    stopping.over()
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        if COMPLETION in os.environ:
            rebuild.main(args=arguments, prog_name="rebuild")
        # Not `rebuild.main`: that turns every interrupt into an abort, and a reader that has gone into exit code 1.
        with rebuild.make_context("rebuild", list(sys.argv[1:] if arguments is None else arguments)) as context:
            result: Any = rebuild.invoke(context)
    except BaseException as error:  # noqa: BLE001 - the last line of defence: every failure gets a code and a cause
        stopping.over()
        return failures.explain(error)
    return int(result or 0)
