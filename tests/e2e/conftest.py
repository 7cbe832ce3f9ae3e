"""The canary sweep: no test of the commands may leave a Secret's value anywhere but where it has to be."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from rebuild.system import places
from tests.e2e import support

_SHORTEST = 12
"""Shorter values, such as the user name `shop`, stand in many places for good reasons."""
_CANARY = f"canary-{secrets.token_hex(12)}"
_OF_TESTS = ("declared-canary", "changed-canary", _CANARY)


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands of this test keep what is temporary."""
    directory = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(directory))
    return directory


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of the test's own; labs of the session are in another."""
    directory = tmp_path_factory.mktemp("state")
    monkeypatch.setenv(places.STATE_VARIABLE, str(directory))
    return directory


@pytest.fixture
def canary() -> str:
    """A value for the Secrets that a test declares."""
    return _CANARY


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Before the test's labs are taken away, for their logs count, too."""
    found = list(_leaks(item)) if item.path.parent == Path(__file__).parent else []
    support.OUTPUTS.clear()
    yield
    assert not found, "a Secret's value stands in " + ", ".join(found)


def _leaks(item: pytest.Item) -> Iterator[str]:
    for ran in support.OUTPUTS:
        text = (ran.stdout + ran.stderr).encode(errors="replace")
        yield from (f"an output ({ran.code})" for needle in _needles() if needle in text)
    for path in _files(item):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        yield from (str(path) for needle in _needles() if needle in content)


@cache
def _needles() -> frozenset[bytes]:
    return frozenset(form for value in (*_OF_TESTS, *_of_the_example()) for form in _forms(value))


def _files(item: pytest.Item) -> Iterator[Path]:
    """What the commands left on disk: the state with its journals and the labs' logs, temporary files, reports."""
    arguments = getattr(item, "funcargs", {})
    if "temporary" not in arguments:
        return  # It was skipped.
    for root in (places.state_root(), Path(arguments["temporary"])):
        yield from (path for path in root.rglob("*") if _counts(path))
    if own := arguments.get("tmp_path"):
        # Only reports: the sources that a test declares stand in the same directory.
        yield from own.rglob("*.json")


def _counts(path: Path) -> bool:
    """All but links to the lab's programs, and the API server's own storage, in which an applied Secret has to be."""
    return path.is_file() and not path.is_symlink() and not {"clusters", "etcd"} <= set(path.parts)


def _of_the_example() -> Iterator[str]:
    """All but certificates: they are public, and stand in webhook configurations as well."""
    for path in sorted((support.ROOT / "examples").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_bytes()):
            if document and document["kind"] == "Secret":
                decoded = (base64.b64decode(value).decode() for value in document.get("data", {}).values())
                values = (*document.get("stringData", {}).values(), *decoded)
                yield from (value for value in values if not value.startswith("-----BEGIN CERTIFICATE-----"))


def _forms(value: str) -> Iterator[bytes]:
    """As it is, in base64, and as JSON has it."""
    if len(value) >= _SHORTEST:
        plain = value.encode()
        yield from {plain, base64.b64encode(plain), plain.replace(b"\n", b"\\n")}
