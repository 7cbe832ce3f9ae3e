"""What a user may not do is told before the first write: all of it, at a counted cost."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect
from rebuild.model.errors import Exit, Refused, Unreachable
from rebuild.ops.rights import assert_sufficient, findings
from tests.plan import support

DECLARED = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: bank}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: bank}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
"""
LISTS = {"verbs": ["list", "watch"], "apiGroups": ["*"], "resources": ["*"]}
WRITES = {"verbs": ["create", "patch"], "apiGroups": ["*"], "resources": ["*"]}


@dataclass(slots=True)
class Reviews:
    """A server that answers nothing but reviews; `rules` are by namespace, `-` for those of the whole cluster."""

    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    allowed: Callable[[dict[str, str]], bool] = lambda attributes: False
    incomplete: bool = False
    status: int = 201
    denial: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, review: dict[str, Any]) -> dict[str, Any]:
        spec = review["spec"]
        self.asked.append(spec)
        if self.denial:
            return {"kind": "Status", "reason": "Forbidden", "message": self.denial}
        if "resourceAttributes" in spec:
            return {"status": {"allowed": self.allowed(spec["resourceAttributes"])}}
        namespace = spec["namespace"]
        rules = [*self.rules.get("-", []), *(self.rules.get(namespace, []) if namespace != "-" else [])]
        return {"status": {"resourceRules": rules, "incomplete": self.incomplete}}


@pytest.fixture
def reviews() -> Reviews:
    return Reviews()


@pytest.fixture
def cluster(reviews: Reviews, tmp_path: Path) -> Iterator[ApiServer]:
    """The port, connected to that server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            data = json.dumps(reviews.answer(review)).encode()
            self.send_response(reviews.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        file = tmp_path / "kubeconfig"
        entry = {"server": f"http://127.0.0.1:{server.server_port}"}
        file.write_text(
            yaml.safe_dump(
                {
                    "clusters": [{"name": "c", "cluster": entry}],
                    "users": [{"name": "u", "user": {"token": "t"}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                }
            )
        )
        opened = connect(context="x", kubeconfig=file)
        yield opened
        opened.close()
        server.shutdown()
        thread.join()


def missing(cluster: ApiServer) -> list[str]:
    with pytest.raises(Refused) as caught:
        assert_sufficient(cluster, support.plan(DECLARED))
    assert caught.value.exit is Exit.REFUSED
    assert "nothing was written" in caught.value.hint
    return str(caught.value).split("\n  ")[1:]


def test_an_administrator_costs_one_request(cluster: ApiServer, reviews: Reviews) -> None:
    reviews.rules["-"] = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    assert_sufficient(cluster, support.plan(DECLARED))
    assert reviews.asked == [{"namespace": "-"}]


def test_rights_in_namespaces_cost_one_more_request_each(cluster: ApiServer, reviews: Reviews) -> None:
    whole = {"verbs": ["create", "patch"], "apiGroups": [""], "resources": ["namespaces"]}
    reviews.rules = {"-": [LISTS, whole], "shop": [WRITES], "bank": [WRITES]}
    assert_sufficient(cluster, support.plan(DECLARED))
    assert reviews.asked == [{"namespace": "-"}, {"namespace": "bank"}, {"namespace": "shop"}]


def test_a_plan_that_writes_nothing_asks_nothing(cluster: ApiServer, reviews: Reviews) -> None:
    assert_sufficient(cluster, support.plan(DECLARED, live=DECLARED))
    assert reviews.asked == []


def test_all_that_is_missing_is_told_at_once(cluster: ApiServer, reviews: Reviews) -> None:
    assert missing(cluster) == [
        "list configmaps in the whole cluster",
        "create, patch configmaps in namespaces bank, shop",
        "list, watch deployments.apps in the whole cluster",
        "create, patch deployments.apps in namespace shop",
        "list, watch, create, patch namespaces in the whole cluster",
    ]


def test_a_plan_tells_each_line_where_the_first_object_stands_that_needs_it(
    cluster: ApiServer, reviews: Reviews
) -> None:
    reviews.rules["-"] = [{"verbs": ["*"], "apiGroups": [""], "resources": ["*"]}, LISTS]
    (finding,) = findings(cluster, support.plan(DECLARED))
    assert str(finding) == (
        "declared.yaml:18: warning: apps/v1/Deployment/shop/web: this user may not create, patch deployments.apps in "
        "namespace shop [right-missing] (have these rights granted, or name another context)"
    )


@pytest.mark.parametrize(
    "denial",
    [
        'selfsubjectrulesreviews.authorization.k8s.io is forbidden: User "low" cannot create resource "it"',
        "",
    ],
    ids=["by the API server", "by somebody before it"],
)
def test_a_plan_stands_where_nobody_can_tell_the_rights(cluster: ApiServer, reviews: Reviews, denial: str) -> None:
    reviews.status, reviews.denial = 403, denial
    (finding,) = findings(cluster, support.plan(DECLARED))
    assert (finding.code, finding.next_step) == ("rights-unknown", "bind it to the ClusterRole system:basic-user")


def test_a_new_object_takes_the_right_to_create_beside_that_to_patch(cluster: ApiServer, reviews: Reviews) -> None:
    reviews.rules = {"-": [LISTS, {"verbs": ["patch"], "apiGroups": ["*"], "resources": ["*"]}]}
    assert all(line.startswith("create ") for line in missing(cluster))
    changed = DECLARED.replace("image: nginx", "image: other")
    assert_sufficient(cluster, support.plan(changed, live=DECLARED))


def test_a_right_to_objects_by_name_counts_for_these(cluster: ApiServer, reviews: Reviews) -> None:
    reviews.rules = {"-": [LISTS, WRITES | {"resourceNames": ["settings", "shop", "bank"]}]}
    assert missing(cluster) == ["create, patch deployments.apps in namespace shop"]


def test_a_right_in_one_namespace_does_not_reach_into_another(cluster: ApiServer, reviews: Reviews) -> None:
    reviews.rules = {"-": [LISTS], "shop": [WRITES]}
    assert missing(cluster) == [
        "create, patch configmaps in namespace bank",
        "create, patch namespaces in the whole cluster",
    ]


def test_a_namespace_that_exists_is_written_to_with_rights_in_it(cluster: ApiServer, reviews: Reviews) -> None:
    reviews.rules = {"-": [LISTS], "shop": [WRITES]}
    labelled = DECLARED.replace("{name: shop}", "{name: shop, labels: {a: b}}")
    assert_sufficient(cluster, support.plan(labelled, live=DECLARED))


def test_a_server_that_cannot_list_its_rules_is_asked_for_everything_first(
    cluster: ApiServer, reviews: Reviews
) -> None:
    reviews.incomplete, reviews.allowed = True, lambda attributes: attributes["resource"] == "*"
    assert_sufficient(cluster, support.plan(DECLARED))
    assert len(reviews.asked) == 2


def test_and_then_for_each_thing_that_its_rules_leave_open(cluster: ApiServer, reviews: Reviews) -> None:
    reviews.incomplete, reviews.rules = True, {"-": [LISTS]}
    reviews.allowed = lambda attributes: attributes["resource"] == "configmaps"
    assert missing(cluster) == [
        "create, patch deployments.apps in namespace shop",
        "create, patch namespaces in the whole cluster",
    ]
    single = [spec["resourceAttributes"] for spec in reviews.asked if "resourceAttributes" in spec]
    assert len(single) == 1 + 4 + 2 + 2
    assert {attributes["name"] for attributes in single} == {""}


@pytest.mark.parametrize(("status", "error"), [(403, Refused), (500, Unreachable)])
def test_a_server_that_does_not_answer_reviews_stops_the_run(
    cluster: ApiServer, reviews: Reviews, status: int, error: type[Exception]
) -> None:
    reviews.status = status
    with pytest.raises(error):
        assert_sufficient(cluster, support.plan(DECLARED))
