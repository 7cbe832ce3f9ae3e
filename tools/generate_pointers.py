"""Writes tools/pointers.json: the fields of the built-in API whose Go type is a pointer, read out of the Go sources.

A server drops an empty or zero value of any other optional field (`omitempty`), but it keeps one behind a pointer:
there a missing `false` is somebody's change. OpenAPI does not tell the two apart. Run it when the Kubernetes version of
the lab changes, where Go has the modules (they are there once the lab has been built):

    uv run python tools/generate_pointers.py ~/go/pkg/mod/k8s.io v0.37.2
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import orjson

TARGET = Path(__file__).with_name("pointers.json")
MODULES = ("api", "apimachinery", "apiextensions-apiserver", "kube-aggregator")
_STRUCT = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r'^\t(?:(\w+)\s+)?(\S+)\s+`[^`]*json:"([^"]*)"', re.MULTILINE)


@dataclass(slots=True)
class Struct:
    """A Go struct: the names of its pointers in JSON, and the structs of its own package that it takes in whole."""

    pointers: list[str] = field(default_factory=list)
    inlined: list[str] = field(default_factory=list)


def structs(folder: Path) -> dict[str, Struct]:
    """The structs of one Go package."""
    found: dict[str, Struct] = {}
    for file in sorted(folder.glob("*.go")):
        for name, body in _STRUCT.findall(file.read_text()):
            struct = found.setdefault(name, Struct())
            for _, kind, tag in _FIELD.findall(body):
                json_name, *options = tag.split(",")
                if "inline" in options:
                    struct.inlined.append(kind.removeprefix("*"))
                elif kind.startswith("*") and json_name not in ("", "-"):
                    struct.pointers.append(json_name)
    return found


def pointers(name: str, package: dict[str, Struct]) -> Iterator[str]:
    """The pointers of a struct and of those that it takes in."""
    if name in package:
        yield from package[name].pointers
        for inlined in package[name].inlined:
            yield from pointers(inlined, package)


def rows(root: Path, version: str) -> dict[str, list[str]]:
    """The pointers of every type that has any, by its name in OpenAPI (`io.k8s.api.core.v1.PodSpec`)."""
    found = {}
    for module in MODULES:
        home = root / f"{module}@{version}"
        for folder in sorted({file.parent for file in home.rglob("types*.go")}):
            prefix = ".".join(("io.k8s", module, *folder.relative_to(home).parts))
            package = structs(folder)
            for name in sorted(package):
                if kept := sorted(set(pointers(name, package))):
                    found[f"{prefix}.{name}"] = kept
    return found


def main() -> int:
    """Write the file."""
    found = rows(Path(sys.argv[1]), sys.argv[2])
    lines = [orjson.dumps(name) + b":" + orjson.dumps(row) for name, row in found.items()]
    TARGET.write_bytes(b"{\n" + b",\n".join(lines) + b"\n}\n")
    sys.stdout.write(f"{TARGET}: {len(found)} types\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
