"""From what people type to the object they mean: `deploy/api`, `deployments.apps/api`, a bare name, or the whole ref.

Kinds are named as kubectl knows them: by kind, plural, or short name, with the group after a dot where it takes that.
Must not guess: where several objects are meant, all of them are named.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, TypeAlias

from rebuild.graph.index import key_of
from rebuild.model.errors import UsageError
from rebuild.model.kinds import Kinds
from rebuild.model.objects import Body, dig, dig_list
from rebuild.model.refs import Ref

ShortNames: TypeAlias = Mapping[str, tuple[str, str]]
"""Group and kind by the abbreviation."""

SHORT_NAMES: ShortNames = {
    "cm": ("", "ConfigMap"),
    "cj": ("batch", "CronJob"),
    "crd": ("apiextensions.k8s.io", "CustomResourceDefinition"),
    "crds": ("apiextensions.k8s.io", "CustomResourceDefinition"),
    "csr": ("certificates.k8s.io", "CertificateSigningRequest"),
    "deploy": ("apps", "Deployment"),
    "ds": ("apps", "DaemonSet"),
    "ep": ("", "Endpoints"),
    "hpa": ("autoscaling", "HorizontalPodAutoscaler"),
    "ing": ("networking.k8s.io", "Ingress"),
    "limits": ("", "LimitRange"),
    "netpol": ("networking.k8s.io", "NetworkPolicy"),
    "no": ("", "Node"),
    "ns": ("", "Namespace"),
    "pc": ("scheduling.k8s.io", "PriorityClass"),
    "pdb": ("policy", "PodDisruptionBudget"),
    "po": ("", "Pod"),
    "pv": ("", "PersistentVolume"),
    "pvc": ("", "PersistentVolumeClaim"),
    "quota": ("", "ResourceQuota"),
    "rc": ("", "ReplicationController"),
    "rs": ("apps", "ReplicaSet"),
    "sa": ("", "ServiceAccount"),
    "sc": ("storage.k8s.io", "StorageClass"),
    "sts": ("apps", "StatefulSet"),
    "svc": ("", "Service"),
    "vac": ("storage.k8s.io", "VolumeAttributesClass"),
}
"""What a control plane's discovery offers for its own kinds."""
_TOLD = 8
"""Candidates that are told: who sees eight can narrow it down."""


class ObjectUnknown(UsageError):
    """Nothing that was declared has this name."""

    code: ClassVar[str] = "object-unknown"


class KindUnknown(UsageError):
    """No kind, or more than one, is called so."""

    code: ClassVar[str] = "kind-unknown"


class NameAmbiguous(UsageError):
    """Several objects have this name."""

    code: ClassVar[str] = "name-ambiguous"


def short_names(definitions: Iterable[Body]) -> ShortNames:
    """The abbreviations of Kubernetes' own kinds, and those that CustomResourceDefinitions add."""
    own: dict[str, tuple[str, str]] = {}
    for body in definitions:
        group, kind = dig(body, "spec", "group"), dig(body, "spec", "names", "kind")
        for short in dig_list(body, "spec", "names", "shortNames"):
            if isinstance(group, str) and isinstance(kind, str) and isinstance(short, str):
                own[short] = group, kind
    return {**own, **SHORT_NAMES}


def find(text: str, refs: Iterable[Ref], *, namespace: str, kinds: Kinds, shorts: ShortNames = SHORT_NAMES) -> Ref:
    """The object that a text means.

    Args:
        text: `kind/name`, a name alone, or what `str(ref)` writes.
        refs: the objects to choose from.
        namespace: only objects in it are meant; nothing means all.
        kinds: the plurals.
        shorts: the abbreviations.

    Raises:
        ObjectUnknown: when none is meant; the nearest names are told.
        NameAmbiguous: when several are.
    """
    known = sorted((ref for ref in refs if namespace in ("", ref.namespace)), key=key_of)
    word, _, name = text.rpartition("/")
    meant = [ref for ref in known if str(ref) == text] or [
        ref for ref in known if ref.name == name and (not word or word.lower() in _words(ref, kinds, shorts))
    ]
    if len(meant) == 1:
        return meant[0]
    place = f" in namespace {namespace!r}" if namespace else ""
    if meant:
        raise NameAmbiguous(
            f"{text!r} names {len(meant)} objects{place}: {_listed(meant)}",
            hint="add -n NAMESPACE, put the kind before the name, or write one of them out",
        )
    near = _nearest(text, known)
    raise ObjectUnknown(
        f"no object is named {text!r}{place}",
        hint=f"did you mean {_listed(near)}?" if near else "`rebuild plan -o json` lists all objects",
    )


def find_kind(word: str, kinds: Kinds, shorts: ShortNames = SHORT_NAMES) -> tuple[str, str]:
    """The group and kind that a word means: `Deployment`, `deploy`, `deployments.apps`.

    Raises:
        KindUnknown: when no kind of the target or of the source is called so, or several are.
    """
    meant = [
        (each.group, each.kind)
        for each in kinds
        if word.lower() in _words(Ref(each.group, each.kind, "", ""), kinds, shorts)
    ]
    if len(meant) == 1:
        return meant[0]
    if meant:
        named = ", ".join(f"{kind.lower()}.{group}" if group else kind.lower() for group, kind in sorted(meant))
        raise KindUnknown(f"{word!r} means {len(meant)} kinds", hint=f"write one of {named}")
    near = difflib.get_close_matches(word.lower(), (each.kind.lower() for each in kinds), n=3, cutoff=0.6)
    raise KindUnknown(
        f"no kind is called {word!r}",
        hint=f"did you mean {', '.join(near)}?" if near else "name it as kubectl does, such as deployment or job.batch",
    )


def _words(ref: Ref, kinds: Kinds, shorts: ShortNames) -> Iterator[str]:
    kind = kinds.of(ref)
    simple = {ref.kind.lower(), kind.plural if kind else f"{ref.kind.lower()}s"}
    simple |= {short for short, group_kind in shorts.items() if group_kind == ref.group_kind}
    for word in simple:
        yield word
        yield f"{word}.{ref.group}"


def _nearest(text: str, known: list[Ref]) -> list[Ref]:
    """Those that are written most like it, as kind and name or as a name alone."""
    written: dict[str, Ref] = {}
    for ref in reversed(known):
        written[ref.name] = ref
        written[f"{ref.kind.lower()}/{ref.name}"] = ref
    near = difflib.get_close_matches(text.lower(), written, n=3, cutoff=0.6)
    return list(dict.fromkeys(written[each] for each in near))


def _listed(refs: list[Ref]) -> str:
    more = f" and {len(refs) - _TOLD} more" if len(refs) > _TOLD else ""
    return ", ".join(map(str, refs[:_TOLD])) + more
