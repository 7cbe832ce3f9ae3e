"""One YAML or JSON text to its documents, each with its line, one bad document never hiding the others.

Follows kubectl (k8s.io/apimachinery/pkg/util/yaml, YAMLOrJSONDecoder, behind cli-runtime's FileVisitor) in where
JSON ends and YAML begins, and in cutting YAML at `---` lines before it is parsed. What kubectl would pass over
without a word is a problem here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

import yaml

from rebuild.manifests import common, jsontext
from rebuild.manifests.budget import Budget
from rebuild.manifests.build import Build
from rebuild.manifests.compose import compose, why_not
from rebuild.manifests.document import TOO_DEEP, Document, Unreadable, broken, repeated_keys

PARSER = yaml.__version__
"""Another one may read the same text in another way."""
ReadPart: TypeAlias = Callable[[int, str, Budget], tuple[Document, ...]]

_SEPARATOR = re.compile(r"^---([^\n]*)\n", re.MULTILINE)
_LINE_END = re.compile(r"[^\S\n]*\n?")


def documents(data: bytes, *, part: ReadPart | None = None) -> Iterator[Document]:
    """The documents of a file in order. Empty ones, and ones that hold only comments, are left out.

    Never raises: what cannot be read comes back as a document with a fatal problem.

    Args:
        part: reads what stands between two separators, as `yaml_part` does.
    """
    read = part or yaml_part
    try:
        text = data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        yield broken(line, f"not {error.encoding.upper()} at byte {error.start}")
        return
    first_line = 1
    if text.lstrip().startswith("{"):
        found, end = jsontext.documents(text)
        yield from found
        first_line, text = first_line + text.count("\n", 0, end), text[end:]
        if len(found) > 1 and text.strip():
            yield broken(first_line + _blank_lines(text), "not JSON, and more than one JSON object stands before it")
            return
        # Like kubectl, which eats the white space behind an object up to the end of its line.
        eaten = _LINE_END.match(text)
        if eaten:
            first_line, text = first_line + eaten[0].count("\n"), text[eaten.end() :]
    budget = Budget()
    for line, found_part in split(text, first_line):
        yield from [found_part] if isinstance(found_part, Document) else read(line, found_part, budget)


def _blank_lines(text: str) -> int:
    return text.count("\n", 0, len(text) - len(text.lstrip()))


def split(text: str, line: int) -> Iterator[tuple[int, str | Document]]:
    """Cut at lines that begin with `---`; yields the number of each part's first line, and the part or its problem.

    Each part ends with a line feed, even where the file does not: a block scalar at its end has one then.
    """
    text = text if text.endswith("\n") else f"{text}\n"
    begin, start, unreadable = 0, line, False
    place, number = 0, line
    for separator in _SEPARATOR.finditer(text):
        number += text.count("\n", place, separator.start())
        place = separator.start()
        is_first = begin == place and not unreadable
        if begin < place and not unreadable:
            yield start, text[begin:place]
        # The separator belongs to the part only where nothing stands before it.
        begin, start = (place, number) if is_first else (separator.end(), number + 1)
        behind = separator[1].strip()
        unreadable = bool(behind) and not behind.startswith("#")
        if unreadable:
            yield number, broken(number, "nothing but a comment may follow `---` on its line")
    if begin < len(text) and not unreadable:
        yield start, text[begin:]


def parts(text: str, line: int) -> Iterator[tuple[int, str]]:
    """The parts of a YAML text between its separators, each with the number of its first line, unread."""
    return ((first, part) for first, part in split(text, line) if isinstance(part, str))


def yaml_part(first_line: int, text: str, budget: Budget) -> tuple[Document, ...]:
    """The part as YAML: at most one document."""
    found = common.document(text, first_line)
    return composed(first_line, text, budget) if found is None else (found,)


def composed(first_line: int, text: str, budget: Budget) -> tuple[Document, ...]:
    """The part as YAML, whatever stands in it: at most one document."""
    try:
        node = compose(text)
        if node is None:
            return ()
        budget.next_document()
        build = Build(text, first_line, budget)
        value = build.value(node)
    except yaml.YAMLError as error:
        # At the end of a text libyaml counts one line more than there is.
        mark = getattr(error, "problem_mark", None)
        line = first_line + (min(mark.line, text.count("\n") - 1) if mark else 0)
        return (broken(line, f"not YAML: {why_not(error)}"),)
    except Unreadable as error:
        return (Document(error.problem.line, None, (error.problem,)),)
    except RecursionError:
        return (broken(first_line, TOO_DEEP),)
    if value is None:
        return ()
    return (Document(build.line(node), value, repeated_keys(build.repeated_keys), build.item_lines(node)),)
