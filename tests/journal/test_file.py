"""The journal's file: private, append-only, chained, and silent after the first line that did not fit."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from rebuild.journal.file import Journal, JournalBroken
from rebuild.model.errors import Exit
from rebuild.model.events import Event, PhaseBegan, WriteIntended
from rebuild.model.refs import Ref

EVENTS: tuple[Event, ...] = tuple(
    WriteIntended(Ref("", "ConfigMap", "shop", f"settings-{number}"), 1, number / 3) for number in range(20)
)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process grows beyond this: the kernel cuts the write across it and refuses the next."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_each_line_carries_its_number_and_the_digest_of_the_line_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for event in EVENTS:
        journal.append(event)
    journal.close()
    previous = ""
    written = lines(journal.path)
    assert len(written) == len(EVENTS)
    for number, line in enumerate(written):
        record = orjson.loads(line)
        assert (record["n"], record["prev"]) == (number, previous)
        previous = hashlib.sha256(line).hexdigest()


def test_a_line_is_with_the_operating_system_when_append_returns(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for count, event in enumerate(EVENTS, start=1):
        journal.append(event)
        assert len(lines(journal.path)) == count
    journal.close()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_it_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        journal = Journal(tmp_path / "runs" / "one" / "journal.jsonl")
    finally:
        os.umask(before)
    journal.close()
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(journal.path.parent.parent.stat().st_mode) == 0o700


def test_what_was_written_stays_even_when_somebody_else_writes_as_well(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(EVENTS[0])
    with journal.path.open("ab") as other:
        other.write(b"not ours\n")
    journal.append(EVENTS[1])
    journal.close()
    first, foreign, second = lines(journal.path)
    assert foreign == b"not ours\n"
    assert orjson.loads(second)["prev"] == hashlib.sha256(first).hexdigest()


@pytest.mark.parametrize("exists", ["file", "link"])
def test_an_existing_file_is_never_written_to(tmp_path: Path, exists: str) -> None:
    path = tmp_path / "journal.jsonl"
    if exists == "file":
        path.write_text("old\n")
    else:
        path.symlink_to("/dev/full")
    with pytest.raises(JournalBroken) as caught:
        Journal(path)
    assert str(path) in str(caught.value)
    assert exists == "link" or path.read_text() == "old\n"


def test_a_place_that_cannot_be_written_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, where a directory has to be")
    with pytest.raises(JournalBroken) as caught:
        Journal(tmp_path / "state" / "journal.jsonl")
    assert str(tmp_path / "state") in str(caught.value)
    assert "REBUILD_STATE_DIR" in caught.value.hint
    assert caught.value.exit is Exit.INCOMPLETE
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.fault("R11", "a disk that takes half a line: nothing more is written or sent")
def test_after_a_line_that_was_cut_short_nothing_more_is_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(EVENTS[0])
    first = journal.path.stat().st_size
    with file_size_limit(first + 10), pytest.raises(JournalBroken, match="only a part of the line was written"):
        journal.append(EVENTS[1])
    assert journal.path.stat().st_size == first + 10
    with pytest.raises(JournalBroken, match="an earlier line was cut short"):
        journal.append(EVENTS[2])
    journal.close()
    whole, torn = lines(journal.path)
    assert orjson.loads(whole)["n"] == 0
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(torn)


def test_a_line_that_did_not_fit_at_all_leaves_the_chain_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(EVENTS[0])
    with file_size_limit(journal.path.stat().st_size), pytest.raises(JournalBroken, match=os.strerror(errno.EFBIG)):
        journal.append(EVENTS[1])
    journal.append(EVENTS[2])
    journal.close()
    first, second = lines(journal.path)
    assert orjson.loads(second)["n"] == 1
    assert orjson.loads(second)["prev"] == hashlib.sha256(first).hexdigest()


@pytest.mark.fault("R11", "a disk that fails to keep what was written: the journal is broken, and its file let go of")
def test_a_disk_that_cannot_keep_it_breaks_the_journal_and_the_file_is_let_go(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(PhaseBegan("apply", True, 0.0))
    # A pipe cannot be synced: the same answer from the kernel as from a disk that fails.
    reader, writer = os.pipe()
    descriptor = journal._descriptor
    os.dup2(writer, descriptor)
    with pytest.raises(JournalBroken):
        journal.close()
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(descriptor)
    os.close(reader)
    os.close(writer)
    with Path("/dev/null").open("rb") as other:
        # The run says why it ends and closes once more, while the number of the file may be somebody else's.
        with pytest.raises(JournalBroken):
            journal.append(EVENTS[0])
        with pytest.raises(JournalBroken):
            journal.close()
        os.fstat(other.fileno())


def test_what_the_disk_could_not_keep_once_stays_lost(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(EVENTS[0])
    disk = os.dup(journal._descriptor)
    reader, writer = os.pipe()
    os.dup2(writer, journal._descriptor)
    with pytest.raises(JournalBroken):
        journal.sync()
    # The next sync would succeed, as it does on Linux: the kernel reports a failure once and drops the pages.
    os.dup2(disk, journal._descriptor)
    for descriptor in (disk, reader, writer):
        os.close(descriptor)
    with pytest.raises(JournalBroken):
        journal.close()


def test_sync_without_news_does_not_ask_the_disk(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append(EVENTS[0])
    journal.sync()
    reader, writer = os.pipe()
    os.dup2(writer, journal._descriptor)
    journal.sync()
    journal.close()
    os.close(reader)
    os.close(writer)
