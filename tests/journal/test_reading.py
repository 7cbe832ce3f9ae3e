"""A journal read back: all of it, or an error that says where it is not as it was written."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.journal import reading, records
from rebuild.journal.file import Journal
from rebuild.journal.reading import JournalDamaged, JournalUnknown
from rebuild.model.errors import Exit, UsageError
from rebuild.model.events import Event
from rebuild.report.to_json import document
from tests.journal import events
from tests.report.streams import fold
from tests.report.test_to_json import eventful


def written(path: Path, told: Sequence[Event]) -> Path:
    journal = Journal(path)
    for event in told:
        journal.append(event)
    journal.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The journal of a run in which something of every kind happened."""
    return written(tmp_path / "journal.jsonl", eventful())


@given(told=st.lists(events.any_event(), max_size=8))
def test_what_was_appended_is_read_in_its_order(tmp_path_factory: pytest.TempPathFactory, told: list[Event]) -> None:
    path = written(tmp_path_factory.mktemp("run") / "journal.jsonl", told)
    assert list(reading.read(path)) == told


def test_the_report_from_a_journal_is_the_report_of_the_run(path: Path) -> None:
    assert document(fold(reading.read(path))) == document(fold(eventful()))


def test_a_journal_may_end_anywhere_and_gives_the_events_before_that(path: Path) -> None:
    told, whole = eventful(), path.read_bytes()
    for size in (
        *range(0, len(whole), 97),
        *(end.end() + step for end in re.finditer(b"\n", whole) for step in (-1, 0)),
    ):
        path.write_bytes(whole[:size])
        assert list(reading.read(path)) == told[: whole[:size].count(b"\n")]


def test_zeros_that_a_dead_machine_left_at_the_end_are_left_out(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"\0" * 4096)
    assert list(reading.read(path)) == eventful()


def changed_byte(lines: list[bytes]) -> None:
    lines[2] = lines[2].replace(b"kwok", b"kind", 1)


def removed_line(lines: list[bytes]) -> None:
    del lines[3]


def added_line(lines: list[bytes]) -> None:
    lines.insert(3, lines[2])


def swapped_lines(lines: list[bytes]) -> None:
    lines[3], lines[4] = lines[4], lines[3]


def blank_line(lines: list[bytes]) -> None:
    lines.insert(3, b"\n")


def beginning_is_missing(lines: list[bytes]) -> None:
    del lines[0]


def added_with_its_number(lines: list[bytes]) -> None:
    """By somebody who knows the numbers and not the digests."""
    lines.append(records.encode(eventful()[-1], number=len(lines), previous="0" * 64))


@pytest.mark.parametrize(
    ("damage", "line", "why"),
    [
        (changed_byte, 4, "does not follow"),
        (removed_line, 4, "record 4 stands where 3 has to be"),
        (added_line, 4, "record 2 stands where 3 has to be"),
        (swapped_lines, 4, "record 4 stands where 3 has to be"),
        (blank_line, 4, "empty"),
        (beginning_is_missing, 1, "record 1 stands where 0 has to be"),
        (added_with_its_number, len(eventful()) + 1, "does not follow"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_damage_is_refused_with_file_line_and_byte(
    path: Path, damage: Callable[[list[bytes]], None], line: int, why: str
) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    damage(lines)
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalDamaged, match=why) as caught:
        list(reading.read(path))
    offset = sum(map(len, lines[: line - 1]))
    assert f"{path}:{line}: the journal is damaged at byte {offset}: " in str(caught.value)
    assert caught.value.hint
    assert caught.value.exit is Exit.USAGE


@given(data=st.data())
def test_no_byte_can_change_unseen_but_in_the_last_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = written(tmp_path_factory.mktemp("run") / "journal.jsonl", eventful())
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, len(whole) - 1)
    place = data.draw(st.integers(0, last))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    with pytest.raises((JournalDamaged, JournalUnknown)):
        list(reading.read(path))


def test_what_another_version_wrote_is_not_called_damaged(path: Path) -> None:
    whole = path.read_bytes()
    line = whole.count(b"\n") + 1
    previous = hashlib.sha256(whole.splitlines(keepends=True)[-1]).hexdigest()
    record = records.encode(eventful()[-1], number=line - 1, previous=previous)
    path.write_bytes(whole + record.replace(b"run-ended", b"run-paused"))
    with pytest.raises(JournalUnknown, match="no event has the type 'run-paused'") as caught:
        list(reading.read(path))
    assert f"{path}:{line}: " in str(caught.value)
    assert "version" in caught.value.hint


@pytest.mark.parametrize("data", [b"apiVersion: v1\n", b"{}\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"n": 0}\n'])
def test_a_file_that_is_no_journal_is_refused_at_its_first_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(data)
    with pytest.raises(JournalDamaged, match=":1: the journal is damaged at byte 0"):
        list(reading.read(path))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file") as caught:
        list(reading.read(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in str(caught.value)


def test_the_chain_is_over_the_bytes_of_the_lines(path: Path) -> None:
    """Anybody can check a journal with `sha256sum` alone."""
    previous = ""
    for line in path.read_bytes().splitlines(keepends=True):
        assert records.decode(line).previous == previous
        previous = hashlib.sha256(line).hexdigest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
