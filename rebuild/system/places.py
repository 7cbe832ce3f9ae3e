"""Where rebuild keeps what: the cache holds what can be made again, the state what is the only record."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "REBUILD_CACHE_DIR"
STATE_VARIABLE = "REBUILD_STATE_DIR"


def cache_root() -> Path:
    """What can be made again; `REBUILD_CACHE_DIR` names another place."""
    return Path(os.environ.get(CACHE_VARIABLE) or platformdirs.user_cache_dir("rebuild")).absolute()


def state_root() -> Path:
    """Labs and the records of runs; `REBUILD_STATE_DIR` names another place."""
    return Path(os.environ.get(STATE_VARIABLE) or platformdirs.user_state_dir("rebuild")).absolute()
