"""What keeps an object from being done, in the words of whoever said it: for every view the same."""

from __future__ import annotations

from rebuild.model.states import Health
from rebuild.report.ledger import Record, Standing


def trouble(record: Record) -> str:
    """The fault of the last attempt while the next is awaited, else the health if it is not Current; or nothing.

    The text is foreign: it is not yet fit for a terminal.
    """
    if record.standing is Standing.WAITING:
        return record.fault.message if record.fault else ""
    if record.seen is None or record.seen.health is Health.CURRENT:
        return ""
    return record.seen.message or record.seen.health
