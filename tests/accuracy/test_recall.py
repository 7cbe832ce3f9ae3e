"""Recall: whatever the API server lets somebody change in a declared field is found by verification.

The server decides what a change is: it is asked, by dry-run, what the live object would be, and where its answer is
word for word the unchanged object, the change had no meaning (`1000m` for `1`) and does not count. None of that uses
the code under test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import pytest

from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model.blueprint import Blueprint
from rebuild.model.objects import Body, Manifest
from rebuild.model.states import Health, Status
from rebuild.plan.snapshot import Snapshot
from rebuild.verify import judge
from rebuild.verify.controllers import Setting
from tests.accuracy import figures, mutations, server
from tests.accuracy.kinds import OUT_OF_REACH
from tests.accuracy.mutations import Mutation, Place, Verb, at
from tests.accuracy.server import Subject, by_chance, is_intact, is_same, located

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]
WANTED = 5000
"""Accepted changes."""
SEED = 20261126
THREADS = 4
AT_LEAST, AT_MOST = 25, 180
"""Attempts on one object."""
PER_PLACE = 3.0
NOT_ALONE = {("spec", "sessionAffinity"), ("spec", "type"), ("spec", "podCIDRs"), ("spec", "podCIDR")}
"""Fields that make the server drop or rewrite other declared ones: the answer rightly differs in these."""


@dataclass
class Tally:
    """What became of the changes of one object."""

    accepted: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    same: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    applied: int = 0
    immutable: set[Place] = field(default_factory=set)


def test_every_change_that_the_server_accepts_is_found(
    blueprint: Blueprint, snapshot: Snapshot, setting: Setting, transport: Transport
) -> None:
    subjects = [
        Subject(manifest, kind, live, transport)
        for manifest in blueprint
        if manifest.origin.path.startswith("maximal/")
        and (live := snapshot.get(manifest.ref))
        and (kind := blueprint.kinds.of(manifest.ref))
    ]
    with ThreadPoolExecutor(THREADS) as pool:
        tallies = list(pool.map(lambda subject: tried(subject, setting), subjects))
    keep(subjects, tallies)
    accepted = sum(tally.accepted.total() for tally in tallies)
    missed = [miss for tally in tallies for miss in tally.missed]
    false = [each for tally in tallies for each in tally.false]
    kinds = {s.kind for s, tally in zip(subjects, tallies, strict=True) if tally.accepted}
    assert not missed, f"{len(missed)} of {accepted} missed:\n" + "\n".join(missed)
    assert not false, f"{len(false)} false differences:\n" + "\n".join(false)
    assert accepted >= WANTED
    wanted = {(kind.group, kind.kind) for kind in blueprint.kinds if not kind.group.endswith("-made.example")}
    assert {(kind.group, kind.kind) for kind in kinds} == wanted - OUT_OF_REACH
    assert len(kinds) >= 60


def keep(subjects: Sequence[Subject], tallies: Sequence[Tally]) -> None:
    """Leave the figures for docs/verification.md."""
    kinds: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for subject, tally in zip(subjects, tallies, strict=True):
        name = f"{subject.kind.group}/{subject.kind.kind}".lstrip("/")
        kinds[name] += tally.accepted.total()
        refused[name] += tally.refused
    accepted = sum((tally.accepted for tally in tallies), Counter[str]())
    ways = sum((tally.ways for tally in tallies), Counter[str]())
    missed = sum(len(tally.missed) for tally in tallies)
    found = {
        "kinds": sum(count > 0 for count in kinds.values()),
        "custom kinds": sum(count > 0 for name, count in kinds.items() if name.startswith("accuracy.example/")),
        "changes accepted by the server": accepted.total(),
        "changes found": accepted.total() - missed,
        "changes missed": missed,
        "fields given another value": accepted[Verb.CHANGE],
        "fields, entries and elements removed": accepted[Verb.REMOVE],
        "lists put in another order": accepted[Verb.REORDER],
        "changes by editing the live object": ways["edited"],
        "changes by applying another declaration": ways["applied"],
        "changes of immutable fields, by creating the object anew": ways["recreated"],
        "changes refused by the server": refused.total(),
        "changes without effect, not counted": sum(tally.same for tally in tallies),
        "changed declarations applied and verified": sum(tally.applied for tally in tallies),
        "changed declarations with false differences": sum(len(tally.false) for tally in tallies),
    }
    figures.keep("recall", found)
    figures.keep("recall-kinds", kinds)
    figures.keep("recall-refused", refused)


def tried(subject: Subject, setting: Setting) -> Tally:
    """Change the object at random, again and again, and look what verification says of it."""
    random = Random(f"{SEED} {subject.manifest.ref}")
    tally = Tally()
    body = subject.manifest.body
    choices = mutations.places(body)
    ordered = server.ordered_lists(subject)
    for _ in range(min(AT_MOST, AT_LEAST + int(PER_PLACE * len(choices))) if choices else 0):
        mutation = mutations.draw(body, choices, random, ordered=ordered)
        if mutation is not None:
            look(subject, mutation, setting, tally, edits=random.random() < 0.5)
    return tally


def look(subject: Subject, mutation: Mutation, setting: Setting, tally: Tally, *, edits: bool) -> None:
    """Make one change by dry-run: in the live object, or in what we apply, or, where both are refused, anew."""
    declared = mutation.of(subject.manifest.body)
    ways = ["edited", "applied"] if edits else ["applied", "edited"]
    ways.insert(0 if mutation.place[:2] in tally.immutable else 2, "recreated")
    way, answer = next(((way, body) for way in ways if (body := asked(subject, mutation, declared, way))), ("", None))
    if answer is None:
        tally.refused += 1
        return
    if way == "recreated":
        tally.immutable.add(mutation.place[:2])
    if way == "applied" and is_taken(subject, mutation, declared, answer):
        tally.applied += 1
        if wrong := differing(subject.manifest.with_body(declared), answer, setting):
            tally.false.append(f"{subject.manifest.ref} {mutation}: {wrong}")
    if is_unchanged(subject, mutation, answer, way):
        tally.same += 1
        return
    found = verdict(subject.manifest, answer, setting)
    tally.accepted[mutation.verb] += 1
    tally.ways[way] += 1
    if not found.differences and not is_same(subject.unchanged(), answer):
        owned = [each.controller for each in found.controller_owned]
        tally.missed.append(f"{subject.manifest.ref} {way} {mutation} {owned}")


def asked(subject: Subject, mutation: Mutation, declared: Body, way: str) -> Body | None:
    """What the server makes of a change made in this way, None where it does not take it."""
    try:
        match way:
            case "edited":
                return subject.edited(mutation)
            case "applied":
                return subject.applied(declared)
            case _:
                return subject.recreated(declared)
    except LookupError:
        return None
    except ClusterFault as error:
        if not server.is_refusal(error):
            raise
        return None


def is_taken(subject: Subject, mutation: Mutation, declared: Body, answer: Body) -> bool:
    """Whether the server stored the changed value word for word, so that its answer means what was declared."""
    if mutation.verb is Verb.REMOVE or mutation.place[:2] in NOT_ALONE:
        return False
    try:
        return bool(at(answer, located(mutation.place, declared, answer)) == mutation.value)
    except LookupError:
        return False


def is_unchanged(subject: Subject, mutation: Mutation, answer: Body, way: str) -> bool:
    """Whether the change meant nothing to the server: all that is declared stands where it stood, word for word."""
    if mutation.verb is not Verb.REORDER and is_intact(subject, mutation.place, answer):
        return True
    if way == "recreated":
        first, second = subject.created()
        return is_same(first, answer, by_chance(first, second))
    return is_same(subject.live if way == "edited" else subject.reapplied(), answer)


def verdict(manifest: Manifest, live: Body, setting: Setting) -> judge.Verified:
    return judge.judge(manifest, live, Status(Health.CURRENT), setting=setting, key=b"any")


def differing(manifest: Manifest, live: Body, setting: Setting) -> list[str]:
    return [f"{d.path}: {d.declared} -> {d.live}" for d in verdict(manifest, live, setting).differences]
