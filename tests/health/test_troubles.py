"""Every folder under `trouble_cases/` is one truth: a live Pod (`pod.yaml`), whose it is and what keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rebuild.health import troubles
from rebuild.model.objects import Body
from rebuild.model.troubles import Trouble, TroubleKind

CASES = Path(__file__).parent / "trouble_cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/pod.yaml"))
BARE = "apps/v1/ReplicaSet/shop/web-5d4f8"
DEPLOYED = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d4f8", "controller": True}


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def pod(status: Body, **metadata: object) -> Body:
    """A Pod `web-1` with one container."""
    spec = {"containers": [{"name": "web", "image": "web:1"}]}
    return {"metadata": {"name": "web-1", "namespace": "shop", **metadata}, "spec": spec, "status": status}


def container(**state: object) -> Body:
    """The status of a Pod whose container is in this state."""
    return {"phase": "Running", "containerStatuses": [{"name": "web", "ready": False, **state}]}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_live_pod_is_in_the_trouble_that_its_case_says(folder: Path) -> None:
    body, expected = _load(folder / "pod.yaml"), _load(folder / "expected.yaml")
    assert str(troubles.owner(body)) == expected.pop("owner")
    found = troubles.trouble(body)
    assert found == (
        Trouble(TroubleKind(expected.pop("kind")), expected.pop("message"), expected.pop("image", ""))
        if expected
        else None
    )
    assert not expected, "expected.yaml says more than this test reads"


def test_every_case_folder_is_complete() -> None:
    assert set(CASES.iterdir()) == set(FOLDERS)
    assert {path.parent for path in CASES.glob("*/expected.yaml")} == set(FOLDERS)


def test_every_kind_but_the_rarest_has_a_captured_case() -> None:
    found = {_load(folder / "expected.yaml").get("kind") for folder in FOLDERS}
    assert found == {None, *TroubleKind} - {TroubleKind.START}


@pytest.mark.parametrize(
    "body",
    [
        pod(container(state={"waiting": {"reason": "ImagePullBackOff"}}), deletionTimestamp="2026-01-01T00:00:00Z"),
        pod({"phase": "Succeeded"}),
    ],
)
def test_what_is_to_go_or_has_done_its_work_has_no_trouble(body: Body) -> None:
    assert troubles.trouble(body) is None


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (
            container(state={"waiting": {"reason": "CreateContainerError", "message": "name in use"}}),
            TroubleKind.START,
            "container web cannot be started: CreateContainerError: name in use",
        ),
        (
            container(state={"running": {}}, lastState={"terminated": {"exitCode": 3}}, restartCount=1),
            TroubleKind.CRASH,
            "container web ended with exit code 3, 1 restart",
        ),
        (
            container(
                state={"waiting": {"reason": "CrashLoopBackOff"}},
                lastState={"terminated": {"exitCode": 0}},
                restartCount=2,
            ),
            TroubleKind.CRASH,
            "container web ended with exit code 0, 2 restarts",
        ),
        ({"phase": "Failed", "reason": "Evicted", "message": "node was low on memory"}, TroubleKind.CRASH, "failed: "),
        ({"phase": "Pending"}, TroubleKind.STARTING, "has not started"),
        ({}, TroubleKind.STARTING, "has not started"),
        (
            {"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "message": "gate is closed"}]},
            TroubleKind.NOT_READY,
            "runs and is not ready: gate is closed",
        ),
    ],
)
def test_states_that_pass_quickly_are_read_as_well(status: Body, kind: TroubleKind, message: str) -> None:
    found = troubles.trouble(pod(status))
    assert found
    assert found.kind is kind
    assert found.message.startswith(f"Pod web-1: {message}")


def test_of_several_containers_the_one_without_image_is_told() -> None:
    status = container(state={"running": {}}, lastState={"terminated": {"exitCode": 3}})
    status["containerStatuses"].append(
        {"name": "sidecar", "image": "side:1", "state": {"waiting": {"reason": "ErrImagePull"}}}
    )
    found = troubles.trouble(pod(status))
    assert found
    assert (found.kind, found.image) == (TroubleKind.IMAGE, "side:1")


def test_a_foreign_message_is_cut() -> None:
    waiting = {"reason": "ErrImagePull", "message": "x" * 100_000}
    found = troubles.trouble(pod(container(state={"waiting": waiting})))
    assert found
    assert len(found.message) == troubles.LONGEST + 3
    assert found.message.endswith("x...")


def test_a_crash_is_what_ended_a_process_of_a_pod_that_is_still_wanted() -> None:
    crashed = container(state={"terminated": {"exitCode": 3}})
    replaced = {**crashed, "phase": "Failed"}
    made_by = {"ownerReferences": [DEPLOYED]}
    starting = pod({"phase": "Pending"}, **made_by)
    assert troubles.crash([starting, pod(replaced, **made_by)]) is None
    assert troubles.crash([starting, pod(crashed, **made_by)]) == troubles.trouble(pod(crashed))
    assert troubles.crash([pod(replaced)]) == troubles.trouble(pod(replaced)), "nobody replaces it"


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({"ownerReferences": [DEPLOYED], "labels": {"pod-template-hash": "5d4f8"}}, "apps/v1/Deployment/shop/web"),
        ({"ownerReferences": [DEPLOYED]}, "apps/v1/ReplicaSet/shop/web-5d4f8"),
        ({"ownerReferences": [DEPLOYED], "labels": {"pod-template-hash": ""}}, "apps/v1/ReplicaSet/shop/web-5d4f8"),
        (
            {"ownerReferences": [DEPLOYED], "labels": {"pod-template-hash": "other"}},
            "apps/v1/ReplicaSet/shop/web-5d4f8",
        ),
        ({"ownerReferences": [{**DEPLOYED, "controller": False}]}, "v1/Pod/shop/web-1"),
        ({}, "v1/Pod/shop/web-1"),
    ],
)
def test_a_pod_belongs_to_its_controller_and_behind_a_replicaset_to_the_deployment(
    metadata: dict[str, object], owner: str
) -> None:
    assert str(troubles.owner(pod({}, **metadata))) == owner


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    ["metadata", "status", "spec", "state", "waiting", "reason", "containers", "containerStatuses", "ownerReferences"]
)


@given(st.dictionaries(FIELDS, st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON), max_size=2))))
def test_no_body_makes_it_raise(body: Body) -> None:
    troubles.owner(body)
    found = troubles.trouble(body)
    assert found
    assert found.message.startswith("Pod ")
