"""The end of every run: the report to its file, the answer to stdout, the exit code to the caller."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson

from rebuild.cli import stopping
from rebuild.console import tables
from rebuild.console.safe import clean
from rebuild.console.view import Mode, View, make_view
from rebuild.model.errors import Exit, RebuildError, UsageError
from rebuild.ops.run import Run
from rebuild.plan.steps import Plan
from rebuild.report import to_json, to_text
from rebuild.report.ledger import Ledger
from rebuild.report.verdict import SIGINT, SIGTERM, verdict
from rebuild.system import files


@contextmanager
def view_for(mode: str) -> Iterator[View]:
    """The view that a command shows its run with, on stderr; the terminal is as before when this ends."""
    view = make_view(sys.stderr, mode=Mode(mode))
    try:
        yield view
    finally:
        view.close()


def finish(ledger: Ledger, *, form: str, report_file: Path | None) -> int:
    """Print the answer, write the report, and return the exit code.

    Args:
        ledger: everything that the run recorded.
        form: `table` for people, `json` or `yaml` for programs; data goes to stdout alone.
        report_file: where the JSON report goes, if anywhere.

    Raises:
        UsageError: when the report cannot be written.
    """
    document = to_json.document(ledger)
    if form == "table":
        for line in to_text.summary(ledger):
            click.echo(clean(line))
    else:
        click.echo(encoded(document, form))
    if report_file is not None:
        write_report(report_file, document)
    return answer(ledger, quiet=form != "table")


def answer(ledger: Ledger, *, quiet: bool) -> int:
    """Say the verdict as the last line, on stderr where stdout belongs to data, and return the exit code."""
    click.echo(clean(to_text.last_line(ledger)), err=quiet)
    return int(verdict(ledger).exit)


@contextmanager
def recorded(run: Run, report_file: Path | None) -> Iterator[None]:
    """Carry out a run; whatever cuts it short is recorded, and the report says how far it came."""
    try:
        yield
    except BaseException as error:
        reason, code = _cause(error)
        run.abandon(reason, code)
        if report_file is not None:
            write_report(report_file, to_json.document(run.ledger))
        raise


def _cause(error: BaseException) -> tuple[str, int]:
    match error:
        case stopping.Terminated():
            return SIGTERM, int(Exit.TERMINATED)
        case KeyboardInterrupt():
            return SIGINT, int(Exit.INTERRUPTED)
        case RebuildError():
            return str(error), int(error.exit)
    return f"{type(error).__name__}: {error}", int(Exit.INTERNAL)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows to stdout."""
    tables.print_table(sys.stdout, headers, rows)


def show_plan(plan: Plan) -> None:
    """Print a plan to stdout, for people."""
    tables.print_plan(sys.stdout, plan)


def encoded(document: Any, form: str) -> str:
    """A document as JSON or YAML text."""
    if form == "json":
        return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    from rebuild.manifests import dump

    return dump.yaml_text(document)


def write_report(path: Path, document: Any) -> None:
    """Put the report in its place, whole or not at all; anybody who may read the folder may read it.

    Raises:
        UsageError: when that is not possible.
    """
    try:
        files.write(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), mode=0o644)
    except OSError as error:
        raise UsageError(
            f"the report {path} cannot be written: {error.strerror}", hint="name a file in a folder that exists"
        ) from error
