"""Where rebuild keeps what: the cache holds what can be made again, the state what is the only record."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs

from rebuild.model.errors import UsageError

CACHE_VARIABLE = "REBUILD_CACHE_DIR"
STATE_VARIABLE = "REBUILD_STATE_DIR"
CONFIG_VARIABLE = "REBUILD_CONFIG"


def cache_root() -> Path:
    """What can be made again; `REBUILD_CACHE_DIR` names another place.

    Raises:
        UsageError: when no place is named and the user has no home.
    """
    return _place(CACHE_VARIABLE, platformdirs.user_cache_dir)


def state_root() -> Path:
    """Labs and the records of runs; `REBUILD_STATE_DIR` names another place.

    Raises:
        UsageError: when no place is named and the user has no home.
    """
    return _place(STATE_VARIABLE, platformdirs.user_state_dir)


def _place(variable: str, usual: Callable[[str], str]) -> Path:
    try:
        return Path(os.environ.get(variable) or usual("rebuild")).absolute()
    except RuntimeError as error:
        raise UsageError(
            f"this user has no home directory to keep anything in: {error}",
            hint=f"set {variable} to a directory that can be written",
        ) from error


def expanded(name: str | Path) -> Path:
    """A path as a user writes it, with `~`; where nobody knows that home, the path stays as it is written."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def config_file() -> Path:
    """The user's settings, which need not exist; `REBUILD_CONFIG` names another file."""
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named).absolute()
    return _place(CONFIG_VARIABLE, platformdirs.user_config_dir) / "config.yaml"


def config_is_named() -> bool:
    """Whether `REBUILD_CONFIG` names the file, so that it has to exist."""
    return bool(os.environ.get(CONFIG_VARIABLE))
