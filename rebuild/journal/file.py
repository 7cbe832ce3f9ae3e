"""The journal on disk: append-only lines, each chained to the one before, private to the user.

`append` hands the line to the operating system before it returns, so that it outlives this process; `sync` makes it
outlive the machine and is called for many lines at once, so no object waits for its own fsync.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import ClassVar

from rebuild.journal.reading import Place
from rebuild.journal.records import encode
from rebuild.model.errors import Incomplete
from rebuild.model.events import Event
from rebuild.system import files

_CLOSED = -1
"""No file has this descriptor: what is still written or synced is refused by the kernel."""


class JournalBroken(Incomplete):
    """The journal cannot be written, so nothing more may be sent."""

    code: ClassVar[str] = "journal-broken"


class Journal:
    """One run's record, written by one thread. Once a line could not be written whole, no other one is."""

    def __init__(self, path: Path, place: Place | None = None) -> None:
        """Create the file, or open the one that ends at a place to go on with it.

        Args:
            path: the file.
            place: the end of what was proven; what is behind it, a line that nobody finished, is cut off.

        Raises:
            JournalBroken: when that is not possible.
        """
        self.path = path
        self._number, self._previous = (place.number, place.previous) if place else (0, "")
        self._unsynced = False
        self._unkept: OSError | None = None
        """Why something is not on the disk: the kernel says so once, and then forgets what it could not keep."""
        self._torn = False
        try:
            if place:
                self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
                self._cut(place.offset)
            else:
                files.private_directory(path.parent)
                self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, files.PRIVATE_FILE)
                # A synced file whose name is lost is lost as well: its directory's name stands in the one above.
                files.sync_directory(path.parent)
                files.sync_directory(path.parent.parent)
        except OSError as error:
            raise self._broken(error) from error

    def append(self, event: Event) -> None:
        """Write one event.

        Raises:
            JournalBroken: when the disk is full or gone, or an earlier line was cut short.
        """
        if self._torn:
            raise self._broken(OSError("an earlier line was cut short"))
        line = encode(event, number=self._number, previous=self._previous)
        # Until the line is known to be whole: a signal may end this between any two steps, and what came then would
        # be read as the rest of the line, or be chained to the wrong one.
        self._torn = True
        try:
            written = os.write(self._descriptor, line)
        except OSError as error:
            self._torn = False
            raise self._broken(error) from error
        if written != len(line):
            raise self._broken(OSError("only a part of the line was written"))
        self._number += 1
        self._previous = hashlib.sha256(line).hexdigest()
        self._unsynced = True
        self._torn = False

    def sync(self) -> None:
        """Bring what was appended to the disk.

        Raises:
            JournalBroken: when the disk says that it could not, now or before.
        """
        if self._unsynced and self._unkept is None:
            self._unsynced = False
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                self._unkept = error
        if self._unkept is not None:
            raise self._broken(self._unkept) from self._unkept

    def close(self) -> None:
        """Sync and let go of the file; what was closed before stays so.

        Raises:
            JournalBroken: as `sync` does; the file is let go of in any case.
        """
        try:
            self.sync()
        finally:
            # Its number may be another file's by the next call.
            descriptor, self._descriptor = self._descriptor, _CLOSED
            if descriptor != _CLOSED:
                os.close(descriptor)

    def _cut(self, size: int) -> None:
        if os.fstat(self._descriptor).st_size > size:
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)

    def _broken(self, error: OSError) -> JournalBroken:
        return JournalBroken(
            f"the journal {self.path} cannot be written: {error.strerror or error}",
            hint="make room or set REBUILD_STATE_DIR to a directory that can be written",
        )
