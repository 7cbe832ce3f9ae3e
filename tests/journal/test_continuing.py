"""A journal that another process goes on with: a torn end is cut off, and of any other damage nothing is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.journal import reading
from rebuild.journal.file import Journal, JournalBroken
from rebuild.journal.reading import JournalDamaged, JournalUnknown, Place
from rebuild.model.events import Event, WriteIntended
from rebuild.model.facts import HealthSeen, StopAsked
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status

WEB = Ref("apps", "Deployment", "shop", "web")
TOLD: tuple[Event, ...] = (
    WriteIntended(WEB, 1, 0.5),
    HealthSeen(WEB, Status(Health.IN_PROGRESS, "0 of 3"), 7, 1.0),
    StopAsked("interrupted", 1.5),
)
NEWS = WriteIntended(WEB, 2, 9.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small journal."""
    journal = Journal(tmp_path / "run" / "journal.jsonl")
    for event in TOLD:
        journal.append(event)
    journal.close()
    return journal.path


def end_of(path: Path) -> Place:
    places = [place for _, place in reading.proven(path)]
    return places[-1] if places else Place()


def continued(path: Path) -> list[Event]:
    journal = Journal(path, end_of(path))
    journal.append(NEWS)
    journal.close()
    return list(reading.read(path))


@pytest.mark.fault("R12", "a journal cut at any byte: what nobody finished is dropped, and the run goes on from there")
def test_a_journal_that_was_cut_at_any_byte_is_continued(path: Path) -> None:
    whole = path.read_bytes()
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        assert continued(path) == [*TOLD[: whole[:size].count(b"\n")], NEWS]


@pytest.mark.fault("R12", "a flipped bit anywhere else: refused with its line and byte, and nothing is written")
def test_no_flipped_bit_passes_and_none_is_written_over(path: Path) -> None:
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    for place in range(len(whole) - len(lines[-1])):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises((JournalDamaged, JournalUnknown)) as caught:
                continued(path)
            line = whole[:place].count(b"\n")
            told = [f"{path}:{line + step}: " for step in (1, 2)]
            assert any(start in str(caught.value) for start in told), "it names the line, or the one that follows it"
            assert path.read_bytes() == flipped


def test_of_the_last_line_only_a_change_of_what_it_says_is_not_seen(path: Path) -> None:
    """Nothing follows that bears its digest: a report cannot prove the last line, and says what it says."""
    whole = path.read_bytes()
    last = len(whole) - len(whole.splitlines(keepends=True)[-1])
    seen = 0
    for place in range(last, len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        try:
            told = list(reading.read(path))
        except (JournalDamaged, JournalUnknown):
            seen += 1
        else:
            assert told[:2] == list(TOLD[:2])
            assert told != list(TOLD)
    assert seen > 100


def test_what_a_dead_machine_left_behind_the_end_is_cut_off(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"\0" * 4096)
    assert continued(path) == [*TOLD, NEWS]


@pytest.mark.fault("R12", "a line that stands twice: refused with its line and byte")
def test_a_line_that_stands_twice_is_refused(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(JournalDamaged, match=r":4: .* record 2 stands where 3 has to be"):
        continued(path)


@pytest.mark.fault("R11", "a read-only journal: said before anything is sent")
def test_a_journal_that_cannot_be_opened_for_writing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(JournalBroken) as caught:
        Journal(tmp_path / "run", Place(1, 10, "x"))
    assert "REBUILD_STATE_DIR" in caught.value.hint
