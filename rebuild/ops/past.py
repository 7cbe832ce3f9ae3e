"""What held the objects of a run that is over, read back from the report that it wrote or from its journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from rebuild.model.errors import UsageError
from rebuild.ops import history
from rebuild.plan import past
from rebuild.plan.explain import Story
from rebuild.report import to_json


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


def from_run(which: str) -> Story:
    """The story of a run, by its name or by its journal's path.

    Raises:
        UsageError: when there is no such run, its journal is damaged, or nothing was written in it.
    """
    return past.story_of(to_json.document(history.find(which)), name=which)
