"""What holds for every object, whatever its kind: properties, and which kinds are worth a watch."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rebuild.health import compute, definitions
from rebuild.health.compute import Rulebook
from rebuild.model import kinds
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.states import Health

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(["True", "False", "Unknown", "Running", "Pending", "Failed", "Bound", "OnDelete", "two\nlines"])
CONDITION = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Ready", "Available", "Progressing", "Failed", "Complete", "NamesAccepted", "Stalled"])
        | JSON,
        "status": WORDS | JSON,
        "reason": JSON,
        "message": JSON,
        "observedGeneration": JSON,
    }
)
CONTAINER = st.fixed_dictionaries(
    {
        "name": JSON,
        "restartCount": JSON,
        "state": st.dictionaries(st.sampled_from(["waiting", "terminated"]), JSON) | JSON,
    }
)
FIELDS = {
    "conditions": st.lists(CONDITION | JSON, max_size=3) | JSON,
    "containerStatuses": st.lists(CONTAINER | JSON, max_size=2) | JSON,
    "loadBalancer": st.fixed_dictionaries({"ingress": st.lists(JSON, max_size=2) | JSON}) | JSON,
    "updateStrategy": st.fixed_dictionaries({"type": WORDS | JSON, "rollingUpdate": JSON}) | JSON,
    **dict.fromkeys(("phase", "startTime", "type"), WORDS | JSON),
    **{
        name: st.integers(0, 3) | JSON
        for name in (
            "replicas",
            "readyReplicas",
            "updatedReplicas",
            "availableReplicas",
            "observedGeneration",
            "desiredNumberScheduled",
            "parallelism",
            "completions",
        )
    },
}
PARTS = st.fixed_dictionaries({}, optional=FIELDS) | JSON
WAITING = compute.Rulebook(waiting_claims=frozenset({Ref("", "PersistentVolumeClaim", "", "")}))
"""The claim without a name waits for its first consumer."""
GROUP_KINDS = st.sampled_from(sorted(compute.RULES))


@st.composite
def objects(draw: st.DrawFn) -> Body:
    """An object of a kind with a rule; spec and status look right in places and hold anything in others."""
    group, kind = draw(GROUP_KINDS)
    meta = st.fixed_dictionaries({}, optional={"generation": st.integers(0, 2) | JSON, "finalizers": JSON})
    return {
        "apiVersion": f"{group}/v1" if group else "v1",
        "kind": kind,
        "metadata": draw(meta | JSON),
        "spec": draw(PARTS),
        "status": draw(PARTS),
    }


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4) | objects(), st.booleans())
def test_any_json_object_has_a_status(body: Body, waits: bool) -> None:
    untouched = copy.deepcopy(body)
    found = (WAITING if waits else compute.BUILT_IN).status(body)
    assert found.health in set(Health) - {Health.NOT_FOUND, Health.UNKNOWN}
    assert found.message
    assert "\n" not in found.message
    assert body == untouched


@given(objects())
def test_only_a_job_and_a_definition_are_ever_beyond_recovery(body: Body) -> None:
    if compute.BUILT_IN.status(body).health is Health.FAILED:
        assert body["kind"] in {"Job", "CustomResourceDefinition"}


@given(objects())
def test_an_object_with_a_deletion_timestamp_is_terminating(body: Body) -> None:
    body["metadata"] = {"deletionTimestamp": "2026-11-23T02:13:11Z"}
    assert compute.BUILT_IN.status(body).health is Health.TERMINATING


@given(objects(), st.integers(1, 9), st.integers(1, 9))
def test_a_status_for_another_generation_is_never_current(body: Body, generation: int, observed: int) -> None:
    body["metadata"] = {"generation": generation}
    body["status"] = {**(body["status"] if isinstance(body["status"], dict) else {})}
    body["status"]["observedGeneration"] = observed
    if generation != observed:
        assert compute.BUILT_IN.status(body).health is Health.IN_PROGRESS


@given(objects())
def test_the_hint_about_first_consumers_means_nothing_to_other_kinds(body: Body) -> None:
    if body["kind"] != "PersistentVolumeClaim":
        assert WAITING.status(body) == compute.BUILT_IN.status(body)


@pytest.mark.parametrize("group_kind", sorted(compute.RULES), ids="/".join)
def test_a_kind_with_a_rule_has_to_be_watched(group_kind: tuple[str, str]) -> None:
    assert compute.BUILT_IN.has_readiness(Ref(*group_kind, "shop", "one"))


@pytest.mark.parametrize("group_kind", sorted(compute.RULES), ids="/".join)
def test_a_rule_is_for_a_kind_that_the_api_server_has_or_argo_cd(group_kind: tuple[str, str]) -> None:
    assert kinds.builtin().get(*group_kind) is not None or group_kind == ("argoproj.io", "Application")


@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("", "ConfigMap"),
        ("", "Secret"),
        ("", "ServiceAccount"),
        ("", "ResourceQuota"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("batch", "CronJob"),
        ("networking.k8s.io", "Ingress"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("storage.k8s.io", "StorageClass"),
    ],
)
def test_a_built_in_kind_without_a_rule_is_current_as_soon_as_it_exists(group: str, kind: str) -> None:
    assert not compute.BUILT_IN.has_readiness(Ref(group, kind, "shop", "one"))
    fresh: dict[str, Any] = {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": {}}
    assert compute.BUILT_IN.status(fresh).health is Health.CURRENT


@pytest.mark.parametrize(
    ("group", "kind"), [("example.com", "Thing"), ("serving.knative.dev", "Service"), ("", "Thing")]
)
def test_a_kind_that_kubernetes_does_not_define_may_report_readiness(group: str, kind: str) -> None:
    assert compute.BUILT_IN.has_readiness(Ref(group, kind, "shop", "one"))


@pytest.mark.parametrize(
    ("status", "may_report"),
    [
        ({}, False),
        ({"status": {"type": "object", "properties": {"phase": {"type": "string"}}}}, False),
        ({"status": {"type": "object", "properties": {"conditions": {"type": "array"}}}}, True),
        ({"status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}, True),
    ],
)
def test_a_custom_resource_is_watched_where_its_definition_leaves_room_for_its_health(
    status: Body, may_report: bool
) -> None:
    schema = {"openAPIV3Schema": {"type": "object", "properties": status}}
    spec = {"group": "example.com", "names": {"kind": "Thing"}, "versions": [{"name": "v1", "schema": schema}]}
    book = Rulebook(evidence=definitions.evidence([{"spec": spec}]))
    thing = Ref("example.com", "Thing", "shop", "one")
    assert book.has_readiness(thing) is may_report
    assert book.has_readiness(replace(thing, version="v2")), "a version of which nothing is known"
    fresh = book.status({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "one"}})
    assert may_report or (fresh.health is Health.CURRENT and not fresh.provisional)
