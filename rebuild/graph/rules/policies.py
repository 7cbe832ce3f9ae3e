"""A binding puts a policy into effect, and one whose parameters are missing refuses every write that it covers, if it
says so (`parameterNotFoundAction: Deny`). So does a policy whose kind of parameters is not served.

A binding without its policy does nothing, so that is mere order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rebuild.graph.admission import interceptors
from rebuild.graph.admission.matching import ADMISSION
from rebuild.graph.fields import pairs, text
from rebuild.graph.index import Index
from rebuild.graph.selectors import matches
from rebuild.model.edges import Edge, Gate, Strength
from rebuild.model.objects import Body, Manifest, dig
from rebuild.model.refs import Ref


def edges_from(index: Index) -> Iterator[Edge]:
    """Binding -> policy, EXISTS, soft; -> its parameters, EXISTS, hard if it denies without them, else soft.

    Policy -> the CustomResourceDefinition of its kind of parameters, SERVED, hard if it fails closed, else soft.
    """
    definitions = {(kind.group, kind.kind): crd for kind, crd in index.crds()}
    for binding_kind, policy_kind in interceptors.POLICY_OF.items():
        for binding in index.of_kind(ADMISSION, binding_kind):
            yield from _of_binding(index, binding)
        for policy in index.of_kind(ADMISSION, policy_kind):
            crd = definitions.get(_kind_of_parameters(policy))
            if crd:
                closed = text(policy.body, "spec", "failurePolicy") != "Ignore"
                strength = Strength.HARD if closed else Strength.SOFT
                why = "its parameters are of the kind that it defines"
                yield Edge(policy.ref, crd, Gate.SERVED, strength, why, "policies")


def _of_binding(index: Index, binding: Manifest) -> Iterator[Edge]:
    policy = interceptors.policy_of(index, binding)
    if policy is None:
        return
    yield Edge(binding.ref, policy.ref, Gate.EXISTS, Strength.SOFT, "puts this policy into effect", "policies")
    reference = dig(binding.body, "spec", "paramRef")
    denies = text(reference, "parameterNotFoundAction") == "Deny"
    strength = Strength.HARD if denies else Strength.SOFT
    why = "refuses what it covers without these parameters" if denies else "takes its parameters from it"
    for parameters in _parameters(index.of_kind(*_kind_of_parameters(policy)), reference):
        yield Edge(binding.ref, parameters, Gate.EXISTS, strength, why, "policies")


def _kind_of_parameters(policy: Manifest) -> tuple[str, str]:
    kind = dig(policy.body, "spec", "paramKind")
    return text(kind, "apiVersion").rpartition("/")[0], text(kind, "kind")


def _parameters(candidates: Iterable[Manifest], reference: Body | None) -> Iterator[Ref]:
    """The declared objects that a `paramRef` means: by name or by selector, in one namespace or in any."""
    name, namespace = text(reference, "name"), text(reference, "namespace")
    for item in candidates:
        labels = pairs(item.body, "metadata", "labels")
        named = item.ref.name == name if name else matches(labels, dig(reference, "selector"))
        if named and namespace in ("", item.ref.namespace):
            yield item.ref
