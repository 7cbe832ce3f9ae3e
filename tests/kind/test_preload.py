"""What is loaded into a new cluster is there before the cluster is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.model.errors import Exit
from rebuild.model.images import Image
from rebuild.providers.kind import archive, containers, preload
from rebuild.providers.kind.archive import File, Layer
from rebuild.providers.kind.containers import NodeImageInvalid
from rebuild.providers.kind.preload import Load, PreloadUnknown


def archive_of(path: Path, *tags: str) -> Path:
    archive.write(path, [archive.Image((tag,), (Layer((File("program", tag.encode()),)),)) for tag in tags])
    return path


def named(*images: str) -> set[Image]:
    return {image for each in images if (image := Image.parse(each))}


def test_the_images_of_an_archive_are_read_out_of_it(tmp_path: Path) -> None:
    assert preload.tags(archive_of(tmp_path / "zoo.tar", "zoo/web:v1", "zoo/db:v1")) == ("zoo/web:v1", "zoo/db:v1")


def test_an_archive_is_loaded_for_an_image_that_the_blueprint_names(tmp_path: Path) -> None:
    zoo, other = archive_of(tmp_path / "zoo.tar", "zoo/web:v1", "zoo/db:v1"), archive_of(tmp_path / "o.tar", "other:1")
    loads = preload.loads((), (zoo, other), named("docker.io/zoo/db:v1", "nginx"))
    assert loads == (Load("image-archive", str(zoo)),)
    assert preload.loads((), (zoo, other), named("zoo/web:v2")) == ()


def test_what_is_asked_for_is_loaded_once_and_whatever_the_blueprint_says(tmp_path: Path) -> None:
    zoo = archive_of(tmp_path / "zoo.tar", "zoo/web:v1")
    loads = preload.loads((str(zoo), str(zoo)), (zoo,), named("zoo/web:v1"))
    assert loads == (Load("image-archive", str(zoo)),)


@pytest.mark.parametrize("wanted", ["--all", "-", "", "a b", "no/such/../file", "Upper", "a" * 5000])
def test_what_no_image_could_be_called_never_reaches_docker(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(PreloadUnknown, match="neither an archive of images nor an image"):
        preload.loads((wanted,), (), set())


@pytest.mark.parametrize("image", ["--privileged", "-it", "", "a b", "node:", "@sha256:0"])
def test_what_no_node_image_could_be_called_never_reaches_docker(image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(NodeImageInvalid, match=f"{image!r} is no name of a node image") as caught:
        containers.ensure_node_image(image)
    assert caught.value.exit is Exit.USAGE
    assert caught.value.hint


def test_a_file_that_is_no_archive_of_images_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no images")
    with pytest.raises(PreloadUnknown, match=f"{path} is no archive of images") as caught:
        preload.loads((str(path),), (), set())
    assert caught.value.exit is Exit.USAGE
    assert str(caught.value).endswith("file could not be opened successfully")
    assert "docker save" in caught.value.hint
