"""What comparison is told about kinds: a live definition counts before a declared one."""

from __future__ import annotations

from rebuild.model.refs import Ref
from rebuild.plan import build
from rebuild.plan.snapshot import Snapshot
from rebuild.verify.shapes import ListType
from tests.plan import support

DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {tags: {type: array, x-kubernetes-list-type: LIST, items: {type: string}}}
"""
WIDGET = "{apiVersion: example.com/v1, kind: Widget, metadata: {name: one}, tags: [a]}"
REF = Ref.of("example.com/v1", "Widget", "", "one")


def list_type(declared: str, live: str) -> ListType:
    setting = build.setting_for(support.blueprint(declared), Snapshot(support.objects(live)), manager="rebuild")
    return setting.schemas.at(REF, ("tags",)).list_type


def test_the_live_definition_says_how_the_server_takes_an_object() -> None:
    declared, live = DEFINITION.replace("LIST", "atomic"), DEFINITION.replace("LIST", "set")
    assert list_type(f"{declared}---\n{WIDGET}", live) is ListType.SET


def test_a_definition_that_is_only_live_is_known_as_well() -> None:
    assert list_type(f"{support.SHOP}\n---\n{WIDGET}", DEFINITION.replace("LIST", "set")) is ListType.SET


def test_a_definition_that_is_only_declared_stands_in() -> None:
    assert list_type(f"{DEFINITION.replace('LIST', 'set')}---\n{WIDGET}", support.SHOP) is ListType.SET
