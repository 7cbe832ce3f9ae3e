"""What our threads put into the driver's queue, and how a defect on one of them comes to light instead of a hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

from rebuild.model.facts import Fact

Facts: TypeAlias = SimpleQueue[Fact | BaseException]


def start(work: Callable[[], None], facts: Facts, *, name: str) -> threading.Thread:
    """Run work on a thread of its own; what it raises goes into the queue, and the driver raises it again."""

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - nobody else would ever see it
            facts.put(error)

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    return thread
