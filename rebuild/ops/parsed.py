"""What YAML documents said when they were parsed last, so that a second plan reads JSON where nothing changed.

YAML is the slowest part of a plan of many objects, and most of it is the same next time. There is one pack for each
source, in the cache directory. Must not hold a Secret: a document that declares one is parsed every time. Whatever is
wrong with a pack, the plan is the same as without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from rebuild import manifests
from rebuild.manifests import loader
from rebuild.manifests.budget import Budget
from rebuild.manifests.document import Document
from rebuild.manifests.read import Parse
from rebuild.model.errors import UsageError
from rebuild.model.sources import Source
from rebuild.system import files, places

WORTHWHILE = 1 << 18
"""Bytes of a source from which on a pack is kept: less is parsed within a tenth of a second."""
MOST_PACKED = 512 << 20
"""Bytes of all packs; the ones that were written first go first."""
_DIGEST = 32

Said: TypeAlias = Mapping[bytes, tuple[Document, ...]]
"""The documents of files by the content of these."""
_Entry: TypeAlias = tuple[int, Any, tuple[int, ...]]
"""Of a document its line, its value and the lines of its items, counted from where its part of the file begins."""


@contextmanager
def kept(sources: list[Source]) -> Iterator[Parse]:
    """How to parse the files of these sources; what had to be parsed is kept for the next time.

    A pack that is written holds what these files say and nothing of older ones.
    """
    path = _place(sources)
    if path is None:
        yield loader.documents
        return
    pack = Pack(_content(path))
    yield pack.documents
    if pack.has_grown:
        _write(path, pack)


def documents(sources: list[Source]) -> Said:
    """What all files of these sources say, parsed before anybody knows which kinds there are."""
    with kept(sources) as parse:
        return {file.data: tuple(parse(file.data)) for source in sources for file in source.files}


class Pack:
    """Parsed documents by the digest of their text."""

    def __init__(self, content: bytes = b"") -> None:
        """From what `content` gave; anything else is no pack, and nothing is known."""
        self._known: dict[str, _Entry] = {}
        self._used: dict[str, _Entry] = {}
        self._grown = bytearray()
        """What was parsed and can be kept, as the inside of a JSON object. In one piece, as ten thousand small ones
        would leave holes in the memory that nothing else fits into."""
        self._new: set[str] = set()
        """The digests of what is in there."""
        digest, body = content[:_DIGEST], content[_DIGEST:]
        if digest and digest == _digest(body):
            self._known = orjson.loads(body)

    @property
    def has_grown(self) -> bool:
        """Whether something was parsed that can be kept."""
        return bool(self._grown)

    @property
    def content(self) -> bytes:
        """As it is written: a digest that vouches for it and for the parser that it is of, and JSON."""
        known = orjson.dumps(self._used)[1:-1]
        body = b"{%s%s%s}" % (known, b"," if known and self._grown else b"", self._grown)
        return _digest(body) + body

    def documents(self, data: bytes) -> Iterable[Document]:
        """The documents of a file, as `loader.documents` gives them."""
        return loader.documents(data, part=self._part)

    def _part(self, first: int, text: str, budget: Budget) -> tuple[Document, ...]:
        name = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST).hexdigest()
        entry = self._known.get(name)
        if entry is not None:
            self._used[name] = entry
            line, value, lines = entry
            return (Document(first + line, value, item_lines=tuple(first + each for each in lines)),)
        repeated = budget.values
        found = loader.yaml_part(first, text, budget)
        # What repeats values is on the bill of the whole file, each time.
        is_kept = name not in self._new and len(found) == 1 and not found[0].problems and budget.values == repeated
        if is_kept and not _is_secret(found[0].value):
            self._keep(name, first, found[0])
        return found

    def _keep(self, name: str, first: int, document: Document) -> None:
        """Keep what a document says, unless no JSON can say it."""
        entry = (document.line - first, document.value, tuple(line - first for line in document.item_lines))
        with suppress(TypeError):
            value = orjson.dumps(entry)
            self._new.add(name)
            self._grown += b'%s"%s":%s' % (b"," if self._grown else b"", name.encode(), value)


def _is_secret(value: Any) -> bool:
    """Whether a document is a Secret or holds one. A list without kind may be anything, and is searched as well."""
    if isinstance(value, list):
        return any(map(_is_secret, value))
    if not isinstance(value, dict):
        return False
    kind = value.get("kind")
    return (isinstance(kind, str) and kind.lower() in ("secret", "secretlist")) or _is_secret(value.get("items"))


@cache
def _parser() -> bytes:
    """What parsed and wrote: another version of it may read the same file, or the same pack, in another way."""
    modules = sorted(path for place in manifests.__path__ for path in Path(place).glob("*.py"))
    code = b"".join(path.read_bytes() for path in (*modules, Path(__file__)))
    return hashlib.blake2b(code + loader.PARSER.encode(), digest_size=_DIGEST).digest()


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, key=_parser(), digest_size=_DIGEST).digest()


def _place(sources: list[Source]) -> Path | None:
    """Where the pack of these sources stands; None where none is worthwhile, or there is no place for it."""
    if sum(len(file.data) for source in sources for file in source.files) < WORTHWHILE:
        return None
    name = "\n".join(part for source in sources for part in (source.repository, source.path))
    digest = hashlib.blake2b(name.encode(errors="replace"), digest_size=16)
    try:
        return places.cache_root() / "parsed" / digest.hexdigest()
    except UsageError:
        return None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, pack: Pack) -> None:
    """A cache that cannot be written costs the next plan some time and nothing else."""
    with suppress(OSError):
        content = pack.content
        folder = files.private_directory(path.parent)
        others = sorted((other for other in folder.iterdir() if other != path), key=lambda other: other.stat().st_mtime)
        room = MOST_PACKED - len(content) - sum(other.stat().st_size for other in others)
        while room < 0 and others:
            room += others[0].stat().st_size
            others.pop(0).unlink()
        if room >= 0:
            files.write(path, content)
