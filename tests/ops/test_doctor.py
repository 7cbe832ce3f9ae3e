"""What doctor finds on this machine, and what it advises where something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.ops import doctor
from rebuild.ops.doctor import Check, checks
from rebuild.system import places


def by_name() -> dict[str, Check]:
    found = {check.name: check for check in checks()}
    assert list(found)[:8] == ["python", "git", "go", "state", "cache", "lab", "docker", "kind"]
    return found


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_machine_that_has_what_a_drill_needs_passes(tmp_path: Path) -> None:
    found = by_name()
    assert all(check.ok for check in found.values() if check.required)
    assert found["git"].found.startswith("git version ")
    assert found["state"].found == str(tmp_path / "state")


def test_a_lab_that_is_not_built_yet_stands_in_nobodys_way() -> None:
    lab = by_name()["lab"]
    assert not lab.ok
    assert not lab.required
    assert "rebuild lab install" in lab.next_step


def test_a_machine_without_docker_can_do_all_but_real_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = by_name()
    assert not any(found[name].ok or found[name].required for name in ("docker", "kind"))
    assert "install Docker" in found["docker"].next_step
    assert "rebuild lab install --kind" in found["kind"].next_step
    assert "node image" not in found


def test_the_reason_why_docker_does_not_answer_stands_in_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "docker", "echo 'cannot connect to tcp://127.0.0.1:1' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert by_name()["docker"].found == "Docker does not answer: cannot connect to tcp://127.0.0.1:1"


def test_a_node_image_that_docker_holds_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    official = f"kindest/node:v1.99.0@sha256:{'0' * 64}"
    program(tmp_path, "kind", f"# {official}")
    program(tmp_path, "docker", "echo 99.0.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = by_name()
    assert (found["docker"].found, found["kind"].found) == ("Docker 99.0.0", str(tmp_path / "kind"))
    assert (found["node image"].ok, found["node image"].found) == (True, official)


@pytest.mark.parametrize(("instances", "ok"), [("128\n", False), ("512\n", True)])
def test_a_kernel_that_has_too_little_for_several_nodes_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instances: str, ok: bool
) -> None:
    program(tmp_path, "docker", "echo 99.0.0")
    (tmp_path / "max_user_instances").write_text(instances)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "INOTIFY", tmp_path / "max_user_instances")
    found = by_name()["inotify"]
    assert (found.ok, found.required) == (ok, False)
    assert found.next_step == ("" if ok else "run `sysctl fs.inotify.max_user_instances=512` as root")


def test_missing_programs_are_named_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = by_name()
    assert not found["git"].ok
    assert found["git"].required
    assert "'git' is not installed" in found["git"].found
    assert found["git"].next_step.startswith("install git")
    assert not found["go"].ok
    assert not found["go"].required


def test_a_program_that_does_not_work_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "git", "echo broken library >&2; exit 127")
    program(tmp_path, "go", "echo go version go1.99; echo more")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = by_name()
    assert (found["git"].ok, found["git"].found) == (False, "broken library")
    assert found["git"].next_step
    assert (found["go"].ok, found["go"].found, found["go"].next_step) == (True, "go version go1.99", "")


@pytest.mark.parametrize(("name", "variable"), [("state", places.STATE_VARIABLE), ("cache", places.CACHE_VARIABLE)])
def test_a_place_that_cannot_be_written_is_named_with_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, variable: str
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(variable, str(tmp_path / "file" / "below"))
    check = by_name()[name]
    assert not check.ok
    assert check.found == f"{tmp_path / 'file' / 'below'}: Not a directory"
    assert variable in check.next_step


def test_doctor_leaves_nothing_behind_but_the_directories(tmp_path: Path) -> None:
    by_name()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["cache", "state"]
