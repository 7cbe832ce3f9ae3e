"""Work that is done apart comes to the same as work that is done here, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rebuild.model.errors import Unreachable
from rebuild.model.findings import Finding, Severity
from rebuild.system import apart, shell

Work = Callable[[], object]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-xdist has a thread in each worker, which waits for its controller and holds no lock meanwhile."""
    monkeypatch.setattr(apart, "_can_fork", lambda: True)


@pytest.fixture
def unwinding() -> Iterator[None]:
    """As in the program: what is terminated unwinds."""

    def unwind(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, unwind)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("alone")
def test_the_result_comes_from_another_process() -> None:
    with apart.begun(lambda: (os.getpid(), Finding("a-code", Severity.INFO, "words"))) as result:
        pid, finding = result()
    assert pid != os.getpid()
    assert finding == Finding("a-code", Severity.INFO, "words")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.usefixtures("alone")
def test_an_answer_may_be_larger_than_a_pipe() -> None:
    with apart.begun(lambda: b"x" * 5_000_000) as result:
        assert result() == b"x" * 5_000_000


@pytest.mark.usefixtures("alone")
def test_an_error_is_raised_to_who_waits() -> None:
    def fail() -> None:
        error = Unreachable("no answer", hint="try again")
        error.add_note("a note")
        raise error

    with (
        pytest.raises(Unreachable, match="no answer") as caught,
        apart.begun(fail) as result,
    ):
        result()
    assert (caught.value.hint, caught.value.__notes__) == ("try again", ["a note"])


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("end", [lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: os._exit(3)])
def test_who_dies_before_it_answers_is_replaced(end: Work) -> None:
    here = os.getpid()

    def work() -> int:
        if os.getpid() != here:
            end()
        return os.getpid()

    with apart.begun(work) as result:
        assert result() == here


class Fatal:
    """Kills who pickles it, in the middle of a large answer."""

    def __reduce__(self) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return ""


@pytest.mark.usefixtures("alone")
def test_who_dies_in_mid_answer_is_replaced() -> None:
    here = os.getpid()
    with apart.begun(lambda: (b"x" * 3_000_000, None if os.getpid() == here else Fatal())) as result:
        assert result() == (b"x" * 3_000_000, None)


@pytest.mark.usefixtures("alone")
def test_a_mistake_is_raised_with_all_that_led_to_it() -> None:
    def mistaken() -> None:
        try:
            raise KeyError("the reason")
        except KeyError as error:
            raise ValueError("the mistake") from error

    with pytest.raises(ValueError, match="the mistake") as caught, apart.begun(mistaken) as result:
        result()
    assert isinstance(caught.value.__cause__, KeyError)
    assert "mistaken" in [frame.name for frame in caught.traceback]


@pytest.mark.usefixtures("alone")
def test_who_starts_us_may_have_all_children_waited_for() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with apart.begun(lambda: 1) as result:
            assert result() == 1
        with apart.begun(lambda: 1):
            pass
    finally:
        signal.signal(signal.SIGCHLD, before)


@pytest.mark.usefixtures("alone", "unwinding")
def test_what_nobody_waits_for_any_more_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """As a run that is refused by a guard, while a clone is under way."""
    number, ready = tmp_path / "number", tmp_path / "ready"
    os.mkfifo(ready)

    def work() -> None:
        command = ["sh", "-c", f"echo $$ > {number}; exec sleep 100"]
        shell.run(command, own_session=True, meanwhile=tell)

    def tell() -> None:
        # Not the command itself: Python forgets a program where a signal comes while it is being started.
        ready.write_text(number.read_text())

    with apart.begun(work):
        started = int(ready.read_text())
    state = Path(f"/proc/{started}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.usefixtures("alone", "unwinding")
@pytest.mark.timeout(60)
def test_what_is_given_up_at_once_ends_at_once() -> None:
    """A signal that comes before the work has begun is neither lost, nor raised in a copy of who began it."""

    ourselves = os.getpid()
    try:
        for _ in range(300):
            with apart.begun(signal.pause):
                pass
    finally:
        if os.getpid() != ourselves:
            os._exit(1)


def test_a_process_with_threads_does_the_work_itself() -> None:
    ends = threading.Event()
    thread = threading.Thread(target=ends.wait)
    thread.start()
    try:
        with apart.begun(os.getpid) as result:
            assert result() == os.getpid()
    finally:
        ends.set()
        thread.join()
