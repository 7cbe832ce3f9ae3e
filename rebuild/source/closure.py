"""All kustomizations that one kustomization builds on, and every reason not to run kustomize, found before it runs.

The walk ends on every input: a folder is entered once, however often it is named.
"""

from __future__ import annotations

import posixpath

from msgspec import Struct, field

from rebuild.model.findings import Finding
from rebuild.model.objects import Origin
from rebuild.source import findings, kustomization, paths
from rebuild.source import store as stores
from rebuild.source.kustomization import FILE_NAMES, Entry, Kustomization
from rebuild.source.store import Kind, Store

MOST_KUSTOMIZATIONS = 1000


class Closure(Struct):
    """What is needed to render a folder.

    Attributes:
        resources: The folder to render.
        components: The component to put on it, if one was asked for.
        folders: Each folder with a kustomization, real paths, and that kustomization.
        links: The links on the way to them.
        findings: Why it cannot be rendered (errors), and what to know about it.
        leads_out: Whether one of the reasons is that something is outside of the store.
    """

    resources: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    folders: dict[str, Kustomization] = field(default_factory=dict)
    links: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    leads_out: bool = False

    @property
    def build_metadata(self) -> tuple[str, ...]:
        """What the rendered folder asks kustomize to note in the objects."""
        return self.folders[(self.components or self.resources)[0]].build_metadata


def file_of(store: Store, folder: str) -> str:
    """The path of the kustomization of a folder, or nothing if it has none. The first of several, as kustomize errs."""
    candidates = (f"{folder}/{name}" if folder else name for name in FILE_NAMES)
    return next((path for path in candidates if paths.look(store, path).kind is Kind.FILE), "")


def of(store: Store, folder: str) -> Closure:
    """The closure of a folder that has a kustomization; a component is put on the nearest kustomization above it."""
    closure = Closure(resources=(folder,))
    walk = _Walk(store, closure)
    walk.enter(folder)
    if not closure.folders[folder].component:
        return closure
    origin = stores.origin(store, file_of(store, folder))
    base = _above(store, folder)
    if base is None:
        closure.leads_out = True
        closure.findings.append(findings.component_alone(origin))
        return closure
    below = dict(closure.folders)
    closure.folders.clear()
    walk.enter(base)
    closure.resources, closure.components = (base,), () if folder in closure.folders else (folder,)
    closure.folders.update(below)
    closure.findings.append(findings.component_on(stores.printable(file_of(store, base)), origin))
    return closure


def _above(store: Store, folder: str) -> str | None:
    """The nearest folder above with a kustomization that is not a component."""
    while folder:
        folder = posixpath.dirname(folder)
        path = file_of(store, folder)
        if path and not kustomization.parse(_content(store, path)).component:
            return folder
    return None


def _content(store: Store, path: str) -> bytes:
    real = paths.look(store, path).path
    return store.data(real) if store.size(real) <= stores.LARGEST_FILE else b"\0"


class _Walk:
    def __init__(self, store: Store, closure: Closure) -> None:
        self._store = store
        self._closure = closure
        self._chain: list[str] = []

    def enter(self, start: str) -> None:
        """Visit a folder and all that it names, depth first; the chain from the start shows a loop as a path."""
        waiting: list[tuple[str, bool]] = [(start, False)]
        while waiting:
            folder, left = waiting.pop()
            if left:
                self._chain.pop()
                continue
            if folder in self._chain:
                loop = [*self._chain[self._chain.index(folder) :], folder]
                self._add(findings.kustomization_loop([stores.printable(f) or "." for f in loop], self._origin(folder)))
                continue
            if folder in self._closure.folders:
                continue
            if len(self._closure.folders) >= MOST_KUSTOMIZATIONS:
                self._add(findings.too_many_kustomizations(MOST_KUSTOMIZATIONS, self._origin(folder)))
                return
            self._chain.append(folder)
            waiting.append((folder, True))
            waiting.extend((name, False) for name in reversed(self._visit(folder)))

    def _visit(self, folder: str) -> list[str]:
        """Judge one kustomization; returns the folders that it builds on."""
        path = file_of(self._store, folder)
        parsed = kustomization.parse(_content(self._store, path)) if path else Kustomization()
        self._closure.folders[folder] = parsed
        if parsed.problem:
            origin = stores.origin(self._store, path, parsed.problem_line)
            self._add(findings.kustomization_unreadable(parsed.problem, origin))
        if parsed.helm:
            self._add(findings.helm_in_kustomization(parsed.helm, stores.origin(self._store, path)))
        return [found for entry in parsed.entries if (found := self._follow(folder, path, entry)) is not None]

    def _follow(self, folder: str, path: str, entry: Entry) -> str | None:
        origin = stores.origin(self._store, path, entry.line)
        if entry.is_address:
            self._add(findings.remote_base(entry.field, entry.text, origin))
            return None
        if not entry.may_be_folder:
            return None
        # kustomize joins by names first, and follows links afterwards.
        found = paths.look(self._store, posixpath.normpath(f"{folder or '.'}/{entry.text}"))
        absolute = entry.text.startswith("/")
        if found.kind is Kind.FILE and not absolute:
            return None
        if entry.may_be_repository:
            self._add(findings.remote_base(entry.field, entry.text, origin))
        elif found.kind is Kind.FOLDER and not absolute:
            self._closure.links.update(found.links)
            return found.path
        else:
            trouble = paths.OUT if absolute else found.trouble or f"is a {found.kind}"
            self._closure.leads_out |= found.trouble == paths.OUT
            self._add(findings.not_loadable(entry.field, entry.text, trouble, origin))
        return None

    def _origin(self, folder: str) -> Origin:
        return stores.origin(self._store, file_of(self._store, folder))

    def _add(self, finding: Finding) -> None:
        self._closure.findings.append(finding)
