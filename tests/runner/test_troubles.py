"""Of many Pods a workload has one trouble, the worst, and it is told when it changes."""

from __future__ import annotations

from rebuild.health import troubles as health
from rebuild.model.objects import Body
from rebuild.model.refs import Ref
from rebuild.model.secrets import Secrets
from rebuild.model.troubles import TroubleKind
from rebuild.plan.snapshot import ref_of
from rebuild.runner.troubles import Change, Troubles

WEB = Ref("apps", "StatefulSet", "shop", "web")
CRASHED = {"state": {"terminated": {"exitCode": 3}}}
NO_IMAGE = {"state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}
READY = {"ready": True}


def pod(number: int, status: Body, owner: str = "web") -> Body:
    """A Pod of the StatefulSet."""
    made_by = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": owner, "controller": True}
    conditions = [{"type": "Ready", "status": "True"}] if status is READY else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{owner}-{number}", "namespace": "shop", "ownerReferences": [made_by]},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        "status": {"phase": "Running", "conditions": conditions, "containerStatuses": [{"name": "web", **status}]},
    }


def kinds(changes: list[Change]) -> list[TroubleKind | None]:
    """What is told of the one workload."""
    assert {ref for ref, _ in changes} <= {WEB}
    return [trouble.kind if trouble else None for _, trouble in changes]


def test_the_worst_of_all_pods_is_told_once_and_again_when_it_is_over() -> None:
    troubles = Troubles({WEB}, Secrets())
    assert kinds(list(troubles.saw(pod(0, CRASHED)))) == [TroubleKind.CRASH]
    assert kinds(list(troubles.saw(pod(1, NO_IMAGE)))) == [TroubleKind.IMAGE]
    assert kinds(list(troubles.saw(pod(1, NO_IMAGE)))) == []
    assert kinds(list(troubles.saw(pod(1, READY)))) == [TroubleKind.CRASH]
    assert kinds(list(troubles.saw(pod(0, READY)))) == [None]
    assert kinds(list(troubles.saw(pod(0, READY)))) == []


def test_a_pod_that_is_gone_takes_its_trouble_along() -> None:
    troubles = Troubles({WEB}, Secrets())
    list(troubles.saw(pod(0, NO_IMAGE)))
    assert kinds(list(troubles.lost(ref_of(pod(0, NO_IMAGE))))) == [None]
    assert kinds(list(troubles.lost(ref_of(pod(0, NO_IMAGE))))) == []


def test_of_several_pods_the_ones_that_are_left_are_told() -> None:
    troubles = Troubles({WEB}, Secrets())
    assert kinds([*troubles.saw(pod(0, NO_IMAGE)), *troubles.saw(pod(1, CRASHED))]) == [TroubleKind.IMAGE]
    assert kinds(list(troubles.lost(ref_of(pod(0, NO_IMAGE))))) == [TroubleKind.CRASH]
    assert kinds(list(troubles.lost(ref_of(pod(1, CRASHED))))) == [None]


def test_pods_of_others_are_nobodys_business() -> None:
    troubles = Troubles({WEB}, Secrets())
    assert list(troubles.saw(pod(0, CRASHED, owner="other"))) == []
    assert list(troubles.lost(ref_of(pod(0, CRASHED, owner="other")))) == []


def test_a_secret_that_a_container_repeats_is_not_told() -> None:
    crashed = {"state": {"terminated": {"exitCode": 3, "message": "cannot log in with hunter2-hunter2"}}}
    ((_, trouble),) = Troubles({WEB}, Secrets(("hunter2-hunter2",))).saw(pod(0, crashed))
    assert trouble
    assert trouble.message.endswith("cannot log in with (secret)")


def test_it_does_not_matter_in_which_order_pods_are_seen() -> None:
    bodies = [pod(0, CRASHED), pod(1, CRASHED), pod(2, NO_IMAGE), pod(3, NO_IMAGE)]
    forth, back = Troubles({WEB}, Secrets()), Troubles({WEB}, Secrets())
    told = [
        [change for body in order for change in each.saw(body)]
        for each, order in ((forth, bodies), (back, bodies[::-1]))
    ]
    assert told[0][-1] == told[1][-1] == (WEB, health.trouble(bodies[2]))
