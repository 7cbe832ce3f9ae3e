"""What Argo CD is told to ignore: `ignoreDifferences` of an Application, and those of the whole system in argocd-cm.

Source: argo-cd/docs/user-guide/diffing.md. Those of an Application are taken to be about objects in the namespace that
it deploys to, unless they name another one, and about cluster-scoped ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from rebuild.manifests import loader
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding
from rebuild.model.objects import Body, Manifest, dig, dig_list, dig_maps
from rebuild.plan.imported import jq, making
from rebuild.plan.imported.making import Read
from rebuild.verify.ignoring import Scope
from rebuild.verify.patterns import Pattern

_SYSTEM = "resource.customizations.ignoreDifferences."


def rules(blueprint: Blueprint) -> Iterator[Read]:
    """The rules that the declared objects of Argo CD hold."""
    for item in blueprint.of_kind("argoproj.io", "Application"):
        owner = f"Argo CD Application {item.ref.namespace}/{item.ref.name}"
        target = _text(dig(item.body, "spec", "destination", "namespace"))
        for position, entry in enumerate(dig_maps(item.body, "spec", "ignoreDifferences")):
            namespace = _text(entry.get("namespace")) or target
            only = frozenset(m.ref for m in blueprint if not namespace or m.ref.namespace in ("", namespace))
            scope = Scope(
                group=_text(entry.get("group")),
                kind=_text(entry.get("kind")) or "*",
                name=_text(entry.get("name")) or "*",
                only=only,
            )
            yield from _read(item, f"spec.ignoreDifferences[{position}]", entry, scope, owner)
    for item in blueprint.of_kind("", "ConfigMap"):
        if item.ref.name == "argocd-cm":
            yield from _of_system(item)


def _of_system(item: Manifest) -> Iterator[Read]:
    owner = f"Argo CD ConfigMap {item.ref.namespace}/{item.ref.name}"
    data = dig(item.body, "data")
    for key, text in (data if isinstance(data, dict) else {}).items():
        if not key.startswith(_SYSTEM) or not isinstance(text, str):
            continue
        what = f"data[{key}]"
        documents = list(loader.documents(text.encode(errors="replace")))
        entry = documents[0].value if len(documents) == 1 else None
        if not isinstance(entry, dict):
            yield making.left_out(item, what, "it is not one mapping in YAML")
            continue
        kind = key.removeprefix(_SYSTEM)
        group, _, name = kind.rpartition("_")
        scope = Scope() if kind == "all" else Scope(group=group, kind=name)
        yield from _read(item, what, entry, scope, owner)


def _read(item: Manifest, what: str, entry: Body, scope: Scope, owner: str) -> Iterator[Read]:
    """Argo CD ignores what one of the pointers, expressions or managers means: a rule for fields, one for managers."""
    fields: list[Pattern] = []
    for found in _fields(item, what, entry):
        if isinstance(found, Finding):
            yield found
        else:
            fields.append(found)
    managers = tuple(name for name in dig_list(entry, "managedFieldsManagers") if isinstance(name, str))
    made = making.rule(item, what, tool="Argo CD", owner=owner)
    if fields:
        yield made, replace(scope, fields=tuple(fields))
    if managers:
        yield made, replace(scope, managers=managers)


def _fields(item: Manifest, what: str, entry: Body) -> Iterator[Pattern | Finding]:
    yield from making.pointers(item, (text for text in dig_list(entry, "jsonPointers") if isinstance(text, str)))
    for text in dig_list(entry, "jqPathExpressions"):
        pattern = jq.pattern(text) if isinstance(text, str) else None
        yield pattern or making.left_out(item, f"{what}: the jq expression {text!r}", "it is more than a path")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
