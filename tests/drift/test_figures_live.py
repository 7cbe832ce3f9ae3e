"""How many additions are found, and how much is taken for one that is none: counted on the lab."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.faults import Cause
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref
from rebuild.ops.blueprint import Declared
from rebuild.ops.sources import SourceOptions
from rebuild.providers.kwok.lab import Lab
from tests.accuracy import figures
from tests.drift import additions, corpus
from tests.drift.additions import Addition
from tests.support.waiting import within

pytestmark = [pytest.mark.live]
SEED = 20260711
ROUNDS = 5
COUNTS: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def _recorded() -> Iterator[None]:
    """Leave the figures for docs/verification.md, once there are all of them."""
    yield
    if "additions by hand" in COUNTS and "objects left alone after kubectl create" in COUNTS:
        figures.keep("drift", COUNTS)


@pytest.fixture
def name(outside: Transport) -> Iterator[str]:
    """What the corpus calls its things; all of them go when the test ends."""
    chosen = f"drift-{uuid4().hex[:6]}"
    yield chosen
    served = ApiServer(outside).served()
    for kind in served:
        if not kind.namespaced and kind.group != "certificates.k8s.io":
            for body in ApiServer(outside).list(kind, kind.versions[0], metadata_only=True).items:
                if chosen in body["metadata"]["name"]:
                    path = f"{kind.collection(kind.versions[0])}/{body['metadata']['name']}"
                    outside.request("DELETE", f"{path}?propagationPolicy=Background")


def apply(cluster: ApiServer, found: Declared) -> None:
    """Write the corpus as a run does, definitions before what they define; the kinds are then served."""
    for manifest in found.blueprint:
        kind = found.blueprint.kinds.of(manifest.ref)
        assert kind
        for _ in within(60):
            try:
                cluster.apply(manifest, kind)
                break
            except ClusterFault as error:
                # A new kind, and the account of a new namespace, take a moment.
                if error.fault.cause not in (Cause.NOT_SERVED, Cause.SERVICE_ACCOUNT_MISSING):
                    raise


def settled(cluster: ApiServer, asked: SourceOptions, name: str) -> set[tuple[str, str, str]]:
    """The lines about the corpus once its controllers have done what they do: all volumes and Pods are there."""
    known = kinds.builtin()
    deployment, claims = known.get("apps", "Deployment"), known.get("", "PersistentVolumeClaim")
    assert deployment
    assert claims
    for _ in within(60):
        here = [*cluster.list(deployment, "v1", name).items, *cluster.list(claims, "v1", name).items]
        states = [body["status"].get("phase") or body["status"].get("readyReplicas") for body in here]
        if len(here) >= 4 and all(states):
            break
    else:
        raise AssertionError(f"the controllers did not end: {states}")
    return mine(cluster, asked, name)


def mine(cluster: ApiServer, asked: SourceOptions, name: str) -> set[tuple[str, str, str]]:
    """The lines about the corpus, on a lab that others use as well."""
    return {line for line in corpus.told(corpus.look(cluster, asked).drift) if name in line[1]}


@pytest.mark.parametrize("creator", ["rebuild", "kubectl apply", "kubectl create"])
def test_nothing_is_told_of_what_was_made_as_declared(
    creator: str, cluster: ApiServer, lab: Lab, name: str, tmp_path: Path
) -> None:
    """Whoever makes it: a plain create owns all defaults, and controllers write into everything."""
    asked = corpus.written(tmp_path / "source", name)
    found = corpus.read(cluster, asked)
    if creator == "rebuild":
        apply(cluster, found)
    else:
        kubectl = [str(lab.binaries / "kubectl"), "--kubeconfig", str(lab.kubeconfig), creator.split()[1]]
        for _ in within(60):
            done = subprocess.run(
                [*kubectl, "-f", str(tmp_path / "source")], capture_output=True, text=True, check=False
            )
            problems = [line for line in done.stderr.splitlines() if "Error" in line and "AlreadyExists" not in line]
            if not problems and "no matches" not in done.stderr and "not found" not in done.stderr:
                break
        else:
            raise AssertionError(done.stderr)

    lines = settled(cluster, asked, name)

    COUNTS[f"objects left alone after {creator}"] = len(found.blueprint)
    COUNTS["kinds"] = len({manifest.ref.group_kind for manifest in found.blueprint})
    COUNTS["false lines"] = COUNTS.get("false lines", 0) + len(lines)
    assert not lines


def test_every_addition_by_hand_is_found_and_nothing_else(
    cluster: ApiServer, outside: Transport, name: str, tmp_path: Path
) -> None:
    asked = corpus.written(tmp_path / "source", name)
    found = corpus.read(cluster, asked)
    apply(cluster, found)
    assert not settled(cluster, asked, name)
    chance = random.Random(SEED)
    expected: set[tuple[str, str, str]] = set()
    refused = 0
    for manifest in found.blueprint:
        for added in additions.of(manifest, chance, ROUNDS):
            accepted = patch(outside, found, added)
            refused += not accepted
            expected |= {added.line} if accepted else set()
    tags = additions.member(Ref.of(f"{name}.example.com/v1", "Widget", name, "rich"), ["a", "b"], "c")
    assert patch(outside, found, tags)
    expected.add(tags.line)
    fields = len(expected)
    for manifest in found.blueprint:
        other = additions.stray(manifest)
        if other and create(outside, found, other):
            expected.add(("unmanaged", str(other.ref), ""))

    lines = mine(cluster, asked, name)

    missed, false = expected - lines, lines - expected
    COUNTS["additions by hand"] = len(expected)
    COUNTS["of them fields, keys and entries of declared objects"] = fields
    COUNTS["of them objects that nobody declares"] = len(expected) - fields
    COUNTS["additions found"] = len(expected & lines)
    COUNTS["additions missed"] = len(missed)
    COUNTS["kinds"] = len({manifest.ref.group_kind for manifest in found.blueprint})
    COUNTS["false lines"] = COUNTS.get("false lines", 0) + len(false)
    assert (sorted(missed), sorted(false)) == ([], [])
    assert len(expected) >= 500
    assert refused < len(expected) / 10


def test_an_object_that_is_nested_too_deeply_is_a_limit_of_the_answer(
    cluster: ApiServer, outside: Transport, name: str, tmp_path: Path
) -> None:
    asked = corpus.written(tmp_path / "source", name, "Namespace", "CustomResourceDefinition", "Widget")
    found = corpus.read(cluster, asked)
    apply(cluster, found)
    deep = Ref.of(f"{name}.example.com/v1", "Widget", name, "rich")
    value: dict[str, Any] = {}
    for _ in range(700):
        value = {"a": value}
    # orjson writes no more than 254 levels.
    body = json.dumps({"spec": {"free": value}}).encode()
    kind = found.blueprint.kinds.of(deep)
    assert kind
    headers = {"Content-Type": "application/merge-patch+json"}
    outside.request("PATCH", f"{kind.item(deep)}?fieldManager=k9s", body=body, headers=headers)

    report = corpus.look(cluster, asked)

    assert [one.ref for one in report.unchecked] == [deep]
    assert report.compared == len(found.blueprint) - 1


def patch(outside: Transport, found: Declared, added: Addition) -> bool:
    """Send an addition under its manager's name; whether the server takes it."""
    kind = found.blueprint.kinds.of(added.ref)
    assert kind
    form = "merge-patch" if added.ref.kind == "Widget" else "strategic-merge-patch"
    headers = {"Content-Type": f"application/{form}+json"}
    try:
        path = f"{kind.item(added.ref)}?fieldManager={added.manager}"
        outside.request("PATCH", path, body=orjson.dumps(added.patch), headers=headers)
    except ClusterFault as error:
        if error.fault.cause is not Cause.INVALID:
            raise
        return False
    return True


def create(outside: Transport, found: Declared, manifest: Manifest) -> bool:
    """Make an object as a person would; whether the server takes it."""
    kind = found.blueprint.kinds.of(manifest.ref)
    assert kind
    headers = {"Content-Type": "application/json"}
    try:
        path = kind.collection(manifest.ref.version, manifest.ref.namespace)
        outside.request("POST", f"{path}?fieldManager=kubectl-create", body=manifest.payload, headers=headers)
    except ClusterFault as error:
        if error.fault.cause not in (Cause.INVALID, Cause.QUOTA):
            raise
        return False
    return True
