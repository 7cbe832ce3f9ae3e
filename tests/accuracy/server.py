"""What an API server would make of a changed object: asked by dry-run, so that nothing of it is stored."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body, Manifest, dig
from tests.accuracy.mutations import Mutation, Place, Verb, at

PERSON = "kubectl-edit"
_APPLY = {"Content-Type": "application/apply-patch+yaml"}
_PATCH = {"Content-Type": "application/json-patch+json"}
_CREATE = {"Content-Type": "application/json"}
_SERVERS_OWN = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "name")


@dataclass(slots=True)
class Subject:
    """One declared object as it lives: what the server answers while nothing is changed."""

    manifest: Manifest
    kind: Kind
    live: Body
    transport: Transport
    _created: list[Body] = field(default_factory=list)
    _applied: list[Body] = field(default_factory=list)

    def edited(self, mutation: Mutation) -> Body:
        """The live object after a person made the change in it.

        Raises:
            ClusterFault: when the server refuses that.
            LookupError: when the live object has no such place.
        """
        return self._request("PATCH", self._item, f"fieldManager={PERSON}", _edit(mutation, self), _PATCH)

    def applied(self, body: Body) -> Body:
        """The live object after our own manager applied another declaration.

        Raises:
            ClusterFault: when the server refuses that.
        """
        return self._request("PATCH", self._item, "fieldManager=rebuild&force=true", body, _APPLY)

    def recreated(self, body: Body) -> Body:
        """What the object would be if somebody had deleted it and created this: the way around immutable fields.

        Raises:
            ClusterFault: when the server refuses that.
        """
        named = {**body, "metadata": {**body["metadata"], "name": f"{self.manifest.ref.name}-again"}}
        made = self._request("POST", self._collection, f"fieldManager={PERSON}", named, _CREATE)
        return {**made, "metadata": {**made["metadata"], "name": self.manifest.ref.name}}

    def unchanged(self) -> Body:
        """What the server says of the live object when nothing is changed."""
        return self._request("PATCH", self._item, f"fieldManager={PERSON}", [], _PATCH)

    def created(self) -> list[Body]:
        """What the server says twice of the declaration as something new: all that differs is chance."""
        if not self._created:
            self._created = [self.recreated(self.manifest.body) for _ in range(2)]
        return self._created

    def reapplied(self) -> Body:
        """What the server says of the live object when the declaration is applied once more."""
        if not self._applied:
            self._applied = [self.applied(self.manifest.body)]
        return self._applied[0]

    @property
    def _collection(self) -> str:
        return quote(self.kind.collection(self.manifest.ref.version, self.manifest.ref.namespace), safe="/")

    @property
    def _item(self) -> str:
        return f"{self._collection}/{quote(self.manifest.ref.name, safe=':')}"

    def _request(self, method: str, path: str, query: str, body: Any, headers: dict[str, str]) -> Body:
        data = orjson.dumps(body)
        answer: Body = self.transport.request(method, f"{path}?dryRun=All&{query}", body=data, headers=headers)[1]
        return answer


def is_intact(subject: Subject, place: Place, answer: Body) -> bool:
    """Whether all that stood at a declared place stands there still, word for word: others may have been added."""
    try:
        before = at(subject.live, located(place, subject.manifest.body, subject.live))
        after = at(answer, located(place, subject.manifest.body, answer))
    except LookupError:
        return False
    return set(_flat(before, "")) <= set(_flat(after, ""))


def is_same(one: Body, other: Body, chance: frozenset[str] = frozenset()) -> bool:
    """Whether the server holds the same object in both, word for word, but for its own bookkeeping and its status."""
    return {k: v for k, v in _words(one) if k not in chance} == {k: v for k, v in _words(other) if k not in chance}


def by_chance(one: Body, other: Body) -> frozenset[str]:
    """Where two answers to the same request differ."""
    first, second = dict(_words(one)), dict(_words(other))
    return frozenset(name for name in {*first, *second} if first.get(name) != second.get(name))


def _words(body: Body) -> Iterator[tuple[str, Any]]:
    bare = {name: value for name, value in body.items() if name != "status"}
    bare["metadata"] = {name: value for name, value in body["metadata"].items() if name not in _SERVERS_OWN}
    yield from _flat(bare, "")


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (dict, list)) and value:
        for step, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(child, f"{place}/{step}")
    else:
        # True is 1 for Python.
        yield place, json.dumps(value)


def _edit(mutation: Mutation, subject: Subject) -> list[Mapping[str, Any]]:
    place, value = mutation.place, mutation.value
    if place[0] == "stringData":
        raise LookupError("nothing of that name is stored")
    found = located(place, subject.manifest.body, subject.live)
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in found)
    if mutation.verb is Verb.REMOVE:
        return [{"op": "remove", "path": pointer}]
    if mutation.verb is Verb.REORDER:
        value = _as_live(value, at(subject.manifest.body, place), at(subject.live, found))
    return [{"op": "replace", "path": pointer, "value": value}]


def located(place: Place, declared: Any, live: Any) -> Place:
    """Where in the live object the declared place is: in lists, at the element that looks most like the declared one.

    Raises:
        LookupError: when the live object has nothing there.
    """
    found: list[str | int] = []
    for step in place:
        declared = declared[step]
        if isinstance(live, list) and live:
            step = _most_like(live, declared)
        elif not isinstance(live, dict):
            raise LookupError("there is nothing below")
        live = live[step]
        found.append(step)
    return tuple(found)


def _most_like(items: list[Any], wanted: Any) -> int:
    likeness = [_likeness(item, wanted) for item in items]
    return likeness.index(max(likeness))


def _likeness(live: Any, declared: Any) -> int:
    if isinstance(live, dict) and isinstance(declared, dict):
        return sum(_likeness(live[name], value) for name, value in declared.items() if name in live)
    if isinstance(live, list) and isinstance(declared, list):
        return sum(_likeness(one, other) for one, other in zip(live, declared, strict=False))
    return 2 if live == declared else 1


def _as_live(order: list[Any], declared: list[Any], live: list[Any]) -> list[Any]:
    """The live elements in the new order of the declared ones; those that nobody declared stay at the end."""
    left = copy.deepcopy(live)
    chosen = [left.pop(_most_like(left, item)) for item in declared]
    remaining = list(range(len(declared)))
    moved = []
    for item in order:
        position = next(p for p in remaining if declared[p] == item)
        remaining.remove(position)
        moved.append(chosen[position])
    return [*moved, *left]


def ordered_lists(subject: Subject) -> dict[Place, bool]:
    """For each declared list, whether the order of its elements means something.

    The server's own OpenAPI document says how it takes a list: by the keys or the values of its elements, whose order
    has a meaning in the few lists alone that Kubernetes reads in order, or (atomic) as a whole.
    """
    ref = subject.manifest.ref
    root = f"apis/{ref.group}/{ref.version}" if ref.group else f"api/{ref.version}"
    named = subject.transport.request("GET", f"/openapi/v3/{root}")[1]["components"]["schemas"]
    wanted = {"group": ref.group, "kind": ref.kind, "version": ref.version}
    schema = next(s for s in named.values() if wanted in s.get("x-kubernetes-group-version-kind", ()))
    return dict(_orders(subject.manifest.body, schema, named, (), ref.kind))


def _orders(value: Any, schema: Any, named: Any, place: Place, kind: str) -> Iterator[tuple[Place, bool]]:
    for part in schema.get("allOf", ()):
        schema = {**schema, **part}
    schema = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, dict):
        for name, child in value.items():
            free = schema.get("additionalProperties")
            below = schema.get("properties", {}).get(name) or (free if isinstance(free, dict) else {})
            yield from _orders(child, below, named, (*place, name), kind)
    elif isinstance(value, list):
        is_atomic = schema.get("x-kubernetes-list-type", "atomic") == "atomic"
        yield place, is_atomic or _is_read_in_order(value, place, kind)
        for position, item in enumerate(value):
            yield from _orders(item, schema.get("items", {}), named, (*place, position), kind)


def _is_read_in_order(value: list[Any], place: Place, kind: str) -> bool:
    match place[-1]:
        case "initContainers":
            return True
        case "env":
            # $(NAME) in a value means a variable that stands before it.
            return any("$(" in str(dig(item, "value")) for item in value)
        case "webhooks":
            return kind == "MutatingWebhookConfiguration"
    return False


def is_refusal(error: ClusterFault) -> bool:
    """Whether the server did not take the content, which is its right, and did not fail in some other way.

    A validation that panics (Kubernetes 1.37 does so for an Indexed Job without completions) hangs up instead.
    """
    return error.fault.status in (400, 403, 404, 405, 409, 422, 500) or "without an answer" in error.fault.message
