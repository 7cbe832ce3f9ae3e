"""The flags that several commands share, named as kubectl names them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from rebuild.model import durations

F = TypeVar("F", bound=Callable[..., Any])

PROVIDERS = ("kwok", "kind")
"""What `--provider` may be."""


class Duration(click.ParamType[float]):
    """Seconds, written as `90s`, `5m` or `1h30m`."""

    name = "duration"

    def __init__(self, *, zero: bool = False) -> None:
        self._zero = zero
        """Whether 0 makes sense."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            seconds = durations.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not seconds and not self._zero:
            self.fail(f"{value!r} leaves no time at all", param, ctx)
        return seconds


class Providers(click.ParamType[tuple[str, ...]]):
    """One provider, or several with commas between them."""

    name = "provider"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        return f"[{'|'.join((*PROVIDERS, ','.join(PROVIDERS)))}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(str(value).split(",")))
        for name in names:
            if name not in PROVIDERS:
                self.fail(f"{name!r} is no provider: there are {' and '.join(PROVIDERS)}", param, ctx)
        return names


def _namespace(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """A DNS label, as Kubernetes wants namespaces; nothing at all means the default, as in kubectl."""
    if value and not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", value):
        raise click.BadParameter(f"{value!r} is not the name of a namespace: lower-case letters, digits and '-'")
    return value or None


def _writable(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """A report that cannot be written is said before the run and not after it."""
    if value is not None and not os.access(value.absolute().parent, os.W_OK):
        raise click.BadParameter(f"{str(value)!r} is in no folder that can be written")
    return value


def _recreatable(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if value:
        # Imported here: what knows the kinds takes a while to load.
        from rebuild.ops import recreation

        recreation.assert_allowed(value)
    return value


def source(function: F) -> F:
    """What is rebuilt."""
    return _all(
        function,
        place,
        click.option(
            "-n",
            "--namespace",
            default=None,
            callback=_namespace,
            help="For objects that name none; `default` by default.",
        ),
    )


def named(function: F) -> F:
    """Which object is meant, and where objects go that name no namespace: `-n` is taken for the first."""
    return _all(
        function,
        click.option(
            "-n", "--namespace", default=None, callback=_namespace, help="The namespace of REF; all by default."
        ),
        click.option(
            "--default-namespace",
            default=None,
            callback=_namespace,
            help="For objects that name none; `default` by default.",
        ),
    )


def place(function: F) -> F:
    """Where in the source, and what is added to it."""
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
        click.option(
            "--request-timeout",
            type=Duration(zero=True),
            default="60s",
            show_default=True,
            help="For one request; 0 means no limit.",
        ),
    )


def rules(function: F) -> F:
    """How to judge health, and which differences to ignore."""
    return _all(
        function,
        click.option(
            "--rules",
            "rules_file",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Rules for the health of kinds, and for differences to ignore (docs/rules.md).",
        ),
        click.option(
            "--imported-rules/--no-imported-rules",
            "imported",
            default=None,
            help="Whether to ignore what the source tells Argo CD and Flux to ignore; by default yes.",
        ),
    )


def stability(function: F) -> F:
    """How long what came back has to stay."""
    return click.option(
        "--stable-for",
        "stable",
        type=Duration(),
        default=None,
        help="Watch what is in order for this long, such as 60s, and fail what does not stay so.",
    )(function)


def kind(function: F) -> F:
    """What a kind cluster is made of."""
    return _all(
        function,
        click.option(
            "--kind-config",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="kind: the kind file of the cluster; one node by default.",
        ),
        click.option("--image", default="", help="kind: the node image; one that is at hand by default."),
        click.option(
            "--preload",
            multiple=True,
            metavar="IMAGE",
            help="kind: load this image of the local Docker, or archive of images, into the nodes. May be given again.",
        ),
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


def recreate(function: F) -> F:
    """What may be deleted."""
    return click.option(
        "--recreate",
        metavar="KIND",
        multiple=True,
        callback=_recreatable,
        help="Delete an object of this kind and make it anew where a field differs that never changes. "
        "May be given again; never for what holds data.",
    )(function)


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
    return _all(function, report_file, progress)


def report_file(function: F) -> F:
    """Where the report goes."""
    return click.option(
        "--report",
        "report_file",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_writable,
        help="Write the report as JSON to this file.",
    )(function)


def progress(function: F) -> F:
    """How a run is shown while it lasts."""
    modes = click.Choice(["auto", "tty", "plain", "none"])
    return click.option("--progress", "mode", type=modes, default="auto", show_default=True)(function)


def _all(function: F, *decorators: Callable[[F], F]) -> F:
    for decorator in reversed(decorators):
        function = decorator(function)
    return function
