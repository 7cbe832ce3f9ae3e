"""Whatever a repository writes where admission is configured, there is a graph."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rebuild.graph.build import build
from rebuild.model.objects import Body, Origin
from tests.graph import reading

API = "admissionregistration.k8s.io/v1"
KEYS = (
    *("apiGroups", "apiVersions", "operations", "resources", "scope", "rules"),
    *("resourceNames", "resourceRules", "excludeResourceRules", "matchPolicy", "namespaceSelector", "objectSelector"),
    *("matchLabels", "matchExpressions", "key", "operator", "values", "matchConditions"),
    *("expression", "name", "namespace", "clientConfig", "service", "caBundle"),
    *("url", "failurePolicy", "policyName", "paramRef", "paramKind", "apiVersion"),
    *("kind", "selector", "parameterNotFoundAction", "validationActions", "matchConstraints", "matchResources"),
    *("labels", "conversion", "webhook", "strategy"),
    *("group", "names", "plural", "versions", "served", "storage"),
)
WORDS = st.sampled_from(["", "*", "*/*", "pods", "CREATE", "v1", "Deny", "Webhook", "Fail", "NotIn", "Z/", "\0"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | WORDS | st.text(max_size=5)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
KINDS = [
    (API, "MutatingWebhookConfiguration", "webhooks"),
    (API, "ValidatingWebhookConfiguration", "webhooks"),
    (API, "MutatingAdmissionPolicy", "spec"),
    (API, "MutatingAdmissionPolicyBinding", "spec"),
    (API, "ValidatingAdmissionPolicy", "spec"),
    (API, "ValidatingAdmissionPolicyBinding", "spec"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "spec"),
    ("v1", "Namespace", "metadata"),
    ("v1", "Pod", "spec"),
    ("v1", "Service", "spec"),
    ("apps/v1", "StatefulSet", "spec"),
]


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """One object of a kind that matters here, with anything at all where it matters."""
    api, kind, place = draw(st.sampled_from(KINDS))
    body: Body = {"apiVersion": api, "kind": kind, "metadata": {"name": draw(st.sampled_from(["a", "b"]))}}
    content = draw(st.lists(ANYTHING, max_size=3) if place == "webhooks" else ANYTHING)
    if place == "metadata":
        body["metadata"]["labels"] = content
    else:
        body[place] = content
    return body


def definitions() -> st.SearchStrategy[Body]:
    """A definition that is whole but for its names, which may be anything."""
    names = WORDS | ANYTHING
    versions = st.lists(st.fixed_dictionaries({"name": names, "served": st.just(True), "storage": names}), max_size=2)
    kind = st.fixed_dictionaries({"kind": names, "plural": names})
    spec = st.fixed_dictionaries({"group": names, "names": kind, "versions": versions, "conversion": ANYTHING})
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "c"}}
    return spec.map(lambda value: {**head, "spec": value})


@settings(deadline=None, max_examples=200)
@given(st.lists(bodies() | definitions(), max_size=8))
def test_nonsense_makes_a_graph_and_no_exception(found: list[Body]) -> None:
    manifests = [reading.manifest(body, Origin("all.yaml", line)) for line, body in enumerate(found)]
    graph = build(reading.of(manifests))
    assert all(str(finding) for finding in graph.findings)
