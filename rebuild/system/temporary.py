"""One private directory for everything temporary of this process: fetched repositories, rendered files, the keys that
the kubernetes package writes to disk.

Python's own `tempfile` is pointed at it, so that libraries use it as well. It goes when the process ends, and after a
`kill -9` when rebuild is started next. Its owner holds a lock on it: other than a process id, the kernel takes a
lock back, and it means the same in two containers that share a directory.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

_LOCK = "owner.lock"


def claim() -> None:
    """Give this process its directory, and remove those of ours that nobody holds any more.

    Raises:
        OSError: when there is no place for temporary files.
    """
    root = Path(tempfile.gettempdir())
    for left in root.glob(f"{_prefix()}*"):
        _remove_if_left(left)
    home = Path(tempfile.mkdtemp(prefix=_prefix(), dir=root))
    draft = home / f"{_LOCK}.draft"
    # Held for as long as the process lives. Without its final name a lock says nothing yet, so nobody can find it free.
    fcntl.flock(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), fcntl.LOCK_EX)
    draft.rename(home / _LOCK)
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    tempfile.tempdir = str(home)


def _prefix() -> str:
    return f"rebuild-{os.getuid()}-"


def _remove_if_left(directory: Path) -> None:
    """Anybody may make a directory of this name in /tmp, or a link: only our own real ones with a free lock go."""
    try:
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return
        descriptor = os.open(directory / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
