"""A run that is over, read back from the report that it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from rebuild.model.errors import UsageError
from rebuild.plan import past
from rebuild.plan.explain import Story


def from_report(path: Path) -> Story:
    """The story that a report file tells.

    Raises:
        UsageError: when the file cannot be read, or is no report of a run that wrote something.
    """
    try:
        document: Any = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"the report {path} cannot be read: {error.strerror}", hint="name a file that `--report` wrote"
        ) from error
    except ValueError as error:
        raise past.NotAReport(f"{path} is no JSON: {error}", hint="name a file that `--report` wrote") from error
    return past.story_of(document, name=str(path))
