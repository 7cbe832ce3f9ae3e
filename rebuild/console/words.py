"""The words that all views share."""

from __future__ import annotations

from rebuild.model.states import Health
from rebuild.report.ledger import Record, Standing


def trouble(record: Record) -> str:
    """What keeps an object from being done: a fault while the next attempt is awaited, else the trouble of its Pods,
    else its health; or nothing.

    The text is foreign: it is not yet fit for a terminal.
    """
    if record.standing is Standing.WAITING:
        return record.fault.message if record.fault else ""
    if record.trouble and not record.trouble.kind.is_ordinary:
        return record.trouble.message
    if record.seen is None or record.seen.health is Health.CURRENT:
        return ""
    return record.seen.message or record.seen.health
