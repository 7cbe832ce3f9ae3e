"""Verification on a real server: what it costs, and what becomes of that which cannot be read, goes or is odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import orjson
import pytest
from msgspec.structs import replace

from rebuild.cluster.client import ApiServer
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.console.view import Silent
from rebuild.graph import build as graphs
from rebuild.lint import check as lint
from rebuild.model.kinds import Kind
from rebuild.model.objects import Body
from rebuild.ops import plan as plans
from rebuild.ops import target as targets
from rebuild.ops.blueprint import Declared
from rebuild.ops.run import Run
from rebuild.ops.verify import Look, verify
from rebuild.providers.kwok.lab import Lab
from rebuild.report import judgement, to_json
from rebuild.report.judgement import Judgement
from rebuild.report.ledger import Ledger
from rebuild.verify import schema
from tests.accuracy.conftest import declared
from tests.cluster.test_contract import requests_of
from tests.graph.test_admission_live import until
from tests.plan import support

pytestmark = pytest.mark.live

APPLY = {"Content-Type": "application/apply-patch+yaml"}
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def space(lab: Lab, outside: Transport) -> Iterator[str]:
    """A namespace that the test declares and fills."""
    name = f"verify-{uuid4().hex[:8]}"
    yield name
    outside.request("DELETE", f"/api/v1/namespaces/{name}")


def config_maps(space: str, *names: str, data: str = "{mode: fast}") -> str:
    spaced = f"metadata: {{name: NAME, namespace: {space}}}"
    return f"{{apiVersion: v1, kind: Namespace, metadata: {{name: {space}}}}}\n" + "".join(
        f"---\n{{apiVersion: v1, kind: ConfigMap, {spaced.replace('NAME', name)}, data: {data}}}\n" for name in names
    )


@dataclass
class Checked:
    """A verification that is over."""

    ledger: Ledger

    @property
    def judged(self) -> dict[str, Judgement]:
        return {ref.name: found for ref, found in judgement.judgements(self.ledger).items()}

    @property
    def reason(self) -> str:
        return str(to_json.document(self.ledger)["exit"]["reason"])

    def dissent(self, name: str) -> str:
        (found,) = [record.verification for ref, record in self.ledger.objects.items() if ref.name == name]
        assert found
        return found.dissent


class Bench:
    """Declares, applies and verifies as the commands do, step by step, so that a test can act between two steps."""

    def __init__(self, cluster: ApiServer, text: str, extra: tuple[Kind, ...] = ()) -> None:
        bound = targets.bind(cluster, provider="existing")
        self.target = replace(bound, served=bound.served.extended(extra))
        found = support.blueprint(text)
        definitions = (m.body for m in found.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"))
        checked = lint.check(found, schema.builtin().extended(definitions))
        self.found = Declared(found, graphs.build(found), checked).served_by(self.target.served)

    def apply(self) -> None:
        for manifest in self.found.blueprint:
            kind = self.found.blueprint.kinds.of(manifest.ref)
            assert kind
            for _ in range(1000):
                try:
                    self.target.cluster.apply(manifest, kind)
                except ClusterFault:
                    continue
                break
            else:
                raise AssertionError(f"{manifest.ref} was refused")

    def verify(self, *, second_opinion: bool = False, between: object = None) -> Checked:
        """Look, plan and verify; `between` is called after the plan was made, and everything is then read again."""
        run = Run("verify", listener=Silent(), durable=False)
        surroundings = plans.look(self.found, self.target)
        plan = plans.on_target(self.found, surroundings)
        run.record(plans.event_of(plan, key=run.key, at=run.now()))
        if callable(between):
            between()
        look = Look(second_opinion=second_opinion, seen=None if between else surroundings.snapshot)
        verify(run, self.target, self.found.blueprint, plan, look)
        run.end(complete=True)
        return Checked(run.ledger)


def test_more_objects_take_no_more_requests(lab: Lab, cluster: ApiServer, space: str) -> None:
    few = Bench(cluster, config_maps(space, "a"))
    many = Bench(cluster, config_maps(space, *(f"c{number}" for number in range(40))))
    many.apply()
    few.apply()
    with requests_of(lab) as for_few:
        few.verify()
    with requests_of(lab) as for_many:
        checked = many.verify()
    assert set(checked.judged.values()) == {Judgement.VERIFIED}
    assert len(for_many) == len(for_few)
    lists = [uri for verb, uri in for_many if verb == "list"]
    assert len(lists) == len(set(lists)), "a kind is listed twice"
    assert not [uri for verb, uri in for_many if space in uri]


def test_what_goes_while_it_is_verified_is_missing(cluster: ApiServer, outside: Transport, space: str) -> None:
    bench = Bench(cluster, config_maps(space, "stays", "goes"))
    bench.apply()
    checked = bench.verify(
        between=lambda: outside.request("DELETE", f"/api/v1/namespaces/{space}/configmaps/goes"),
    )
    assert (checked.judged["stays"], checked.judged["goes"]) == (Judgement.VERIFIED, Judgement.MISSING)


def test_what_changes_while_it_is_verified_differs(cluster: ApiServer, outside: Transport, space: str) -> None:
    bench = Bench(cluster, config_maps(space, "one"))
    bench.apply()
    path = f"/api/v1/namespaces/{space}/configmaps/one?fieldManager=kubectl-edit"
    change = orjson.dumps({"data": {"mode": "slow"}})
    checked = bench.verify(between=lambda: outside.request("PATCH", path, body=change, headers=MERGE))
    assert checked.judged["one"] is Judgement.DIFFERENT


@pytest.fixture
def dead_api(outside: Transport) -> Iterator[str]:
    """A group that only an aggregated API could serve, whose server is not there."""
    group = f"dead{uuid4().hex[:6]}.example"
    service = {"name": "nobody", "namespace": "default"}
    spec = {"group": group, "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1, "service": service}
    name = {"name": f"v1.{group}"}
    body = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": name}
    body["spec"] = {**spec, "insecureSkipTLSVerify": True}
    path = "/apis/apiregistration.k8s.io/v1/apiservices"
    outside.request("POST", path, body=orjson.dumps(body), headers={"Content-Type": "application/json"})
    until(lambda: _is_down(outside, f"/apis/{group}/v1/things"), f"{group} is known, and down")
    yield group
    outside.request("DELETE", f"{path}/v1.{group}")


def _is_down(outside: Transport, path: str) -> bool:
    try:
        outside.request("GET", path)
    except ClusterFault as error:
        return error.fault.status == 503
    return False


@pytest.mark.parametrize("is_known", [True, False])
def test_what_an_api_that_is_down_holds_is_not_verified(
    cluster: ApiServer, space: str, dead_api: str, is_known: bool
) -> None:
    """Whether discovery still lists the kind or not."""
    thing = f"---\n{{apiVersion: {dead_api}/v1, kind: Thing, metadata: {{name: thing, namespace: {space}}}}}\n"
    kind = Kind(dead_api, "Thing", "things", True, ("v1",))
    bench = Bench(cluster, config_maps(space, "one") + thing, (kind,) if is_known else ())
    Bench(cluster, config_maps(space, "one")).apply()
    checked = bench.verify()
    assert checked.judged == {space: Judgement.VERIFIED, "one": Judgement.VERIFIED, "thing": Judgement.UNVERIFIED}
    assert "not verified: not-served" in checked.reason


def test_an_object_as_large_as_can_be_is_compared(cluster: ApiServer, outside: Transport, space: str) -> None:
    text = "x" * 1_000_000
    bench = Bench(cluster, config_maps(space, "large", data=f"{{text: {text}}}"))
    bench.apply()
    assert bench.verify().judged["large"] is Judgement.VERIFIED
    change = orjson.dumps({"data": {"text": text[1:] + "z"}})
    outside.request("PATCH", f"/api/v1/namespaces/{space}/configmaps/large", body=change, headers=MERGE)
    assert bench.verify().judged["large"] is Judgement.DIFFERENT


def test_hundreds_of_managers_are_no_obstacle(cluster: ApiServer, outside: Transport, space: str) -> None:
    bench = Bench(cluster, config_maps(space, "crowded"))
    bench.apply()
    path = f"/api/v1/namespaces/{space}/configmaps/crowded"
    for number in range(200):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"mode": "slow", f"key{number}": "x"}}
        query = f"?fieldManager=manager-{number}&force=true"
        outside.request("PATCH", path + query, body=orjson.dumps(body), headers=APPLY)
    checked = bench.verify()
    assert checked.judged["crowded"] is Judgement.DIFFERENT
    (difference,) = to_json.document(checked.ledger)["differences"]
    assert "manager-199" in difference["manager"]


def test_a_second_opinion_takes_one_request_for_each_object_and_stores_nothing(
    lab: Lab, cluster: ApiServer, space: str
) -> None:
    bench = Bench(cluster, config_maps(space, "one", "two"))
    bench.apply()
    with requests_of(lab) as seen:
        checked = bench.verify(second_opinion=True)
    asked = [uri for verb, uri in seen if verb == "patch"]
    assert len(asked) == 3
    assert all("dryRun=All" in uri for uri in asked)
    assert set(checked.judged.values()) == {Judgement.VERIFIED}
    assert [checked.dissent(name) for name in ("one", "two")] == ["", ""]


def test_a_second_opinion_sees_what_we_gave_up(cluster: ApiServer, space: str) -> None:
    """What an older declaration of ours left behind is no difference, and the next apply takes it away."""
    Bench(cluster, config_maps(space, "one", data="{mode: fast, old: x}")).apply()
    checked = Bench(cluster, config_maps(space, "one")).verify(second_opinion=True)
    assert checked.judged["one"] is Judgement.VERIFIED
    assert checked.dissent("one") == "verification finds it equal, and a server-side apply would change data.old"
    codes = [finding.code for finding in judgement.findings(checked.ledger)]
    assert codes.count("second-opinion") == 1


def test_a_second_opinion_knows_what_can_take_no_effect(cluster: ApiServer, space: str) -> None:
    """The server keeps the spec of a signing request, whatever is applied."""
    (found,) = (m.body for m in declared("maximal/rules.yaml") if m.ref.kind == "CertificateSigningRequest")
    request: Body = {**found, "metadata": {"name": f"request-{space}", "labels": {"of": space}}}
    Bench(cluster, config_maps(space) + "---\n" + orjson.dumps(request).decode()).apply()
    request["spec"] = {**request["spec"], "usages": ["client auth", "digital signature"]}
    checked = Bench(cluster, config_maps(space) + "---\n" + orjson.dumps(request).decode()).verify(second_opinion=True)
    said = "verification finds spec.usages different, and a server-side apply would change nothing"
    assert said in checked.dissent(f"request-{space}")
    assert checked.judged[f"request-{space}"] is Judgement.DIFFERENT
