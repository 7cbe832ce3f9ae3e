"""How this process looks after its memory."""

from __future__ import annotations

import gc

_YOUNG, _MIDDLE, _OLD = 50_000, 50, 10


def expect_many_objects() -> None:
    """Look for cyclic garbage seldom: a plan makes millions of values, hardly any of which are garbage or cyclic.

    Python's own thresholds cost a plan of ten thousand objects a tenth of its time and save it no memory.
    """
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)


def keep_what_is_loaded() -> None:
    """Look for no garbage in what there is by now: modules stay, and one look at all of them takes 10 ms."""
    gc.freeze()
