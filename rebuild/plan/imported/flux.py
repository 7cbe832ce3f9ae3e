"""What Flux is told to leave alone: `driftDetection.ignore` of a HelmRelease or Kustomization, and annotations.

Source: fluxcd/helm-controller/docs/spec/v2/helmreleases.md (drift detection) and
fluxcd/kustomize-controller/docs/spec/v1/kustomizations.md (controlling the apply behaviour). A target selects by
regular expressions that match whole names, and by labels and annotations. Of regular expressions only names with `.*`
and `|` are read: a repository may hold any, and Python's can be made to run for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding
from rebuild.model.objects import Body, Manifest, dig, dig_list, dig_maps
from rebuild.model.refs import Ref
from rebuild.plan.imported import making
from rebuild.plan.imported.making import Read
from rebuild.verify import patterns
from rebuild.verify.ignoring import Scope
from rebuild.verify.patterns import Pattern

_KINDS = (("helm.toolkit.fluxcd.io", "HelmRelease"), ("kustomize.toolkit.fluxcd.io", "Kustomization"))
_LEFT_ALONE = (
    ("kustomize.toolkit.fluxcd.io/reconcile", ("disabled",)),
    ("kustomize.toolkit.fluxcd.io/ssa", ("IfNotPresent", "Ignore")),
    ("helm.toolkit.fluxcd.io/driftDetection", ("disabled",)),
)
"""Annotations, with the values by which Flux does not mend an object."""
_NAMES = re.compile(r"[\w.*|-]+")
_NEED = re.compile(r"\s*(?:(?P<absent>!)?(?P<key>[\w./-]+)\s*(?:(?P<sign>==|=|!=)\s*(?P<value>[\w./-]*))?)\s*")


def rules(blueprint: Blueprint) -> Iterator[Read]:
    """The rules that the declared objects hold for Flux."""
    for group_kind in _KINDS:
        for item in blueprint.of_kind(*group_kind):
            yield from _of_owner(item, blueprint)
    for item in blueprint:
        annotations = _texts(item, "annotations")
        for key, values in _LEFT_ALONE:
            if annotations.get(key) in values:
                what = f"{key}: {annotations[key]}"
                rule = making.rule(item, what, tool="Flux", owner=f"Flux annotation of {item.ref}")
                yield rule, Scope(only=frozenset({item.ref}))


def _of_owner(item: Manifest, blueprint: Blueprint) -> Iterator[Read]:
    owner = f"Flux {item.ref.kind} {item.ref.namespace}/{item.ref.name}"
    namespace = dig(item.body, "spec", "targetNamespace")
    if not namespace and item.ref.kind == "HelmRelease":
        namespace = item.ref.namespace
    for position, entry in enumerate(dig_maps(item.body, "spec", "driftDetection", "ignore")):
        what = f"spec.driftDetection.ignore[{position}]"
        try:
            selects = _selection(entry.get("target"), namespace if isinstance(namespace, str) else "")
        except ValueError as error:
            yield making.left_out(item, what, str(error))
            continue
        fields: list[Pattern] = []
        for found in making.pointers(item, (text for text in dig_list(entry, "paths") if isinstance(text, str))):
            if isinstance(found, Finding):
                yield found
            else:
                fields.append(found)
        only = frozenset(manifest.ref for manifest in blueprint if selects(manifest))
        if fields:
            rule = making.rule(item, what, tool="Flux", owner=owner)
            yield rule, Scope(only=only, fields=tuple(fields))


def _selection(target: Any, namespace: str) -> Callable[[Manifest], bool]:
    """Whom a target selects; without one every object that its owner makes.

    Raises:
        ValueError: when it cannot be read.
    """
    body: Body = target if isinstance(target, dict) else {}
    parts = [(name, _names(body, name)) for name in ("group", "version", "kind", "namespace", "name")]
    labels = _needs(body.get("labelSelector"))
    annotations = _needs(body.get("annotationSelector"))
    is_elsewhere = bool(dig(body, "namespace"))

    def selects(manifest: Manifest) -> bool:
        ref = manifest.ref
        if namespace and not is_elsewhere and ref.namespace not in ("", namespace):
            return False
        named = all(any(patterns.globbed(glob, _part(ref, name)) for glob in globs) for name, globs in parts if globs)
        return named and labels(_texts(manifest, "labels")) and annotations(_texts(manifest, "annotations"))

    return selects


def _part(ref: Ref, name: str) -> str:
    return {"group": ref.group, "version": ref.version, "kind": ref.kind, "namespace": ref.namespace}.get(
        name, ref.name
    )


def _names(body: Body, name: str) -> list[str]:
    """The alternatives of a regular expression as globs; none where nothing is asked."""
    text = body.get(name)
    if not isinstance(text, str) or not text:
        return []
    plain = text.removeprefix("^").removesuffix("$").replace("\\.", ".").replace(".*", "*")
    if not _NAMES.fullmatch(plain):
        raise ValueError(f"its {name} {text!r} is more than names with `.*` and `|`")
    return plain.split("|")


def _needs(selector: Any) -> Callable[[Mapping[str, str]], bool]:
    """A selector in the form of a text, such as `app=web,!canary`; sets (`in`, `notin`) are not read.

    Raises:
        ValueError: when it says more.
    """
    needs = []
    for part in selector.split(",") if isinstance(selector, str) and selector.strip() else ():
        found = _NEED.fullmatch(part)
        if not found or (found["absent"] and found["sign"]):
            raise ValueError(f"its selector {selector!r} is more than a list of `key=value`")
        needs.append(found)
    return lambda texts: all(_meets(texts, need) for need in needs)


def _meets(texts: Mapping[str, str], need: re.Match[str]) -> bool:
    key = need["key"]
    match need["sign"]:
        case None:
            return (key in texts) is not bool(need["absent"])
        case "!=":
            return texts.get(key) != need["value"]
        case _:
            return texts.get(key) == need["value"]


def _texts(manifest: Manifest, name: str) -> dict[str, str]:
    found = dig(manifest.body, "metadata", name)
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
