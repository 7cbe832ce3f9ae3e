"""Files to a blueprint: lists flattened, namespaces filled in, identities unique, every problem with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct, field

from rebuild.manifests import loader
from rebuild.manifests.clean import Stripped
from rebuild.manifests.document import Document
from rebuild.model import kinds as kind_table
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding, Severity
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.sources import SourceFile

SUFFIXES = (".yaml", ".yml", ".json")
"""What kubectl reads from a directory."""

Parse: TypeAlias = Callable[[bytes], Iterable[Document]]


def read(
    files: Iterable[SourceFile], *, kinds: Kinds, namespace: str = "default", parse: Parse = loader.documents
) -> Blueprint:
    """Read every object that the files declare.

    Args:
        kinds: the known kinds; the files' own CustomResourceDefinitions are added to them.
        namespace: where namespaced objects go that name no namespace.
        parse: gives the documents of a file, as `loader.documents` does.

    Returns:
        A blueprint whose findings of severity error say what stands in the way of a plan. Never raises for
        what a file says.
    """
    reader = _Reader(namespace, parse)
    declared = [found for file in files for found in reader.objects(file)]
    crds = (kind_table.from_crd(body) for body, _ in declared if body["kind"] == "CustomResourceDefinition")
    known = kinds.extended(kind for kind in crds if kind is not None)
    manifests: dict[Ref, Manifest] = {}
    for body, origin in declared:
        manifest = reader.manifest(body, origin, known)
        if manifest is None:
            continue
        first = manifests.setdefault(manifest.ref, manifest)
        if first is not manifest:
            reader.error(
                "duplicate-object",
                f"{manifest.ref} is declared here and at {first.origin}",
                origin,
                ref=manifest.ref,
                next_step="keep one of the two declarations",
            )
    return Blueprint(manifests, known, tuple(reader.findings))


class _Reader(Struct):
    namespace: str
    parse: Parse
    findings: list[Finding] = field(default_factory=list)

    def objects(self, file: SourceFile) -> Iterator[tuple[Body, Origin]]:
        """The objects of one file with lists flattened; `apiVersion` and `kind` are text in each."""
        for document in self.parse(file.data):
            for problem in document.problems:
                severity = Severity.ERROR if problem.fatal else Severity.WARNING
                code = "unreadable-yaml" if problem.fatal else "duplicate-key"
                self._add(code, severity, problem.message, file.origin(problem.line))
            if document.value is None:
                continue
            origin = file.origin(document.line)
            yield from self._flatten(document.value, origin, document.item_lines, {})

    def _flatten(
        self, value: Any, origin: Origin, item_lines: tuple[int, ...], defaults: Body
    ) -> Iterator[tuple[Body, Origin]]:
        if not isinstance(value, dict):
            self.error("not-an-object", f"a {type(value).__name__} is not a Kubernetes object", origin)
            return
        body = {**defaults, **value}
        version, kind = body.get("apiVersion"), body.get("kind")
        if version is None and kind is None:
            self._add(
                "not-kubernetes",
                Severity.INFO,
                "has neither apiVersion nor kind; not read as a Kubernetes object",
                origin,
            )
            return
        if not (isinstance(version, str) and isinstance(kind, str) and version and kind):
            self.error(
                "not-an-object",
                f"apiVersion {version!r} and kind {kind!r} have to be text",
                origin,
                next_step="write both, such as `apiVersion: v1` and `kind: ConfigMap`",
            )
            return
        if version.startswith("kustomize.config.k8s.io/"):
            self._add(
                "not-rendered",
                Severity.WARNING,
                f"a {kind} tells kustomize what to make of other files, which are read here as they stand",
                origin,
                next_step="give --path the folder of the kustomization, and it is rendered",
            )
            return
        items = body.get("items")
        if not (kind.endswith("List") and isinstance(items, list)):
            yield body, origin
            return
        # A typed list (RoleList) may leave out what its items are; a plain List may not.
        item_defaults = {} if kind == "List" else {"apiVersion": version, "kind": kind.removesuffix("List")}
        for index, item in enumerate(items):
            line = item_lines[index] if index < len(item_lines) else origin.line
            here = Origin(origin.path, line, origin.commit, origin.provenance)
            yield from self._flatten(item, here, (), item_defaults)

    def manifest(self, body: Body, origin: Origin, kinds: Kinds) -> Manifest | None:
        """One cleaned object under its full identity, or None with an error finding."""
        metadata = body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
            self._nameless(body, metadata, origin)
            return None
        namespace = metadata.get("namespace") or ""
        if not isinstance(namespace, str):
            self.error("bad-namespace", f"metadata.namespace {namespace!r} has to be text", origin)
            return None
        ref = Ref.of(body["apiVersion"], body["kind"], namespace, name)
        kind = kinds.of(ref)
        stripped = Stripped(body)
        if kind is not None:
            ref = self._placed(ref, kind.namespaced, origin)
        if ref.namespace != namespace:
            stripped.body["metadata"].pop("namespace", None)
            if ref.namespace:
                stripped.body["metadata"]["namespace"] = ref.namespace
        for code, severity, message in stripped.notes:
            self._add(code, severity, f"{ref}: {message}", origin, ref=ref)
        return Manifest(ref, stripped.body, origin)

    def _placed(self, ref: Ref, namespaced: bool, origin: Origin) -> Ref:
        if namespaced:
            return ref if ref.namespace else ref.in_namespace(self.namespace)
        if ref.namespace:
            self._add(
                "namespace-on-cluster-scoped",
                Severity.WARNING,
                f"{ref.kind} {ref.name} is not namespaced; its namespace {ref.namespace!r} is left out",
                origin,
                ref=ref,
            )
        return ref.in_namespace("")

    def _nameless(self, body: Body, metadata: Any, origin: Origin) -> None:
        generated = isinstance(metadata, dict) and metadata.get("generateName")
        if generated:
            self.error(
                "generate-name",
                f"{body['kind']} has generateName {generated!r}: each apply would make another object",
                origin,
                next_step="give it a name",
            )
        else:
            self.error("no-name", f"{body['kind']} has no metadata.name", origin, next_step="give it a metadata.name")

    def error(self, code: str, message: str, origin: Origin, *, ref: Ref | None = None, next_step: str = "") -> None:
        """Record a problem that stands in the way of a plan."""
        self._add(code, Severity.ERROR, message, origin, ref=ref, next_step=next_step)

    def _add(
        self,
        code: str,
        severity: Severity,
        message: str,
        origin: Origin,
        *,
        ref: Ref | None = None,
        next_step: str = "",
    ) -> None:
        self.findings.append(Finding(code, severity, message, ref, origin, next_step))
