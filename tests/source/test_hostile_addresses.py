"""Addresses, refs and paths that were made to run something: refused by name, before any program starts."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import git
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.model.errors import RebuildError, UsageError
from rebuild.source import locations
from rebuild.source.open import read_source
from tests.source.canaries import Canary

HOSTILE = [
    "ext::sh -c touch% canary",
    "ext::sh",
    "EXT::sh -c x",
    "fd::17",
    "fd::0,1/x",
    "https::x",
    "testgit::/srv/r",
    "a+b::c",
    "ext://h/r",
    "fd://17",
    "transport-helper://x",
    "http://h/r",
    "git://h/r",
    "ftp://h/r",
    "rsync://h/r",
    "gopher://h/r",
    "javascript://h/r",
    "HTTPS://h/r",
    "-u",
    "--upload-pack=touch canary",
    "-c core.sshCommand=touch",
    "--config=core.gitProxy=x",
    "ssh://-oProxyCommand=touch/r",
    "ssh://git@-oProxyCommand=touch/r",
    "ssh://-oProxyCommand=touch@h/r",
    "ssh://%2doProxyCommand=touch/r",
    "ssh://git@%2DoProxyCommand=touch/r",
    "-oProxyCommand=touch:r",
    "git@-oProxyCommand=touch:r",
    "git@h:--upload-pack=touch",
    "h:-x",
    "https://h/r\nhttps://evil/r",
    "https://h/r\r\nHost: evil",
    "https://h/r\0.git",
    "ssh://h/r\n-oProxyCommand=x",
    "git@h:r\n",
    "https://h\\@evil/r",
    "https://h@evil\\r",
    "https://h /r",
    "https://h/\u202egit.r",
    "https://h/r\x1b]0;x\x07",
    "\n--upload-pack=touch",
]


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Canary:
    """Stands in for every git that would be started."""
    canary = Canary(tmp_path)
    monkeypatch.setenv("PATH", f"{canary.as_program('git')}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return canary


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_starts_no_program(address: str, canary: Canary, work: Path) -> None:
    with pytest.raises(UsageError) as refused:
        read_source(address, work=work)
    assert refused.value.hint
    assert not canary.sang


def test_the_canary_would_sing(canary: Canary, work: Path) -> None:
    with pytest.raises(RebuildError):
        read_source("https://127.0.0.1:9/r", work=work)
    assert canary.sang


@pytest.mark.parametrize("ref", ["--upload-pack=x", "-x", "a\nb", "\x1b[2J"])
@pytest.mark.parametrize("path", ["", "../x", "/etc", "a/../../b", "a\nb", "\0"])
def test_a_hostile_ref_or_path_starts_no_program(ref: str, path: str, canary: Canary, work: Path) -> None:
    with pytest.raises(UsageError):
        read_source("https://127.0.0.1:9/r", ref=ref, path=path, work=work)
    assert not canary.sang


def test_every_operand_comes_after_the_options(
    repository: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git that writes down how it was called; what the user said may stand only behind `--`, or inside of a word."""
    real = git.Git().execute(["sh", "-c", "command -v git"])
    shim = tmp_path / "shim" / "git"
    shim.parent.mkdir()
    shim.write_text(
        f'#!/bin/sh\nprintf "%s\\t" "$@" >>"{tmp_path}/calls"; echo >>"{tmp_path}/calls"\nexec {real} "$@"\n'
    )
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    with git.Repo(repository) as repo:
        repo.create_head("trunk")
    (tmp_path / "calls").unlink(missing_ok=True)
    read_source(f"file://{repository}", ref="trunk", path="base", work=work)
    read_source(str(repository), ref="trunk", path="base", work=work)
    calls = [line.split("\t") for line in (tmp_path / "calls").read_text().splitlines()]
    [fetch] = [call for call in calls if "fetch" in call]
    assert fetch[fetch.index("--") + 1 : -1] == [f"file://{repository}", "trunk:refs/rebuild/fetched"]
    for call in (call for call in calls if "ls-files" in call):
        assert call[call.index("--") + 1 : -1] == ["base"]
    assert {word for call in calls for word in call if "trunk" in word} == {
        "trunk:refs/rebuild/fetched",
        "trunk^{commit}",
    }


@settings(max_examples=300)
@given(st.text(max_size=40))
def test_no_text_makes_the_checks_fail_in_another_way(text: str) -> None:
    for check in (locations.is_url, locations.is_scp, locations.checked_ref, locations.checked_remote_ref):
        with suppress(UsageError):
            check(text)
    locations.without_credentials(text)
    locations.credentials(text)


@settings(max_examples=300)
@given(st.text(alphabet="./a-\\\0 \n%2e", max_size=20))
def test_a_checked_path_has_no_step_that_leads_up(text: str) -> None:
    try:
        path = locations.checked_path(text)
    except UsageError:
        return
    assert not path.startswith("/")
    assert ".." not in path.split("/")
    assert os.path.normpath(f"/root/{path}").startswith("/root")
