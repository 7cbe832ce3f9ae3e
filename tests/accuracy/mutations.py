"""One random change to one declared field: what somebody may do to an object by hand. Pure, and repeatable by seed.

It knows nothing of how objects are compared. Values stay of their type and plausible for their form, so that an API
server accepts many of them; those that it refuses are no loss but time.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, TypeAlias

from rebuild.model.objects import Body

Place: TypeAlias = tuple[str | int, ...]
IDENTITY = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}
WORDS = (
    ("TCP", "UDP", "SCTP"),
    ("Always", "IfNotPresent", "Never"),
    ("OnFailure", "Never"),
    ("ClusterIP", "NodePort"),
    ("ClientIP", "None"),
    ("Local", "Cluster"),
    ("RollingUpdate", "Recreate"),
    ("RollingUpdate", "OnDelete"),
    ("Parallel", "OrderedReady"),
    ("Allow", "Forbid", "Replace"),
    ("Retain", "Delete", "Recycle"),
    ("Exact", "Prefix", "ImplementationSpecific"),
    ("Exact", "Equivalent"),
    ("Fail", "Ignore"),
    ("NoSchedule", "NoExecute", "PreferNoSchedule"),
    ("In", "NotIn"),
    ("Exists", "DoesNotExist"),
    ("Exists", "Equal"),
    ("Equal", "Exists"),
    ("Honor", "Ignore"),
    ("DoNotSchedule", "ScheduleAnyway"),
    ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"),
    ("Filesystem", "Block"),
    ("Immediate", "WaitForFirstConsumer"),
    ("RuntimeDefault", "Unconfined"),
    ("HTTP", "HTTPS"),
    ("File", "FallbackToLogsOnError"),
    ("File", "ReadWriteOnceWithFSType", "None"),
    ("OnRootMismatch", "Always"),
    ("Max", "Min", "Disabled"),
    ("Pods", "Percent"),
    ("None", "NoneOnDryRun"),
    ("Never", "IfNeeded"),
    ("PreferLowerPriority", "Never"),
    ("Warn", "Audit", "Deny"),
    ("CREATE", "UPDATE", "DELETE"),
    ("Namespaced", "Cluster", "*"),
    ("Allow", "Deny"),
    ("AlwaysAllow", "IfHealthyBudget"),
    ("ClusterFirst", "Default", "ClusterFirstWithHostNet"),
    ("PreferClose", "PreferSameNode"),
    ("Normal", "Warning"),
    ("ByUser", "ByNamespace"),
    ("get", "list", "watch", "patch"),
    ("True", "False"),
    ("Invalid", "Forbidden"),
    ("fast", "slow", "idle"),
    ("NotRequired", "RestartContainer"),
    ("ExactCount", "All"),
    ("User", "Group"),
    ("Persistent", "Ephemeral"),
    ("Ignore", "Count", "FailJob"),
    ("Failed", "TerminatingOrFailed"),
)
"""Words of the API that stand for each other in some field."""
_ENCODED_IN = ("data", "binaryData")
_QUANTITY = re.compile(r"(\d+)(\.\d+)?(m|k|M|G|Ki|Mi|Gi|%)")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT.*")


class Verb(StrEnum):
    """What is done to a field."""

    CHANGE = "changed"
    REMOVE = "removed"
    REORDER = "reordered"


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change of one place in a declared body; `value` is what stands there afterwards, unless it is removed."""

    verb: Verb
    place: Place
    value: Any = None

    def of(self, body: Body) -> Body:
        """A copy of the body with this change made."""
        changed = copy.deepcopy(body)
        parent = at(changed, self.place[:-1])
        if self.verb is Verb.REMOVE:
            del parent[self.place[-1]]
        else:
            parent[self.place[-1]] = copy.deepcopy(self.value)
        return changed

    def __str__(self) -> str:
        return f"{self.verb} {'.'.join(map(str, self.place))} {'' if self.value is None else json.dumps(self.value)}"


def at(value: Any, place: Place) -> Any:
    """What stands at a place.

    Raises:
        LookupError: when there is no such place.
    """
    for step in place:
        value = value[step]
    return value


def places(body: Body) -> list[Place]:
    """Every place in a body but its identity: fields, entries of maps, elements of lists."""
    return [place for place in _below(body, ()) if place not in IDENTITY]


def _below(value: Any, place: Place) -> Iterator[Place]:
    steps: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    for step, child in steps:
        if child is not None:
            yield (*place, step)
            yield from _below(child, (*place, step))


def draw(body: Body, choices: Sequence[Place], random: Random, *, ordered: Mapping[Place, bool]) -> Mutation | None:
    """A random change of a random place, None where that place allows none.

    Args:
        body: the declared object.
        choices: the places to choose from.
        random: where chance comes from.
        ordered: for each list, whether the order of its elements means something.
    """
    place = random.choice(choices)
    value = at(body, place)
    if isinstance(value, list) and len(value) > 1 and value != value[::-1] and ordered.get(place):
        if random.random() < 0.7:
            return Mutation(Verb.REORDER, place, _shuffled(value, random))
        return Mutation(Verb.REMOVE, place)
    if isinstance(value, (dict, list)) or random.random() < 0.25:
        return Mutation(Verb.REMOVE, place)
    return Mutation(Verb.CHANGE, place, _other(value, place, random))


def _shuffled(value: list[Any], random: Random) -> list[Any]:
    while True:
        found = random.sample(value, len(value))
        if found != value:
            return found


def _other(value: Any, place: Place, random: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return random.choice([number for number in (value + 1, value - 1, value * 2, 0, 7) if number != value])
    if isinstance(value, float):
        return value + random.choice([0.125, 1.0, -0.125])
    return random.choice([text for text in _texts(value, place, random) if text != value])


def _texts(text: str, place: Place, random: Random) -> Iterator[str]:
    if place[0] in _ENCODED_IN and len(place) == 2:
        yield base64.b64encode(random.randbytes(random.randint(1, 12))).decode()
        return
    groups = [group for group in WORDS if text in group]
    for group in groups:
        yield from group
    if groups:
        return
    if found := _QUANTITY.fullmatch(text):
        number, _, unit = found.groups()
        yield f"{int(number) + random.randint(1, 9)}{unit}"
    elif _DATE.fullmatch(text):
        yield text.replace("2026", str(random.randint(2010, 2025)))
    elif re.fullmatch(r"[\d.]+(/\d+)?", text) and "." in text:
        yield re.sub(r"\.\d+", f".{random.randint(1, 99)}", text, count=1)
    elif text.isdigit():
        yield str(int(text) + random.randint(1, 9))
    elif re.fullmatch(r"(\d+)(ns|ms|s|m|h)", text):
        yield f"{random.randint(91, 999)}s"
    else:
        yield f"{text}{random.choice('abcxyz')}" if random.random() < 0.6 else f"{random.choice('abcxyz')}{text}"
        if random.random() < 0.1:
            yield ""
