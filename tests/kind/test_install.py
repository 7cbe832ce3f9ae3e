"""Which kind and which node image are taken, and when one is built: with stand-ins for Go, Docker and debootstrap.

The stand-ins note what they are asked for; what they would make is a few bytes.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rebuild
from rebuild.model.images import Image
from rebuild.providers.kind import debian, docker, install, node, programs
from rebuild.providers.kind import places as own
from rebuild.providers.kwok import binaries, toolchain
from rebuild.providers.steps import Step
from rebuild.system import places, shell
from tests.kind.programs import program

OFFICIAL = f"kindest/node:v1.99.0@sha256:{'0' * 64}"

GO = r"""
case "$1" in
env) echo go1.99.0 ;;
list) echo "$3" ;;
install)
    for package; do :; done
    echo "go $package" >>"$CALLS"
    case "$package" in */v[0-9]) package=${package%/*} ;; esac
    echo built >"$GOBIN/${package##*/}" ;;
esac
"""
DOCKER = r"""
case "$1 $2" in
"version "*) echo 99.0.0 ;;
"image inspect")
    for name; do :; done
    grep "^$name " "$HELD" | cut -d' ' -f2 | grep . ;;
"pull --quiet") echo "$*" >>"$CALLS"; exit 1 ;;
"build "*)
    for context; do :; done
    name=${3#--tag=}
    echo "docker build $name" >>"$CALLS"
    (cd "$context" && find . -type f | sort >"$HELD.context")
    echo "$name ${4##*=}" >>"$HELD" ;;
esac
"""
UNSHARE = r"""
echo "$2" >>"$CALLS"
for argument; do case "$argument" in */debian.draft) tree=$argument ;; esac; done
mkdir -p "$tree/bin" "$tree/usr/sbin" "$tree/etc/ssl/certs" "$tree/dev"
cd "$tree" && mkdir -p var/cache/apt/archives var/lib/apt/lists usr/share/doc usr/share/man usr/share/locale
printf '#!/bin/sh\necho ls\n' >bin/busybox && chmod +x bin/busybox
touch usr/sbin/xtables-nft-multi usr/sbin/nft etc/ssl/certs/ca-certificates.crt
"""
CHROOT = r"""
shift
[ "$1" = realpath ] && shift && printf '%s\n' "$@"
exit 0
"""


@pytest.fixture(autouse=True)
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, the stand-ins on PATH, and the file in which they note what they did."""
    stand_ins = {"go": GO, "docker": DOCKER, "unshare": UNSHARE, "chroot": CHROOT, "debootstrap": "exit 1"}
    for name, script in stand_ins.items():
        program(tmp_path / "programs" / name, script)
    for name in ("calls", "held"):
        (tmp_path / name).touch()
        monkeypatch.setenv(name.upper(), str(tmp_path / name))
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv(places.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "calls"


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-ins need no root, so that anybody can run these tests."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """rebuild as a wheel would install it, with its files inside the package, where a test may edit them."""
    package = tmp_path / "site" / "rebuild"
    shutil.copytree(Path(rebuild.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(own.config_root(), package / "kind-config")
    return package


CODE = """
import os
os.geteuid = lambda: 0
from rebuild.providers.kind import install
print(install.install().image)
"""


def start(package: Path) -> subprocess.Popen[str]:
    """An installation by the rebuild of a directory, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    return subprocess.Popen([sys.executable, "-P", "-c", CODE], env=environment, stdout=subprocess.PIPE, text=True)


def image_of(package: Path) -> str:
    said, _ = start(package).communicate(timeout=60)
    return said.strip()


def done(calls: Path) -> list[str]:
    return calls.read_text().splitlines()


def test_without_any_image_ours_is_built_and_the_second_installation_builds_nothing(calls: Path, root: None) -> None:
    steps: list[Step] = []
    kit = install.install(steps.append)
    assert (kit.kind, kit.image) == (programs.path(programs.KIND), node.tag())
    assert done(calls).count("debootstrap") == 1
    assert done(calls)[-2:] == [f"docker build {node.tag()}", "go rebuild.dev/zoo"]
    assert all(archive.is_file() for archive in kit.archives)
    last = [step for step in steps if step.binary == "the node image"][-1]
    assert last.number == last.total
    calls.write_text("")
    steps.clear()
    assert install.install(steps.append) == kit
    assert (steps, done(calls)) == ([], [])


def test_the_image_is_built_from_programs_images_and_node_files(tmp_path: Path, root: None) -> None:
    install.install()
    context = (tmp_path / "held.context").read_text().split()
    for name in ("bin/kubelet", "bin/kubectl", "images/system.tar", "debian.tar", "Dockerfile", "rootfs/kind/version"):
        assert f"./{name}" in context
    assert not (tmp_path / "cache" / "kind" / "context").exists()


def test_two_installations_at_once_build_once(calls: Path, installed: Path) -> None:
    both = [start(installed) for _ in range(2)]
    said = [one.communicate(timeout=60)[0] for one in both]
    assert said[0] == said[1]
    made = [line for line in done(calls) if not line.startswith("pull ")]
    assert len(made) == len(set(made))
    assert made[-2:] == [f"docker build {said[0].strip()}", "go rebuild.dev/zoo"]


def test_an_edit_of_a_node_file_is_seen_and_only_the_image_is_built_anew(calls: Path, installed: Path) -> None:
    before = image_of(installed)
    calls.write_text("")
    entrypoint = installed / "kind-config" / "node" / "rootfs" / "usr" / "local" / "lib" / "node" / "entrypoint"
    entrypoint.write_text(f"{entrypoint.read_text()}# edited\n")
    after = image_of(installed)
    assert after != before
    assert done(calls) == [f"docker build {after}"]


def test_a_change_of_one_programs_module_builds_that_program_and_the_image(calls: Path, installed: Path) -> None:
    image_of(installed)
    calls.write_text("")
    main = installed / "kind-config" / "node" / "modules" / "pause" / "main.go"
    main.write_text(f"{main.read_text()}// edited\n")
    image = image_of(installed)
    assert done(calls) == ["go example.com/pause", f"docker build {image}"]


def test_an_image_of_our_name_with_other_inputs_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "held").write_text(f"{node.tag()} somebodyelses\n")
    assert not node.is_built()
    (tmp_path / "held").write_text(f"{node.tag()} {node.digest()}\n")
    assert node.is_built()


def test_the_users_kind_and_its_official_image_come_before_ours(tmp_path: Path, calls: Path) -> None:
    program(tmp_path / "programs" / "kind", f"# {OFFICIAL}")
    (tmp_path / "held").write_text(f"{OFFICIAL} id\n{node.tag()} {node.digest()}\n")
    kit = install.install()
    assert (kit.kind, kit.image) == (tmp_path / "programs" / "kind", OFFICIAL)
    (tmp_path / "held").write_text(f"{node.tag()} {node.digest()}\n")
    assert install.install().image == node.tag()
    assert done(calls) == ["go rebuild.dev/zoo"]


def test_the_official_image_is_pulled_before_ours_is_built(tmp_path: Path, calls: Path) -> None:
    program(tmp_path / "programs" / "kind", f"# {OFFICIAL}")
    program(tmp_path / "programs" / "docker", DOCKER.replace("; exit 1", "; exit 0"))
    assert install.install().image == OFFICIAL
    assert done(calls) == [f"pull --quiet {OFFICIAL}", "go rebuild.dev/zoo"]


def test_an_image_that_is_asked_for_is_taken_as_it_is(tmp_path: Path, calls: Path) -> None:
    program(tmp_path / "programs" / "kind", "exit 1")
    assert install.install(image="mine:1").image == "mine:1"
    assert done(calls) == ["go rebuild.dev/zoo"]


def test_the_zoo_is_built_for_those_alone_that_name_it(tmp_path: Path, calls: Path) -> None:
    program(tmp_path / "programs" / "kind", "exit 1")
    assert install.install(image="mine:1", images=frozenset()).archives == ()
    assert done(calls) == []
    web = Image("rebuild.dev", "zoo/web", "1")
    assert [path.name for path in install.install(image="mine:1", images={web}).archives] == ["zoo.tar"]
    assert done(calls) == ["go rebuild.dev/zoo"]


def test_without_docker_nothing_is_built(tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "programs" / "docker").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    with pytest.raises(docker.DockerMissing):
        install.install()
    assert done(calls) == []


def test_who_is_not_root_is_told_before_minutes_are_spent(
    tmp_path: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "programs" / "kind", "exit 1")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(debian.NotRoot) as caught:
        install.install()
    assert "as root" in caught.value.hint
    assert done(calls) == []


def test_without_debootstrap_the_reader_is_told_how_to_get_it(
    tmp_path: Path, calls: Path, root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "programs" / "kind", "exit 1")
    (tmp_path / "programs" / "debootstrap").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    with pytest.raises(shell.ProgramMissing) as caught:
        install.install()
    assert "apt-get install debootstrap" in caught.value.hint
    assert done(calls) == []


def test_a_debootstrap_that_fails_is_quoted_and_leaves_no_tree(tmp_path: Path, root: None) -> None:
    program(tmp_path / "programs" / "unshare", "echo 'E: Failed getting release file'; exit 1")
    with pytest.raises(debian.DebianFailed, match="Failed getting release file"):
        install.install()
    assert not debian.path().exists()


def test_the_debian_mirror_is_the_one_of_this_machines_apt(tmp_path: Path) -> None:
    program(tmp_path / "programs" / "apt-get", "echo http://mirror.example/debian/; echo http://other.example/debian/")
    on_debian = platform.freedesktop_os_release().get("ID") == "debian"
    assert debian.mirror() == (["http://mirror.example/debian/"] if on_debian else [])


def test_the_modules_of_a_node_need_no_newer_go_than_those_of_the_lab() -> None:
    for binary in programs.every():
        go_mod = programs.module_files(binary.family)["go.mod"].decode()
        assert toolchain.directive(go_mod) <= toolchain.required()


def test_the_programs_on_a_node_are_those_of_its_kubernetes_version() -> None:
    stamped = [binary for binary in programs.every() if binary.family == "kubernetes"]
    assert {binary.name for binary in stamped} == {"kubeadm", "kube-proxy", "kubelet"}
    assert all(binaries.KUBERNETES_VERSION in binary.ldflags for binary in stamped)
