"""The flags that several commands share, named as kubectl names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from rebuild.model import durations

F = TypeVar("F", bound=Callable[..., Any])


class Duration(click.ParamType[float]):
    """Seconds, written as `90s`, `5m` or `1h30m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return durations.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def source(function: F) -> F:
    """What is rebuilt."""
    return _all(
        function,
        click.option("--ref", default="", help="Branch, tag or commit to rebuild; HEAD by default."),
        click.option("--path", default="", help="Folder or file below the source that holds the manifests."),
        click.option(
            "--with",
            "additions",
            multiple=True,
            metavar="DIR",
            type=click.Path(exists=True, path_type=Path),
            help="Manifests from outside Git, such as break-glass Secrets. May be given again.",
        ),
        click.option("-n", "--namespace", default="default", show_default=True, help="For objects that name none."),
    )


def target(function: F) -> F:
    """Which cluster."""
    return _all(
        function,
        click.option("--context", default="", help="The kubeconfig context to use; always named, never guessed."),
        click.option(
            "--kubeconfig",
            type=click.Path(dir_okay=False, path_type=Path),
            help="The kubeconfig file; $KUBECONFIG or ~/.kube/config by default.",
        ),
        click.option("--request-timeout", type=Duration(), default="60s", show_default=True, help="For one request."),
    )


def limits(function: F) -> F:
    """How long a run may take."""
    return _all(
        function,
        click.option("--timeout", type=Duration(), default=None, help="For the whole run; 30m by default."),
        click.option(
            "--object-timeout",
            type=Duration(),
            default=None,
            help="From an object's first write to its being ready; 5m by default.",
        ),
    )


def output(*formats: str) -> Callable[[F], F]:
    """How the answer is printed."""

    def decorate(function: F) -> F:
        return _all(
            function,
            click.option("-o", "--output", "form", type=click.Choice(formats), default=formats[0], show_default=True),
        )

    return decorate


def report(function: F) -> F:
    """Where the report goes, and how the run is shown."""
    return _all(
        function,
        click.option(
            "--report",
            "report_file",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write the report as JSON to this file.",
        ),
        progress,
    )


def progress(function: F) -> F:
    """How a run is shown while it lasts."""
    modes = click.Choice(["auto", "tty", "plain", "none"])
    return click.option("--progress", "mode", type=modes, default="auto", show_default=True)(function)


def _all(function: F, *decorators: Callable[[F], F]) -> F:
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
