"""A binding puts a policy into effect, and one whose parameters are missing refuses every write that it covers, if it
says so (`parameterNotFoundAction: Deny`). So does a policy whose kind of parameters is not served.

A binding without its policy does nothing, so that is mere order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from rebuild.graph.admission import interceptors
from rebuild.graph.admission.matching import ADMISSION
from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.graph.selectors import matches
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig
from rebuild.model.refs import Ref


def edges_from(index: Index) -> Iterator[Edge]:
    """Binding -> policy, EXISTS, soft; -> its parameters, EXISTS, hard if it denies without them, else soft.

    Policy -> the CustomResourceDefinition of its kind of parameters, SERVED, hard if it fails closed, else soft.
    """
    definitions = {(kind.group, kind.kind): crd for kind, crd in index.crds()}
    for kind in interceptors.POLICY_OF.values():
        for policy in index.of_kind(ADMISSION, kind):
            crd = definitions.get(_kind_of_parameters(policy))
            if crd:
                closed = text(policy.body, "spec", "failurePolicy") != "Ignore"
                strength = Strength.HARD if closed else Strength.SOFT
                why = "its parameters are of the kind that it defines"
                yield Edge(policy.ref, crd, Gate.SERVED, strength, why, "policies")
    for bound in _bindings(index):
        binding = bound.binding.ref
        yield Edge(binding, bound.policy.ref, Gate.EXISTS, Strength.SOFT, "puts this policy into effect", "policies")
        strength = Strength.HARD if bound.denies_without else Strength.SOFT
        why = "refuses what it covers without these parameters" if bound.denies_without else "takes parameters from it"
        for each in bound.parameters:
            yield Edge(binding, each, Gate.EXISTS, strength, why, "policies")


def findings_from(index: Index) -> Iterator[Finding]:
    """Warning: a binding that denies without its parameters, and nobody declares the ones that it names."""
    for bound in _bindings(index):
        if bound.denies_without and bound.name and not bound.parameters:
            binding = bound.binding
            wanted = f"{_kind_of_parameters(bound.policy)[1]} {bound.name}"
            yield Finding(
                "policy-without-parameters",
                Severity.WARNING,
                f"{binding.ref}: its policy takes its parameters from {wanted}, which is not declared: "
                "every write that it covers would be refused",
                binding.ref,
                binding.origin,
                "declare the parameters, or let the binding allow what has none",
            )


class _Bound(Struct, frozen=True):
    """A binding with the declared policy that it puts into effect."""

    binding: Manifest
    policy: Manifest
    name: str
    """Of its parameters; empty where it selects them or has none."""
    denies_without: bool
    parameters: list[Ref]


def _bindings(index: Index) -> Iterator[_Bound]:
    shelves: dict[tuple[str, str], _Parameters] = {}
    for kind in interceptors.POLICY_OF:
        for binding in index.of_kind(ADMISSION, kind):
            policy = interceptors.policy_of(index, binding)
            if policy:
                reference = dig(binding.body, "spec", "paramRef")
                wanted = _kind_of_parameters(policy)
                if wanted not in shelves:
                    shelves[wanted] = _Parameters(index.of_kind(*wanted))
                denies = text(reference, "parameterNotFoundAction") == "Deny"
                found = shelves[wanted].of(reference)
                yield _Bound(binding, policy, text(reference, "name"), denies, found)


def _kind_of_parameters(policy: Manifest) -> tuple[str, str]:
    kind = dig(policy.body, "spec", "paramKind")
    return text(kind, "apiVersion").rpartition("/")[0], text(kind, "kind")


class _Parameters:
    """The declared objects of one kind of parameters, so arranged that a binding looks at those that it may mean."""

    def __init__(self, items: Iterable[Manifest]) -> None:
        self._items = tuple(items)
        self._named: dict[str, list[Manifest]] = defaultdict(list)
        self._labelled: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
        for item in self._items:
            self._named[item.ref.name].append(item)
            for label in pairs(item.body, "metadata", "labels").items():
                self._labelled[label].append(item)

    def of(self, reference: Any) -> list[Ref]:
        """What a `paramRef` means: by name or by selector, in one namespace or in any."""
        name, namespace = text(reference, "name"), text(reference, "namespace")
        candidates = self._named.get(name, ()) if name else self._selected(dig(reference, "selector"))
        return [item.ref for item in candidates if namespace in ("", item.ref.namespace)]

    def _selected(self, selector: Any) -> list[Manifest]:
        buckets: list[Sequence[Manifest]] = [
            self._labelled.get(label, ()) for label in pairs(selector, "matchLabels").items()
        ]
        candidates = min(buckets, key=len, default=self._items)
        return [item for item in candidates if matches(pairs(item.body, "metadata", "labels"), selector)]
