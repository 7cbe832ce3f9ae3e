"""A name means one cluster, whoever makes it, and whoever claims it has it alone."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from rebuild.providers import claims
from rebuild.providers.kwok import cluster
from rebuild.system import places

CLAIM = {"claims.py", "files.py", "pathlib.py"}
"""Where an interrupt may come while a name is claimed; locks are another's code."""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path))
    return tmp_path


def described(provider: str) -> bytes:
    return b'{"provider": "%s"}' % provider.encode()


@pytest.mark.parametrize("name", ["a", "demo", "a-1", "0", "x" * 40])
def test_a_dns_label_is_a_lab_name(name: str) -> None:
    assert claims.check_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a_b", "a.b", "../up", "a/b", "a b", "x" * 41, "a\n"])
def test_anything_else_is_refused_with_the_offending_value(name: str) -> None:
    with pytest.raises(claims.BadName) as caught:
        claims.check_name(name)
    assert repr(name) in str(caught.value)


def test_a_claim_takes_the_name_and_keeps_others_away_until_it_ends(state: Path) -> None:
    with claims.taken("demo", lambda home: home, shutil.rmtree) as home:
        assert home == state / "labs" / "demo"
        assert claims.is_busy(home)
        with pytest.raises(claims.LabExists), claims.taken("demo", lambda _: None, shutil.rmtree):
            pass
        with pytest.raises(claims.LabBusy), claims.held("demo"):
            pass
    assert not claims.is_busy(home)
    with claims.held("demo") as found:
        assert found == home
    with claims.held("other") as found:
        assert found is None


def test_a_claim_that_cannot_be_described_is_none(state: Path) -> None:
    def full(_home: Path) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"), claims.taken("demo", full, shutil.rmtree):
        pass
    assert claims.homes() == ()


def interrupted(after: int) -> bool:
    """Claim a name, and be interrupted after so many lines of the claim and of what it calls; whether that came."""
    left = after

    def count(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return count

    sys.settrace(lambda frame, event, _: count if Path(frame.f_code.co_filename).name in CLAIM else None)
    try:
        with claims.taken("demo", lambda home: home, shutil.rmtree):
            sys.settrace(None)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_a_claim_that_is_interrupted_anywhere_leaves_nothing_behind(state: Path) -> None:
    lines = 0
    while interrupted(lines + 1):
        lines += 1
        assert claims.homes() == (), f"after {lines} lines"
    assert claims.homes(), "in the end nothing interrupts it"
    assert lines > 20


@pytest.mark.parametrize(
    ("content", "provider"),
    [(described("kind"), "kind"), (b"{}", "kwok"), (b"[]", "kwok"), (b"{", "kwok"), (None, "kwok")],
)
def test_a_directory_says_who_made_its_lab(state: Path, content: bytes | None, provider: str) -> None:
    with claims.taken("demo", lambda home: home, shutil.rmtree) as home:
        if content is not None:
            (home / claims.DESCRIPTION).write_bytes(content)
    assert claims.provider_of(home) == provider


def test_a_provider_lists_only_its_own(state: Path) -> None:
    for provider in ("kind", "kwok"):
        with claims.taken(provider, lambda home: home, shutil.rmtree) as home:
            (home / claims.DESCRIPTION).write_bytes(described(provider))
    assert [lab.name for lab in cluster.list_labs()] == ["kwok"]
