"""The end of every run: the report to its file, the answer to stdout, the exit code to the caller."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

import click
import orjson

from rebuild.cli import stopping
from rebuild.console.safe import clean
from rebuild.console.view import Mode, View, make_view
from rebuild.model.errors import Exit, InvalidBlueprint, RebuildError, UsageError
from rebuild.ops.run import Run
from rebuild.plan.steps import Plan
from rebuild.report import comparison, to_json, to_text
from rebuild.report.ledger import Ledger
from rebuild.report.verdict import SIGHUP, SIGINT, SIGTERM, verdict
from rebuild.system import encoding, files


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
    # The file first: whoever reads stdout may leave early.
    if report_file is not None:
        write_report(report_file, to_json.document(ledger))
    return show(ledger, form=form)


def show(ledger: Ledger, *, form: str) -> int:
    """Print the report and its last line, the verdict, and return the exit code of the run."""
    if form == "table":
        for line in to_text.summary(ledger):
            click.echo(clean(line))
    else:
        data(to_json.document(ledger), form)
    return answer(ledger, quiet=form != "table")


def compare(runs: comparison.Runs, *, form: str, report_file: Path | None) -> int:
    """Print the answer of each run and what tells them apart, write the comparison, and return the worst exit code.

    Args:
        runs: what each run recorded, by its provider; there may be fewer than were wanted.
        form, report_file: as for `finish`.

    Raises:
        UsageError: when the report cannot be written.
    """
    if report_file is not None:
        write_report(report_file, comparison.document(runs))
    if form != "table":
        data(comparison.document(runs), form)
    else:
        for name, ledger in runs.items():
            for line in (f"On {name}", *to_text.summary(ledger)):
                click.echo(clean(line))
        for line in comparison.lines(runs):
            click.echo(clean(line))
    for name, ledger in runs.items():
        click.echo(clean(f"{name}: {to_text.last_line(ledger)}"), err=form != "table")
    return comparison.exit_code(runs)


def answer(ledger: Ledger, *, quiet: bool) -> int:
    """Say the verdict as the last line, on stderr where stdout belongs to data, and return the exit code."""
    click.echo(clean(to_text.last_line(ledger)), err=quiet)
    return int(verdict(ledger).exit)


@contextmanager
def recorded(run: Run, *, form: str = "table", report_file: Path | None = None) -> Iterator[None]:
    """Carry out a run; whatever cuts it short is recorded, and the report says how far it came."""
    try:
        yield
    except BaseException as error:
        run.abandon(*_cause(error), findings=error.findings if isinstance(error, InvalidBlueprint) else ())
        document = to_json.document(run.ledger)
        # What cut the run short is the news, whatever else goes wrong in telling it.
        if report_file is not None:
            with suppress(UsageError):
                write_report(report_file, document)
        if form != "table":
            with suppress(OSError):
                data(document, form)
        raise


def _cause(error: BaseException) -> tuple[str, int]:
    match error:
        case stopping.Terminated():
            return SIGTERM, int(Exit.TERMINATED)
        case stopping.HungUp():
            return SIGHUP, int(Exit.HUNG_UP)
        case KeyboardInterrupt() | click.Abort():
            return SIGINT, int(Exit.INTERRUPTED)
        case RebuildError():
            return "\n".join((str(error), *getattr(error, "__notes__", ()))), int(stopping.exit_code(error.exit))
    return f"{type(error).__name__}: {error}", int(Exit.INTERNAL)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows to stdout."""
    # Imported late, as in `show_plan`, so that a run without a table does not pay for it.
    from rebuild.console import tables

    tables.print_table(sys.stdout, headers, rows)


def show_plan(plan: Plan, *, wide: bool = False) -> None:
    """Print a plan to stdout, for people."""
    from rebuild.console import tables

    tables.print_plan(sys.stdout, plan, wide=wide)


def data(document: Any, form: str) -> None:
    """Print a document to stdout as JSON or YAML: in UTF-8, whatever the terminal's encoding."""
    if form == "json":
        click.echo(encoding.as_json(document, option=orjson.OPT_INDENT_2))
        return
    from rebuild.manifests import dump

    click.echo(dump.yaml_text(encoding.readable(document)).encode())


def present(
    document: Mapping[str, Any], last_line: str, show: Callable[[TextIO], None], *, form: str, report_file: Path | None
) -> None:
    """Give the answer of a command that keeps no run: as a file, on stdout, and in one line at the end.

    Args:
        document: as data.
        last_line: in one line.
        show: prints it for people.
        form: of what stdout gets.
        report_file: where the file goes, if any.

    Raises:
        UsageError: when the file cannot be written.
    """
    # The file first: whoever reads stdout may leave early.
    if report_file is not None:
        write_report(report_file, document)
    if form == "table":
        show(sys.stdout)
    else:
        data(document, form)
    click.echo(clean(last_line), err=form != "table")


def write_report(path: Path, document: Any) -> None:
    """Put the report in its place, a file whole or not at all; anybody who may read the folder may read it.

    Raises:
        UsageError: when that is not possible.
    """
    text = encoding.as_json(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            # A pipe or a device, such as /dev/stdout: to put a file in its place would destroy it.
            path.write_bytes(text)
        else:
            files.write(path, text, mode=0o644)
    except OSError as error:
        raise UsageError(
            f"the report {path} cannot be written: {error.strerror}", hint="name a file in a folder that exists"
        ) from error
