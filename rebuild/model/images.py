"""The name of a container image, read as containerd and docker read it, and who needs it.

Follows the grammar and the defaults of github.com/distribution/reference (`ParseNormalizedNamed`): the registry is
docker.io where the first part of a name is no host, and a name of one part there stands in `library/`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from rebuild.model.refs import Ref

DEFAULT_REGISTRY = "docker.io"
MUTABLE = "latest"
"""The tag that is meant where none is written; whoever publishes an image moves it."""
_LONGEST = 255 + 1 + 128 + 1 + 135
"""Characters of a name, a tag and a sha512 digest; what is longer is read by nobody."""
_HOST = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])"
    r"(?::[0-9]+)?"
)
_PART = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_ID = re.compile(r"[a-f0-9]{64}")


class Image(Struct, frozen=True, order=True):
    """Which image. `tag` is `latest` where neither tag nor digest is written; a digest names content for good."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Image | None:
        """Read an image as a Pod names it, or None where no runtime could (the kubelet's InvalidImageName)."""
        if len(text) > _LONGEST:
            return None
        rest, at, digest = text.partition("@")
        name, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:
            name, colon, tag = rest, "", ""
        registry, repository = _split(name)
        if (
            (at and not _DIGEST.fullmatch(digest))
            or (colon and not _TAG.fullmatch(tag))
            or not _HOST.fullmatch(registry)
            or not all(map(_PART.fullmatch, repository.split("/")))
            or len(registry) + 1 + len(repository) > 255
            or _ID.fullmatch(text)
        ):
            return None
        return cls(registry, repository, tag or ("" if digest else MUTABLE), digest)

    @property
    def is_mutable(self) -> bool:
        """Whether nothing in the name says which content is meant."""
        return self.tag == MUTABLE and not self.digest

    @property
    def pull_policy(self) -> str:
        """What the API server fills in where no policy is declared (SetDefaults_Container)."""
        return "Always" if self.tag == MUTABLE else "IfNotPresent"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


class NeededImage(Struct, frozen=True):
    """One image of a blueprint, with the effective pull policies of its containers and the objects that use it."""

    image: Image
    policies: tuple[str, ...]
    users: tuple[Ref, ...]


def _split(name: str) -> tuple[str, str]:
    """Registry and repository of a name, with what is meant where the registry is left out."""
    first, slash, rest = name.partition("/")
    is_host = slash and (any(mark in first for mark in ".:") or first == "localhost" or first != first.lower())
    registry, repository = (first, rest) if is_host else (DEFAULT_REGISTRY, name)
    if registry == "index.docker.io":
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository
