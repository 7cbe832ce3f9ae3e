"""Which user made a write, by the API server's audit log: events in, user names out. Pure.

`managedFields` names managers and not users. An audit event has both sides: its request names the object, and carries
the manager as `fieldManager` or in its User-Agent. A write is matched by object, subresource, manager and second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from msgspec import Struct

from rebuild.model.drift import Write
from rebuild.model.objects import dig

Place: TypeAlias = tuple[str, str, str, str]
"""Group, plural, namespace and name of an object, as a request names it."""
VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_SLACK = timedelta(seconds=1)
"""managedFields has whole seconds."""


class Deed(Struct, frozen=True):
    """One write that succeeded."""

    place: Place
    subresource: str
    verb: str
    user: str
    manager: str
    begun: datetime
    ended: datetime


def deed(event: Any, wanted: frozenset[Place]) -> Deed | None:
    """The write that an event tells of, if it succeeded and changed one of the wanted objects; else None.

    A deletion of a whole collection concerns each of its objects, and has no name.
    """
    verb, target = str(dig(event, "verb")), dig(event, "objectRef")
    code = dig(event, "responseStatus", "code")
    if verb not in VERBS or dig(event, "stage") != "ResponseComplete" or not isinstance(code, int) or code >= 300:
        return None
    group, plural, namespace, name = (str(dig(target, part) or "") for part in _PARTS)
    # A request for a namespace names it twice (apiserver/pkg/endpoints/request/requestinfo.go).
    place = group, plural, "" if (group, plural) == ("", "namespaces") else namespace, name
    if place not in wanted and not (verb == "deletecollection" and any(place[:3] == one[:3] for one in wanted)):
        return None
    query = parse_qs(str(dig(event, "requestURI") or "").partition("?")[2])
    begun, ended = _moment(dig(event, "requestReceivedTimestamp")), _moment(dig(event, "stageTimestamp"))
    if "dryRun" in query or begun is None or ended is None:
        return None
    agent = str(dig(event, "userAgent") or "").partition("/")[0]
    manager = query.get("fieldManager", [agent])[0]
    return Deed(place, str(dig(target, "subresource") or ""), verb, _user(event), manager, begun, ended)


_PARTS = ("apiGroup", "resource", "namespace", "name")


def _user(event: Any) -> str:
    """Who asked; where somebody acted as another, both."""
    user = str(dig(event, "user", "username") or "")
    other = dig(event, "impersonatedUser", "username")
    return f"{user} as {other}" if other else user


def users_of(write: Write, deeds: Iterable[Deed]) -> tuple[str, ...]:
    """The user behind the last write of a manager; several where they wrote in the same second.

    Kubernetes notes no time of a write through `scale`: there the manager's last such write counts.
    """
    known = sorted(deeds, key=lambda one: one.ended)
    moment = _moment(write.time)
    of = [one for one in known if one.manager == write.manager and one.subresource == write.subresource]
    timely = [one for one in of if moment and one.begun - _SLACK <= moment <= one.ended + _SLACK]
    return tuple(dict.fromkeys(one.user for one in (timely if moment else of[-1:])))


def last_user(deeds: Iterable[Deed]) -> tuple[str, ...]:
    """Who wrote last to the object itself or removed it: of what is gone nobody is left as its owner."""
    last = max((one for one in deeds if one.subresource != "status"), key=lambda one: one.ended, default=None)
    return (last.user,) if last else ()


def by_place(deeds: Iterable[Deed], wanted: frozenset[Place]) -> Mapping[Place, list[Deed]]:
    """The writes to each object; a deleted collection counts for all that were in it."""
    found: dict[Place, list[Deed]] = {}
    for one in deeds:
        of = [one.place] if one.place in wanted else [place for place in wanted if place[:3] == one.place[:3]]
        for place in of:
            found.setdefault(place, []).append(one)
    return found


def _moment(text: Any) -> datetime | None:
    """A time in RFC 3339; one without a zone is none, and cannot be told from another."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
