"""The rules of a run: the user's file, and today's date, which ends some of them."""

from __future__ import annotations

from pathlib import Path

from rebuild.model.errors import UsageError
from rebuild.plan import rulesfile
from rebuild.plan.rules import Rules
from rebuild.plan.rulesfile import Content
from rebuild.system import clock


def read(path: Path | None, *, takes_over: bool = True) -> Rules:
    """The rules that count.

    Args:
        path: the user's file, if there is one.
        takes_over: whether the rules count that are declared for Argo CD and Flux.

    Raises:
        UsageError: when the file cannot be read, or says what no such file can say; names every problem.
    """
    content = Content()
    if path is not None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"the rules {path} cannot be read: {error.strerror}", hint="give the path of a file of rules"
            ) from error
        content = rulesfile.parse(data, str(path))
    return Rules(content.health, tuple(content.ignore), takes_over, clock.now().date())
