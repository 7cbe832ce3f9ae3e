"""What Argo CD and Flux are told to ignore is taken over with where it stands, or named as not taken over."""

from __future__ import annotations

import pytest

from rebuild.model.findings import Finding
from rebuild.model.refs import Ref
from rebuild.plan.imported import jq, rules
from rebuild.verify import patterns
from rebuild.verify.ignoring import Ignoring
from rebuild.verify.paths import Keyed, Path
from rebuild.verify.patterns import Element, Field, Token
from tests.plan import support

WEB = Ref("apps", "Deployment", "shop", "web")
OTHER = Ref("apps", "Deployment", "other", "web")
ROLE = Ref("rbac.authorization.k8s.io", "ClusterRole", "", "view")
OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: other}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: view}
rules: []
---
apiVersion: v1
kind: ConfigMap
metadata: {name: page, namespace: shop, annotations: {kustomize.toolkit.fluxcd.io/reconcile: "disabled"}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: once, namespace: shop, annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}}
---
"""
APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  destination: {namespace: shop}
  ignoreDifferences:
  - ENTRY
"""
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: shop, namespace: shop}
spec:
  driftDetection:
    mode: enabled
    ignore:
    - ENTRY
"""
SYSTEM = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data:
  KEY: |
    ENTRY
"""
REPLICAS: Path = ("spec", "replicas")


def read(declared: str) -> tuple[Ignoring, list[str]]:
    found, findings = rules.read(support.blueprint(OBJECTS + declared))
    return Ignoring(found), [finding.message for finding in findings]


def hides(ignoring: Ignoring, ref: Ref, path: Path = REPLICAS, *managers: str) -> bool:
    return ignoring.rule_for(ref, path, managers) is not None


def application(entry: str) -> tuple[Ignoring, list[str]]:
    return read(APPLICATION.replace("ENTRY", entry))


class TestAnApplication:
    def test_ignores_fields_of_what_it_deploys(self) -> None:
        ignoring, unsaid = application("{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}")
        assert unsaid == []
        assert hides(ignoring, WEB)
        assert not hides(ignoring, WEB, ("spec", "template"))
        assert not hides(ignoring, OTHER), "it deploys to another namespace"
        assert not hides(ignoring, ROLE)

    def test_is_told_as_the_reason_and_the_owner(self) -> None:
        ignoring, _ = application("{group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}")
        rule = ignoring.rule_for(WEB, REPLICAS, ())
        assert rule is not None
        assert rule.owner == "Argo CD Application argocd/shop"
        assert rule.reason == "Argo CD is told so by argoproj.io/v1alpha1/Application/argocd/shop"
        assert rule.place.startswith("declared.yaml:")
        assert rule.place.endswith(": spec.ignoreDifferences[0]")
        assert rule.imported

    def test_ignores_cluster_scoped_objects_by_their_kind(self) -> None:
        entry = "{group: rbac.authorization.k8s.io, kind: ClusterRole, jqPathExpressions: ['.rules']}"
        assert hides(application(entry)[0], ROLE, ("rules",))

    def test_may_name_another_namespace_and_an_object(self) -> None:
        entry = "{group: '*', kind: '*', namespace: other, name: web, jsonPointers: [/spec]}"
        ignoring, _ = application(entry)
        assert hides(ignoring, OTHER)
        assert not hides(ignoring, WEB)

    def test_ignores_what_a_manager_owns(self) -> None:
        entry = "{group: apps, kind: Deployment, managedFieldsManagers: [kube-controller-manager]}"
        ignoring, _ = application(entry)
        assert hides(ignoring, WEB, REPLICAS, "kube-controller-manager")
        assert not hides(ignoring, WEB, REPLICAS, "kubectl-edit")

    def test_whose_expression_is_more_than_a_path_is_left_out_and_the_rest_counts(self) -> None:
        entry = "{group: apps, kind: Deployment, jqPathExpressions: ['.spec.replicas', '.spec | length', '..']}"
        ignoring, unsaid = application(entry)
        assert hides(ignoring, WEB)
        assert [message.partition(" cannot")[0] for message in unsaid] == [
            "spec.ignoreDifferences[0]: the jq expression '.spec | length'",
            "spec.ignoreDifferences[0]: the jq expression '..'",
        ]

    @pytest.mark.parametrize(
        "entry", ["{kind: Deployment, jsonPointers: ['']}", "{group: apps, kind: Deployment}", "text"]
    )
    def test_that_names_no_field_ignores_nothing(self, entry: str) -> None:
        ignoring, _ = application(entry)
        assert not hides(ignoring, WEB)
        assert not hides(ignoring, WEB, ("status",), "kubectl-edit")


class TestTheSystemOfArgoCd:
    def read(self, key: str, entry: str) -> tuple[Ignoring, list[str]]:
        name = f"resource.customizations.ignoreDifferences.{key}"
        return read(SYSTEM.replace("KEY", name).replace("ENTRY", entry.replace("\n", "\n    ")))

    def test_ignores_fields_of_a_kind_everywhere(self) -> None:
        ignoring, unsaid = self.read("apps_Deployment", "jsonPointers:\n- /spec/replicas")
        assert unsaid == []
        assert hides(ignoring, WEB)
        assert hides(ignoring, OTHER)
        assert not hides(ignoring, ROLE)

    def test_ignores_what_a_manager_owns_in_all_kinds(self) -> None:
        ignoring, _ = self.read("all", "managedFieldsManagers:\n- kube-controller-manager")
        assert hides(ignoring, ROLE, ("rules",), "kube-controller-manager")

    def test_that_is_no_mapping_is_left_out(self) -> None:
        assert "is not one mapping" in self.read("all", "- a")[1][0]


class TestFlux:
    def release(self, entry: str) -> tuple[Ignoring, list[str]]:
        return read(RELEASE.replace("ENTRY", entry))

    def test_ignores_fields_of_what_a_release_makes(self) -> None:
        ignoring, unsaid = self.release("{paths: [/spec/replicas], target: {kind: Deployment}}")
        assert unsaid == []
        assert hides(ignoring, WEB)
        assert not hides(ignoring, OTHER)

    @pytest.mark.parametrize(
        ("target", "meant"),
        [
            ("{name: web}", True),
            ("{name: ^w.*$}", True),
            ("{name: api|web}", True),
            ("{name: api}", False),
            ("{group: apps, version: v1, kind: Deploy.*}", True),
            ("{labelSelector: 'app=web'}", True),
            ("{labelSelector: 'app!=web'}", False),
            ("{labelSelector: 'app,!canary'}", True),
            ("{annotationSelector: 'a/b=c'}", False),
            ("{namespace: other}", False),
        ],
    )
    def test_reads_what_a_target_selects(self, target: str, meant: bool) -> None:
        ignoring, unsaid = self.release(f"{{paths: [/spec/replicas], target: {target}}}")
        assert unsaid == []
        assert hides(ignoring, WEB) is meant

    @pytest.mark.parametrize("target", ["{name: '(a+)+$'}", "{name: '[ab]'}", "{labelSelector: 'app in (a,b)'}"])
    def test_leaves_out_a_target_that_says_more(self, target: str) -> None:
        ignoring, unsaid = self.release(f"{{paths: [/spec/replicas], target: {target}}}")
        assert not hides(ignoring, WEB)
        assert len(unsaid) == 1

    @pytest.mark.parametrize("name", ["page", "once"])
    def test_leaves_alone_an_object_that_says_so(self, name: str) -> None:
        ignoring, _ = read("")
        assert hides(ignoring, Ref("", "ConfigMap", "shop", name), ("data", "a"))
        assert not hides(ignoring, WEB)


@pytest.mark.parametrize(
    ("expression", "steps"),
    [
        (".spec.replicas", (Field("spec"), Field("replicas"))),
        ('.metadata.annotations["a/b"]', (Field("metadata"), Field("annotations"), Field("a/b"))),
        (".webhooks[]?.clientConfig", (Field("webhooks"), Element(), Field("clientConfig"))),
        (".a[0].b", (Field("a"), Token("0"), Field("b"))),
        ('.c[] | select(.name == "web") | .image', (Field("c"), Element((("name", "web"),)), Field("image"))),
        (".p[] | select(.port==80).x", (Field("p"), Element((("port", "80"),)), Field("x"))),
    ],
)
def test_a_jq_path_is_a_pattern(expression: str, steps: patterns.Pattern) -> None:
    assert jq.pattern(expression) == steps


@pytest.mark.parametrize(
    "expression",
    [
        "",
        ".",
        "..",
        ".a | length",
        "select(.a)",
        ".a[1:2]",
        ".a + .b",
        ".a as $x | .b",
        r'.a["\q"]',
        r'.a[] | select(.b == "\q")',
    ],
)
def test_other_jq_is_not_guessed_at(expression: str) -> None:
    assert jq.pattern(expression) is None


def test_an_imported_pattern_finds_the_element_of_a_list() -> None:
    pattern = jq.pattern('.spec.template.spec.containers[] | select(.name == "web") | .image')
    assert pattern is not None
    image: Path = ("spec", "template", "spec", "containers", Keyed((("name", "web"),)), "image")
    assert patterns.covers(pattern, image)


def test_what_is_not_taken_over_names_its_place_and_a_way() -> None:
    blueprint = support.blueprint(APPLICATION.replace("ENTRY", "{kind: Pod, jqPathExpressions: ['..']}"))
    (finding,) = rules.read(blueprint)[1]
    assert isinstance(finding, Finding)
    assert finding.code == "ignore-rule-not-imported"
    assert finding.origin is not None
    assert "--rules" in finding.next_step
