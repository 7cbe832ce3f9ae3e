"""The declared objects, arranged once so that every rule stays near linear in their number.

It answers four questions: is this object declared, which pods will the declared workloads make, who stands
behind a Service, and what does a declared definition say about a custom resource. Must not decide on edges: that
is what the rules are for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeVar, cast

from msgspec import Struct

from rebuild.graph import embedded
from rebuild.graph.fields import pairs, text
from rebuild.graph.pods import Use, containers_of, uses_of
from rebuild.graph.shelf import Shelf
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, dig, dig_maps
from rebuild.model.refs import Ref

TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "Pod"): (),
    ("", "ReplicationController"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): ("spec", "template"),
}
"""Where the kinds that make pods keep the pod's metadata and spec. A PodTemplate object makes no pods."""

_RUN_TO_COMPLETION = frozenset({("batch", "CronJob"), ("batch", "Job")})
"""Their pods end: none of them is a backend, even where a chart gives them the labels of one."""

Answer = TypeVar("Answer")

_CRD = ("apiextensions.k8s.io", "CustomResourceDefinition")


class Workload(Struct, frozen=True):
    """A declared object that makes pods (or is one), with what it says about them."""

    ref: Ref
    labels: dict[str, str]
    """The labels of the pods, not those of the workload itself: Services and budgets select pods."""
    pod: Body
    """The pod spec."""

    @classmethod
    def of(cls, item: Manifest) -> Workload | None:
        """What an object says about the pods that it makes, or None where it makes none."""
        path = TEMPLATES.get(item.ref.group_kind)
        template = None if path is None else dig(item.body, *path)
        pod = dig(template, "spec")
        return cls(item.ref, pairs(template, "metadata", "labels"), pod) if isinstance(pod, dict) else None

    @property
    def containers(self) -> Iterator[Body]:
        """The containers of the pod, those of all three sorts."""
        return containers_of(self.pod)

    @property
    def named_service_account(self) -> str:
        """The ServiceAccount that the pod spec names, if any (`serviceAccount` is the deprecated alias)."""
        return text(self.pod, "serviceAccountName") or text(self.pod, "serviceAccount")

    @property
    def service_account(self) -> str:
        """The ServiceAccount that the pods run as: admission fills in `default` where none is named."""
        return self.named_service_account or "default"


class Index:
    """Immutable lookups over one blueprint. All it gives is in ref order, whatever the files' order was."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.kinds = blueprint.kinds
        # By tuples, which are hashed and compared faster than refs: rules ask many times for each object.
        keyed = [(key_of(item.ref), item) for item in blueprint]
        keyed.sort(key=itemgetter(0))
        self._declared = dict(keyed)
        self._by_kind: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
        self._by_place: dict[tuple[str, str, str], list[Manifest]] = defaultdict(list)
        self._by_name: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
        self._annotated: dict[str, list[Manifest]] = defaultdict(list)
        self._worked_out: dict[Callable[[Index], object], object] = {}
        for (group, name_of_kind, namespace, name), item in keyed:
            self._by_kind[group, name_of_kind].append(item)
            self._by_place[namespace, group, name_of_kind].append(item)
            self._by_name[name_of_kind, namespace, name].append(item.ref)
            for key in _annotation_keys(item):
                self._annotated[key].append(item)
        self.workloads = tuple(self._read_workloads())
        in_namespace: dict[str, list[Workload]] = defaultdict(list)
        for workload in self.workloads:
            in_namespace[workload.ref.namespace].append(workload)
        self._shelves = {name: Shelf((each.labels, each) for each in here) for name, here in in_namespace.items()}
        self._crds = [(kind, item) for item in self.of_kind(*_CRD) if (kind := kinds.from_crd(item.body))]
        self._schemas = dict(self._read_schemas())
        self.embedded = tuple(self._read_embedded())
        """The pod templates inside of custom resources, whose operators will make pods of them in their own time."""

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self._declared.values())

    def of_kind(self, group: str, kind: str) -> Iterable[Manifest]:
        """The declared objects of one kind."""
        return self._by_kind.get((group, kind), ())

    def of_kind_in(self, namespace: str, group: str, kind: str) -> Iterable[Manifest]:
        """The declared objects of one kind in one namespace."""
        return self._by_place.get((namespace, group, kind), ())

    def get(self, ref: Ref) -> Manifest | None:
        """The declaration of an object, whatever version the ref was written in."""
        return self._declared.get(key_of(ref))

    def find(self, group: str, kind: str, namespace: str, name: str) -> Ref | None:
        """The ref of a declared object, in the version that it is declared in."""
        item = self._declared.get((group, kind, namespace, name))
        return item.ref if item else None

    def annotated(self, *keys: str) -> Iterable[Manifest]:
        """The declared objects with one of these annotations, whatever its value is."""
        found = [self._annotated[key] for key in keys if key in self._annotated]
        if len(found) < 2:
            return found[0] if found else ()
        return sorted({id(item): item for items in found for item in items}.values(), key=lambda item: key_of(item.ref))

    def annotations(self) -> Iterable[str]:
        """The keys of all annotations of declared objects."""
        return self._annotated.keys()

    def once(self, work_out: Callable[[Index], Answer]) -> Answer:
        """What somebody works out of these objects, for all that ask; it must not be changed."""
        if work_out not in self._worked_out:
            self._worked_out[work_out] = work_out(self)
        return cast("Answer", self._worked_out[work_out])

    def named(self, kind: str, namespace: str, name: str) -> Iterable[Ref]:
        """The declared objects of this kind and name, whatever their group."""
        return self._by_name.get((kind, namespace, name), ())

    def crds(self) -> Iterator[tuple[Kind, Ref]]:
        """What each declared CustomResourceDefinition defines; incomplete definitions define nothing."""
        return ((kind, item.ref) for kind, item in self._crds)

    def custom(self) -> Iterator[Manifest]:
        """The declared objects of kinds that Kubernetes itself does not have."""
        builtin = kinds.builtin()
        for (group, kind), items in self._by_kind.items():
            if builtin.get(group, kind) is None:
                yield from items

    def schema_of(self, ref: Ref) -> Body | None:
        """The schema of a custom resource in its version, or None where no declared definition has one."""
        return self._schemas.get((ref.group, ref.kind, ref.version))

    def workloads_matching(self, namespace: str, selector: Any) -> list[Workload]:
        """The workloads of a namespace whose pods a `metav1.LabelSelector` selects."""
        shelf = self._shelves.get(namespace)
        return shelf.matching(selector) if shelf else []

    def workloads_with(self, namespace: str, wanted: Mapping[str, str]) -> list[Workload]:
        """The workloads of a namespace whose pods carry all the wanted labels; none when none is wanted."""
        return self.workloads_matching(namespace, {"matchLabels": wanted}) if wanted else []

    def behind_service(self, namespace: str, name: str) -> list[Ref]:
        """A declared Service and the declared workloads whose pods will be its endpoints.

        Empty when the Service is not declared. A Service without a selector, or of type ExternalName (which
        ignores its selector), has no workload behind it.
        """
        service = self.get(Ref("", "Service", namespace, name))
        if service is None:
            return []
        if dig(service.body, "spec", "type") == "ExternalName":
            return [service.ref]
        backends = self.workloads_with(namespace, pairs(service.body, "spec", "selector"))
        return [service.ref, *(w.ref for w in backends if w.ref.group_kind not in _RUN_TO_COMPLETION)]

    @cached_property
    def uses(self) -> tuple[tuple[Workload, tuple[Use, ...]], ...]:
        """The workloads, each with all that its pod spec names."""
        return tuple((workload, tuple(uses_of(workload.pod))) for workload in self.workloads)

    def _read_workloads(self) -> Iterator[Workload]:
        for item in self:
            if workload := Workload.of(item):
                yield workload

    def _read_embedded(self) -> Iterator[Workload]:
        for item in self.custom():
            for node in embedded.pod_specs_in(item, self.schema_of(item.ref)):
                yield Workload(item.ref, pairs(node.parent, "metadata", "labels"), node.value)

    def _read_schemas(self) -> Iterator[tuple[tuple[str, str, str], Body]]:
        for kind, item in self._crds:
            for version in dig_maps(item.body, "spec", "versions"):
                schema = dig(version, "schema", "openAPIV3Schema")
                if isinstance(schema, dict):
                    yield (kind.group, kind.kind, text(version, "name")), schema


def _annotation_keys(item: Manifest) -> Iterable[str]:
    metadata = item.body.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else ()


def key_of(ref: Ref) -> tuple[str, str, str, str]:
    """The sort key of a ref: what its own comparison does, without building two tuples per comparison."""
    return ref.group, ref.kind, ref.namespace, ref.name
