"""Which kubeconfig files a connection is made from, and what in one acts on this machine. Reads, and runs nothing.

The kubernetes package runs what `exec` and `auth-provider` say and sends the content of files that the kubeconfig names
to the server that it names. That is for the owner of a kubeconfig to decide, so one out of a repository must not.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from rebuild.system import places

VARIABLE = "KUBECONFIG"
_DEFAULT = "~/.kube/config"
ACTING = (
    "exec",
    "auth-provider",
    "tokenFile",
    "client-certificate",
    "client-key",
    "certificate-authority",
    "insecure-skip-tls-verify",
)
"""Settings that run a program, read a file, or let anybody answer in the server's place."""


def files(kubeconfig: Path | None) -> str:
    """What kubectl would read: the file that is named, else those of `$KUBECONFIG`, else the user's own."""
    return str(kubeconfig or os.environ.get(VARIABLE) or _DEFAULT)


def named(kubeconfig: Path | None) -> tuple[Path, ...]:
    """The files that a flag or the environment names; none where the user's own is the one."""
    chosen = files(kubeconfig)
    return () if chosen == _DEFAULT else tuple(places.expanded(name) for name in chosen.split(os.pathsep) if name)


def acting(file: Path) -> tuple[str, ...]:
    """The settings of a file that act on this machine, in the order of `ACTING`, wherever in it they stand.

    It is parsed as the kubernetes package parses it, so both see the same keys; what neither can read holds none.
    """
    try:
        content = yaml.safe_load(file.read_bytes())
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return ()
    keys = _keys(content)
    return tuple(setting for setting in ACTING if setting in keys)


def _keys(content: Any) -> set[Any]:
    """All mapping keys; an anchor is looked at once, however often it is used."""
    found: set[Any] = set()
    waiting, looked_at = [content], set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in looked_at:
            continue
        looked_at.add(id(value))
        if isinstance(value, dict):
            found |= value.keys()
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found
