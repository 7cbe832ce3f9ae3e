"""Users are read from audit events as the API server writes them."""

from __future__ import annotations

from typing import Any

import pytest

from rebuild.model.drift import Actor, Write
from rebuild.verify.drift import witness

PLACE = ("apps", "deployments", "shop", "web")
WANTED = frozenset({PLACE})


def event(**changes: Any) -> dict[str, Any]:
    return {
        "auditID": "1",
        "stage": "ResponseComplete",
        "requestURI": "/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=kubectl-edit",
        "verb": "patch",
        "user": {"username": "carol"},
        "userAgent": "kubectl/v1.37.2 (linux/amd64) kubernetes/abc",
        "objectRef": {"resource": "deployments", "namespace": "shop", "name": "web", "apiGroup": "apps"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-01-01T00:00:01.900000Z",
        "stageTimestamp": "2026-01-01T00:00:02.100000Z",
    } | changes


def users(write: Write, *events: dict[str, Any]) -> tuple[str, ...]:
    return witness.users_of(write, [deed for one in events if (deed := witness.deed(one, WANTED))])


def written(manager: str = "kubectl-edit", time: str = "2026-01-01T00:00:02Z", subresource: str = "") -> Write:
    return Write(manager, "Update", subresource, time, Actor.PERSON)


def test_the_user_of_the_matching_write_is_named() -> None:
    assert users(written(), event()) == ("carol",)


def test_without_a_field_manager_the_user_agent_is_the_manager() -> None:
    plain = event(requestURI="/apis/apps/v1/namespaces/shop/deployments/web", userAgent="Mozilla/5.0 (X11)")
    assert users(written("Mozilla"), plain) == ("carol",)


def test_who_acted_as_another_is_named_with_both() -> None:
    assert users(written(), event(impersonatedUser={"username": "dave"})) == ("carol as dave",)


def test_two_users_of_one_tool_in_one_second_are_both_named() -> None:
    assert users(written(), event(), event(user={"username": "dave"})) == ("carol", "dave")


@pytest.mark.parametrize(
    "other",
    [
        event(verb="get"),
        event(stage="RequestReceived"),
        event(responseStatus={"code": 409}),
        event(requestURI="/x?fieldManager=kubectl-edit&dryRun=All"),
        event(requestURI="/x?fieldManager=kubectl-patch"),
        event(requestReceivedTimestamp="2026-01-01T01:00:00Z", stageTimestamp="2026-01-01T01:00:00Z"),
        event(requestReceivedTimestamp="yesterday"),
        event(requestReceivedTimestamp="2026-01-01T00:00:01", stageTimestamp="2026-01-01T00:00:02"),
        event(requestURI="//[x?fieldManager=kubectl-patch"),
        event(verb=["patch"]),
        event(objectRef={**event()["objectRef"], "name": "api"}),
        event(objectRef={**event()["objectRef"], "subresource": "scale"}),
        event(objectRef=None, user=None),
        {},
        None,
        [],
    ],
)
def test_no_other_event_is_taken_for_the_write(other: Any) -> None:
    deed = witness.deed(other, WANTED)
    assert not deed or not witness.users_of(written(), [deed])


def test_a_write_without_a_time_is_the_managers_last_through_that_subresource() -> None:
    scale = {**event()["objectRef"], "subresource": "scale"}
    early = event(
        objectRef=scale, requestReceivedTimestamp="2025-01-01T00:00:00Z", stageTimestamp="2025-01-01T00:00:00Z"
    )
    late = event(objectRef=scale, user={"username": "dave"})
    assert users(written(time="", subresource="scale"), late, early) == ("dave",)


def test_the_last_writer_is_named_where_nobody_owns_the_place_any_more() -> None:
    deleted = event(verb="deletecollection", objectRef={**event()["objectRef"], "name": ""}, user={"username": "eve"})
    deeds = [deed for one in (deleted, event(verb="get")) if (deed := witness.deed(one, WANTED))]
    found = witness.by_place(deeds, WANTED)
    assert witness.last_user(found[PLACE]) == ("eve",)


def test_a_namespace_is_named_twice_by_its_request() -> None:
    place = ("", "namespaces", "", "shop")
    target = {"resource": "namespaces", "namespace": "shop", "name": "shop"}
    deed = witness.deed(event(objectRef=target), frozenset({place}))
    assert deed
    assert deed.place == place
