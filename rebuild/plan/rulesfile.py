"""The file of --rules: how it is read, and all that may be wrong with it, each with its line. Reads no disk.

A rule that was misspelt would hide too much or judge nothing, so what is not understood is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from msgspec import Struct, field

from rebuild.health import cel
from rebuild.health.own import OwnRule
from rebuild.health.verdicts import GroupKind
from rebuild.manifests import lines, loader
from rebuild.model.errors import UsageError
from rebuild.model.ignored import IgnoreRule
from rebuild.model.objects import Body
from rebuild.verify import patterns
from rebuild.verify.ignoring import Scope

API_VERSION, KIND = "rebuild.dev/v1alpha1", "Rules"
_TOP = ("apiVersion", "kind", "health", "ignore")
_HEALTH = ("group", "kind", "current", "failed", "message")
_IGNORE = ("group", "kind", "namespace", "name", "paths", "managers", "reason", "owner", "expires")
_HINT = "docs/rules.md lists what a file of rules may say"


class Content(Struct):
    """What a file of rules says."""

    health: dict[GroupKind, OwnRule] = field(default_factory=dict)
    ignore: list[tuple[IgnoreRule, Scope]] = field(default_factory=list)


def parse(data: bytes, name: str) -> Content:
    """The rules in the bytes of a file.

    Args:
        data: its content.
        name: what it is called in messages.

    Raises:
        UsageError: with every problem of the file.
    """
    documents = list(loader.documents(data))
    problems = [(problem.line, problem.message) for document in documents for problem in document.problems]
    if len(documents) != 1:
        problems.append(
            (documents[1].line if documents else 1, f"{len(documents)} documents, where there has to be one")
        )
    content = Content()
    if not problems:
        reader = _Reader(name, lines.of_keys(data))
        reader.read(documents[0].value, content)
        problems = sorted(reader.problems)
    if problems:
        raise UsageError("\n".join(f"{name}:{line}: {message}" for line, message in problems), hint=_HINT)
    return content


class _Reader:
    """Walks one file and collects its problems."""

    def __init__(self, name: str, at: dict[tuple[str, ...], int]) -> None:
        self._name, self._at = name, at
        self.problems: list[tuple[int, str]] = []

    def read(self, value: Any, content: Content) -> None:
        """Read the whole document."""
        if not isinstance(value, dict):
            self._wrong((), "the document has to be a mapping")
            return
        self._keys(value, (), _TOP)
        if (value.get("apiVersion"), value.get("kind")) != (API_VERSION, KIND):
            self._wrong(("kind",), f"a file of rules begins with apiVersion: {API_VERSION} and kind: {KIND}")
        for path, entry in self._entries(value, "health"):
            self._health(entry, path, content)
        for path, entry in self._entries(value, "ignore"):
            self._ignore(entry, path, content)

    def _entries(self, value: Body, name: str) -> Iterator[tuple[tuple[str, ...], Body]]:
        entries = value.get(name) or []
        if not isinstance(entries, list):
            self._wrong((name,), f"{name} has to be a list")
            return
        for position, entry in enumerate(entries):
            path = (name, str(position))
            if isinstance(entry, dict):
                yield path, entry
            else:
                self._wrong(path, f"a rule in {name} has to be a mapping")

    def _health(self, entry: Body, path: tuple[str, ...], content: Content) -> None:
        self._keys(entry, path, _HEALTH)
        group, kind = self._text(entry, path, "group"), self._text(entry, path, "kind", needed=True)
        wanted = {"current": "bool", "failed": "bool", "message": "string"}
        compiled = {name: self._expression(entry, path, name, wants) for name, wants in wanted.items()}
        if not isinstance(entry.get("current"), str):
            self._wrong(path, "a rule for health needs `current`, an expression in CEL")
        if (group, kind) == ("", "Secret") and "message" in entry:
            self._wrong((*path, "message"), "a rule for Secrets cannot have a message: it could show their values")
        if (group, kind) in content.health:
            self._wrong(path, f"there is a rule for the health of {kind} already: {content.health[group, kind].place}")
        if (current := compiled["current"]) and kind:
            place = f"{self._name}:{self._line(path)}"
            content.health[group, kind] = OwnRule(place, current, compiled["failed"], compiled["message"])

    def _expression(self, entry: Body, path: tuple[str, ...], name: str, wants: str) -> cel.Expression | None:
        text = self._text(entry, path, name)
        if not text:
            return None
        try:
            return cel.compiled(text, wants=wants)
        except cel.Misspelt as error:
            self._wrong((*path, name), f"{name}: {error}")
        except cel.NotInstalled as error:
            raise UsageError(
                f"{self._name}:{self._line((*path, name))}: rules in CEL need a package that is not there: {error}",
                hint=cel.INSTALL,
            ) from error
        return None

    def _ignore(self, entry: Body, path: tuple[str, ...], content: Content) -> None:
        self._keys(entry, path, _IGNORE)
        kind = self._text(entry, path, "kind", needed=True)
        reason, owner = (self._text(entry, path, name, needed=True) for name in ("reason", "owner"))
        expires = self._text(entry, path, "expires")
        try:
            expires = date.fromisoformat(expires).isoformat() if expires else ""
        except ValueError:
            self._wrong((*path, "expires"), f"expires is {expires!r}, which is no day such as 2027-03-31")
            expires = ""
        fields = self._list(entry, path, "paths", patterns.parse)
        managers = self._list(entry, path, "managers", str)
        if fields is None and managers is None:
            self._wrong(path, "a rule names `paths`, `managers` or both: it ignores fields, and no whole object")
        scope = Scope(
            group=self._text(entry, path, "group") if "group" in entry else "*",
            kind=kind,
            namespace=self._text(entry, path, "namespace") or "*",
            name=self._text(entry, path, "name") or "*",
            fields=fields,
            managers=managers,
        )
        content.ignore.append((IgnoreRule(f"{self._name}:{self._line(path)}", reason, owner, expires), scope))

    def _list(self, entry: Body, path: tuple[str, ...], name: str, read: Callable[[str], Any]) -> Any:
        values = entry.get(name)
        if values is None:
            return None
        if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
            self._wrong((*path, name), f"{name} has to be a list of texts that holds one at least")
            return ()
        found = []
        for position, value in enumerate(values):
            try:
                found.append(read(value))
            except ValueError as error:
                self._wrong((*path, name, str(position)), f"{value!r} in {name}: {error}")
        return tuple(found)

    def _text(self, entry: Body, path: tuple[str, ...], name: str, *, needed: bool = False) -> str:
        value = entry.get(name, "")
        if not isinstance(value, str):
            self._wrong((*path, name), f"{name} has to be a text")
            return ""
        if needed and not value.strip():
            self._wrong((*path, name) if name in entry else path, f"a rule needs {name}")
        return value

    def _keys(self, entry: Body, path: tuple[str, ...], known: tuple[str, ...]) -> None:
        for key in entry.keys() - set(known):
            self._wrong((*path, str(key)), f"there is no {key!r} here, only {', '.join(known)}")

    def _wrong(self, path: tuple[str, ...], message: str) -> None:
        self.problems.append((self._line(path), message))

    def _line(self, path: tuple[str, ...]) -> int:
        return self._at.get(path) or (self._line(path[:-1]) if path else 1)
