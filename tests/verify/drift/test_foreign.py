"""What others added is found by its owner; what has none, and what the API fills in, is nobody's addition."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.objects import Body
from rebuild.verify import paths, schema
from rebuild.verify.drift import foreign
from rebuild.verify.drift.defaults import Custom
from tests.verify import cases

POD: Body = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p", "namespace": "shop", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 80}]}]},
}
PORT = {"containerPort": 80, "protocol": "TCP"}


def found(declared: Body, live: Body, *, ours: str = "rebuild", custom: Custom | None = None) -> dict[str, list[str]]:
    """The paths of the additions, each with the managers that own it."""
    manifest = cases.manifest(declared)
    known = schema.builtin()
    added = foreign.additions(manifest, live, known, ours=ours, custom=custom or Custom({}))
    return {paths.render(one.path): [entry.manager for entry in one.entries] for one in added}


def live(manager: str, fields: Body, *, operation: str = "Update", **changes: Any) -> Body:
    """The Pod with one entry of managedFields and other content."""
    entry = {"manager": manager, "operation": operation, "fieldsV1": fields}
    return {**copy.deepcopy(POD), **changes, "metadata": {**POD["metadata"], "managedFields": [entry]}}


def test_a_key_that_others_own_is_an_addition() -> None:
    body = live("kubectl-label", {"f:metadata": {"f:labels": {"f:team": {}}}})
    body["metadata"]["labels"] = {"app": "web", "team": "a", "nobodys": "b"}
    assert found(POD, body) == {"metadata.labels.team": ["kubectl-label"]}


def test_an_element_is_told_as_a_whole_and_a_field_inside_of_one_by_itself() -> None:
    key = 'k:{"name":"%s"}'
    ports: Body = {"f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {"f:name": {}}}}
    fields: Body = {
        "f:spec": {"f:containers": {key % "web": ports, key % "sidecar": {".": {}, "f:name": {}, "f:image": {}}}}
    }
    web = {"name": "web", "image": "nginx", "ports": [{**PORT, "name": "http"}]}
    body = live("k9s", fields, spec={"containers": [web, {"name": "sidecar", "image": "busybox"}]})
    assert found(POD, body) == {
        "spec.containers[name=web].ports[containerPort=80,protocol=TCP].name": ["k9s"],
        "spec.containers[name=sidecar]": ["k9s"],
    }


@pytest.mark.parametrize(("policy", "lines"), [("ClusterFirst", 0), ("Default", 1)])
def test_a_default_says_nothing_whoever_owns_it(policy: str, lines: int) -> None:
    body = live("helm", {"f:spec": {"f:dnsPolicy": {}}}, spec={**POD["spec"], "dnsPolicy": policy})
    assert len(found(POD, body)) == lines


def test_a_free_key_is_content_even_if_its_name_and_value_look_like_a_default() -> None:
    declared: Body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}}
    fields: Body = {"f:data": {".": {}, "f:restartPolicy": {}}}
    body = live("by-hand", fields, data={"restartPolicy": "Always"}, spec=None, kind="ConfigMap")
    assert found(declared, body) == {"data.restartPolicy": ["by-hand"]}


def test_raw_content_has_no_defaults_even_if_its_names_and_values_look_like_some() -> None:
    declared: Body = {"apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": POD["metadata"]}
    declared |= {"data": {"list": [{"a": 1}]}}
    added = {"restartPolicy": "Always", "list": [{"a": 1, "protocol": "TCP"}]}
    body = live("by-hand", {"f:data": {}}, data=added, spec=None)
    body |= {"apiVersion": "apps/v1", "kind": "ControllerRevision"}
    assert found(declared, body) == {"data.restartPolicy": ["by-hand"], "data.list[0].protocol": ["by-hand"]}
    body["metadata"].pop("managedFields")
    body["data"] = {**declared["data"], "empty": {}}
    assert found(declared, body) == {"data.empty": []}


def test_inside_of_an_atomic_value_that_we_applied_stands_nothing_of_others() -> None:
    tolerations = [{"key": "a", "operator": "Exists", "tolerationSeconds": 5}]
    declared = {**POD, "spec": {"tolerations": [{"key": "a", "operator": "Exists"}]}}
    fields: Body = {"f:spec": {"f:tolerations": {}}}
    ours = live("rebuild", fields, operation="Apply", spec={"tolerations": tolerations})
    others = live("kubectl-edit", fields, spec={"tolerations": tolerations})
    assert found(declared, ours) == {}
    assert found(declared, others) == {"spec.tolerations[0].tolerationSeconds": ["kubectl-edit"]}


def test_what_we_applied_once_and_the_repository_no_longer_declares_is_told() -> None:
    body = live("rebuild", {"f:spec": {"f:hostname": {}}}, operation="Apply", spec={**POD["spec"], "hostname": "old"})
    assert found(POD, body) == {"spec.hostname": ["rebuild"]}


def test_status_and_the_servers_metadata_are_nobodys_declaration() -> None:
    fields: Body = {"f:status": {"f:phase": {}}, "f:metadata": {"f:generateName": {}}}
    body = live("someone", fields, status={"phase": "Running"})
    body["metadata"] |= {"uid": "1", "generation": 3, "generateName": "p"}
    assert found(POD, body) == {}


def test_where_no_owner_was_noted_everything_undeclared_that_is_no_default_is_told() -> None:
    body = copy.deepcopy(POD)
    body["spec"] |= {"dnsPolicy": "ClusterFirst", "hostname": "h"}
    body["metadata"]["labels"]["team"] = "a"
    body["spec"]["containers"].append({"name": "sidecar", "image": "busybox"})
    assert found(POD, body) == {"metadata.labels.team": [], "spec.hostname": [], "spec.containers[name=sidecar]": []}


def test_the_keys_of_a_list_without_a_schema_are_read_from_its_owners() -> None:
    declared: Body = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": "w", "namespace": "shop"},
        "spec": {"parts": [{"name": "wheel"}]},
    }
    fields: Body = {"f:spec": {"f:parts": {'k:{"name":"wheel"}': {"f:count": {}}, 'k:{"name":"door"}': {".": {}}}}}
    body = live("k9s", fields, spec={"parts": [{"name": "wheel", "count": 4}, {"name": "door"}]})
    body |= {"apiVersion": "example.com/v1", "kind": "Widget"}
    assert found(declared, body) == {"spec.parts[name=wheel].count": ["k9s"], "spec.parts[name=door]": ["k9s"]}


@pytest.mark.parametrize(("paused", "lines"), [(False, 0), (True, 1)])
def test_the_default_of_a_custom_resource_is_what_its_definition_says(paused: bool, lines: int) -> None:
    properties = {"spec": {"type": "object", "properties": {"paused": {"type": "boolean", "default": False}}}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}}}
    custom = Custom.of([{"spec": {"group": "example.com", "names": {"kind": "Widget"}, "versions": [version]}}])
    declared: Body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "shop"}}
    body = live("helm", {"f:spec": {"f:paused": {}}}, spec={"paused": paused}, kind="Widget")
    assert len(found(declared, body, custom=custom)) == lines


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdefkiv.:"), inner, max_size=4),
    max_leaves=15,
)
NAMES = st.sampled_from(
    ("metadata", "spec", "containers", "name", "ports", "data", "f:spec", "f:containers", 'k:{"name":"a"}', "v:1", ".")
)
BODIES = st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=3), max_size=4)


@given(BODIES, BODIES, BODIES)
def test_no_object_and_no_owners_are_too_odd_to_be_walked(declared: Body, body: Body, fields: Body) -> None:
    frame = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}}
    entries = [{"manager": "m", "fieldsV1": fields}, {"manager": "n", "fieldsV1": body}, {"manager": 1, "fieldsV1": []}]
    odd = {**body, **frame, "metadata": {**frame["metadata"], "managedFields": entries}}  # type: ignore[dict-item]
    found({**declared, **frame}, odd)


def test_an_object_of_thousands_of_owned_elements_takes_a_moment() -> None:
    """A look-up in each element's owners alone, and not in all owners for each element."""
    count = 4000
    env = [{"name": f"v{number}", "value": "x"} for number in range(count)]
    owned: Body = {f'k:{{"name":"v{number}"}}': {".": {}, "f:name": {}, "f:value": {}} for number in range(count)}
    fields: Body = {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:env": owned}}}}
    body = live("k9s", fields, spec={"containers": [{"name": "web", "image": "nginx", "env": env}]})
    assert len(found(POD, body)) == count


@pytest.mark.parametrize(("labels", "spec"), [({"app": "web", "empty": ""}, {"volumes": [], "securityContext": None})])
def test_where_no_owner_was_noted_an_empty_field_says_nothing_and_an_empty_key_is_content(
    labels: Body, spec: Body
) -> None:
    body = copy.deepcopy(POD)
    body["metadata"]["labels"] = labels
    body["spec"] |= spec
    assert found(POD, body) == {"metadata.labels.empty": []}


def test_a_default_inside_of_the_default_of_what_is_around_it_says_nothing() -> None:
    nested = {"type": "object", "default": {"a": "one"}, "additionalProperties": {"type": "string"}}
    properties = {"spec": {"type": "object", "properties": {"nested": nested}}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}}}
    custom = Custom.of([{"spec": {"group": "example.com", "names": {"kind": "Widget"}, "versions": [version]}}])
    declared: Body = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "shop"}}
    fields: Body = {"f:spec": {"f:nested": {"f:a": {}, "f:b": {}}}}
    body = live("helm", fields, spec={"nested": {"a": "one", "b": "two"}}, kind="Widget")
    assert found(declared, body, custom=custom) == {"spec.nested.b": ["helm"]}
