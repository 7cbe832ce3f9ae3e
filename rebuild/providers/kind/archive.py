"""Writes container images without a builder or a registry, as the archives that `docker save` makes.

`docker load`, `kind load image-archive` and `ctr images import` all read them. The same input gives the same bytes:
times are zero, owners are root, and everything is sorted. An image holds what it is told to and nothing else, so a
static program needs a layer of one file.
"""

from __future__ import annotations

import hashlib
import io
import platform
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import orjson
from msgspec import Struct

_EPOCH = "1970-01-01T00:00:00Z"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class File(Struct, frozen=True):
    """A regular file; `path` is relative to the root of the image, as in `usr/bin/etcd`."""

    path: str
    content: Path | bytes
    mode: int = 0o755


class Link(Struct, frozen=True):
    """A symbolic link."""

    path: str
    target: str


class Directory(Struct, frozen=True):
    """A directory. Those above a file or link come by themselves, with mode 0755."""

    path: str
    mode: int = 0o755


Entry = File | Link | Directory


class Layer(Struct, frozen=True):
    """What one layer puts into an image; of two entries at one path the later counts."""

    entries: tuple[Entry, ...]


class Image(Struct, frozen=True):
    """An image, its layers from the bottom up. Layers that are equal are stored once in an archive."""

    tags: tuple[str, ...]
    layers: tuple[Layer, ...]
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    """`NAME=value`; a usual PATH comes before them."""
    user: str = ""
    """`UID` or `UID:GID`; root by default."""
    exposed: tuple[str, ...] = ()
    """`8080/tcp`, for people to read."""


def write(path: Path, images: Iterable[Image]) -> None:
    """Write the images as one archive. A file that stands there is replaced, in part too when this fails.

    Raises:
        OSError: when a file of an image cannot be read, or the archive not be written.
    """
    manifest = []
    written: dict[Layer, str] = {}
    names: set[str] = set()
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for image in images:
            for layer in image.layers:
                if layer not in written:
                    written[layer] = _add_layer(archive, layer, names)
            digests = [written[layer] for layer in image.layers]
            config = _config(image, digests)
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            if name not in names:
                _add(archive, name, io.BytesIO(config), len(config))
                names.add(name)
            layers = [_layer_name(digest) for digest in digests]
            manifest.append({"Config": name, "RepoTags": list(image.tags), "Layers": layers})
        data = orjson.dumps(manifest)
        _add(archive, "manifest.json", io.BytesIO(data), len(data))


def architecture() -> str:
    """What images call this machine's processor."""
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _config(image: Image, digests: list[str]) -> bytes:
    config: dict[str, object] = {"Env": [_PATH, *image.env], "WorkingDir": "/", "User": image.user}
    if image.entrypoint:
        config["Entrypoint"] = list(image.entrypoint)
    if image.cmd:
        config["Cmd"] = list(image.cmd)
    if image.exposed:
        config["ExposedPorts"] = {port: {} for port in image.exposed}
    return orjson.dumps(
        {
            "architecture": architecture(),
            "os": "linux",
            "created": _EPOCH,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
            "history": [{"created": _EPOCH, "created_by": "rebuild"} for _ in digests],
        },
        option=orjson.OPT_SORT_KEYS,
    )


def _add_layer(archive: tarfile.TarFile, layer: Layer, names: set[str]) -> str:
    """The digest of the layer, which is in the archive when this returns."""
    with tempfile.TemporaryFile() as draft:
        with tarfile.open(fileobj=draft, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for entry in _with_parents(layer):
                _add_entry(tar, entry)
        size = draft.tell()
        draft.seek(0)
        digest = hashlib.file_digest(draft, "sha256").hexdigest()
        draft.seek(0)
        if (name := _layer_name(digest)) not in names:
            _add(archive, name, draft, size)
            names.add(name)
    return digest


def _layer_name(digest: str) -> str:
    return f"{digest}/layer.tar"


def _with_parents(layer: Layer) -> Iterator[Entry]:
    entries: dict[str, Entry] = {entry.path: entry for entry in layer.entries}
    for path in list(entries):
        for parent in PurePosixPath(path).parents:
            if parent.name:
                entries.setdefault(str(parent), Directory(str(parent)))
    for path in sorted(entries):
        yield entries[path]


def _add_entry(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.path)
    match entry:
        case Directory(_, mode):
            info.type, info.mode = tarfile.DIRTYPE, mode
            tar.addfile(info)
        case Link(_, target):
            info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, target
            tar.addfile(info)
        case File(_, bytes(content), mode):
            info.mode, info.size = mode, len(content)
            tar.addfile(info, io.BytesIO(content))
        case File(_, Path() as content, mode):
            with content.open("rb") as stream:
                info.mode, info.size = mode, content.stat().st_size
                tar.addfile(info, stream)


def _add(archive: tarfile.TarFile, name: str, stream: BinaryIO, size: int) -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.size = 0o644, size
    archive.addfile(info, stream)
