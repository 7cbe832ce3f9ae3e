"""Image archives: what a reader of the format finds in them."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import orjson

from rebuild.providers.kind import archive
from rebuild.providers.kind.archive import Directory, File, Image, Layer, Link

PROGRAM = Layer((File("usr/bin/tool", b"#!/bin/sh\n"), Link("bin/tool", "../usr/bin/tool"), Directory("tmp", 0o1777)))
DATA = Layer((File("etc/tool.conf", b"a=1\n", 0o644),))


def read(path: Path) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The manifest of an archive, and each of its members."""
    with tarfile.open(path) as tar:
        members = [(member.name, tar.extractfile(member)) for member in tar.getmembers()]
        content = {name: stream.read() for name, stream in members if stream is not None}
    assert len(content) == len(members), "no name twice"
    return orjson.loads(content["manifest.json"]), content


def test_an_image_is_found_by_its_manifest(tmp_path: Path) -> None:
    image = Image(("a/b:1", "a/b:2"), (PROGRAM,), ("/bin/tool",), ("serve",), ("A=b",), "65532", ("80/tcp",))
    archive.write(tmp_path / "images.tar", [image])
    (row,), content = read(tmp_path / "images.tar")
    assert row["RepoTags"] == ["a/b:1", "a/b:2"]
    assert row["Config"] == f"{hashlib.sha256(content[row['Config']]).hexdigest()}.json"
    config = orjson.loads(content[row["Config"]])
    assert config["architecture"] == archive.architecture()
    told = config["config"]
    assert (told["Entrypoint"], told["Cmd"], told["User"]) == (["/bin/tool"], ["serve"], "65532")
    assert told["Env"][1:] == ["A=b"]
    assert told["ExposedPorts"] == {"80/tcp": {}}
    assert config["rootfs"]["diff_ids"] == [
        f"sha256:{hashlib.sha256(content[name]).hexdigest()}" for name in row["Layers"]
    ]


def test_a_layer_holds_its_entries_and_the_directories_above_them(tmp_path: Path) -> None:
    source = tmp_path / "program"
    source.write_bytes(b"elf")
    layer = Layer((*PROGRAM.entries, File("opt/a/program", source)))
    archive.write(tmp_path / "images.tar", [Image(("a:1",), (layer,))])
    (row,), content = read(tmp_path / "images.tar")
    (tmp_path / "layer.tar").write_bytes(content[row["Layers"][0]])
    with tarfile.open(tmp_path / "layer.tar") as tar:
        found = {member.name: member for member in tar.getmembers()}
        program = tar.extractfile("opt/a/program")
        assert program is not None
        assert program.read() == b"elf"
    assert list(found) == ["bin", "bin/tool", "opt", "opt/a", "opt/a/program", "tmp", "usr", "usr/bin", "usr/bin/tool"]
    assert found["tmp"].mode == 0o1777
    assert found["usr/bin/tool"].mode == 0o755
    assert found["bin/tool"].linkname == "../usr/bin/tool"
    assert {(member.uid, member.gid, member.mtime) for member in found.values()} == {(0, 0, 0)}


def test_equal_layers_of_several_images_are_stored_once(tmp_path: Path) -> None:
    images = [Image(("a:1",), (PROGRAM, DATA)), Image(("b:1",), (PROGRAM,)), Image(("c:1",), (PROGRAM,))]
    archive.write(tmp_path / "images.tar", images)
    rows, content = read(tmp_path / "images.tar")
    assert rows[0]["Layers"][0] == rows[1]["Layers"][0] == rows[2]["Layers"][0]
    assert len([name for name in content if name.endswith("layer.tar")]) == 2


def test_the_same_images_give_the_same_bytes(tmp_path: Path) -> None:
    turned = Layer(PROGRAM.entries[::-1])
    archive.write(tmp_path / "one.tar", [Image(("a:1",), (PROGRAM,))])
    archive.write(tmp_path / "two.tar", [Image(("a:1",), (turned,))])
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
