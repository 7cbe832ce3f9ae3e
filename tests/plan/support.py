"""Blueprints and plans out of YAML, by the code that reads repositories."""

from __future__ import annotations

from rebuild.graph import build as graphs
from rebuild.manifests import loader
from rebuild.manifests.read import read
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Severity
from rebuild.model.objects import Body
from rebuild.model.sources import SourceFile
from rebuild.plan import build
from rebuild.plan.build import Surroundings
from rebuild.plan.fidelity import Capabilities
from rebuild.plan.snapshot import Snapshot
from rebuild.plan.steps import Plan

MANAGER = "rebuild"
SIMULATED = Capabilities(containers=False)
REAL = Capabilities(containers=True)
SHOP = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"


def blueprint(text: str | bytes) -> Blueprint:
    """What the text declares; nothing in it may stand in the way of a plan."""
    data = text.encode() if isinstance(text, str) else text
    found = read([SourceFile("declared.yaml", data)], kinds=kinds.builtin())
    assert not [each for each in found.findings if each.severity is Severity.ERROR]
    return found


def objects(text: str) -> list[Body]:
    """The objects of a text as they are: for what lives in a cluster."""
    return [document.value for document in loader.documents(text.encode())]


def plan(declared: str, live: str = "", capabilities: Capabilities = REAL) -> Plan:
    """The plan for what one text declares on a cluster that holds what the other one says, and a namespace `shop`."""
    found = blueprint(declared)
    surroundings = Surroundings(Snapshot([*objects(live), *objects(SHOP)]), capabilities)
    return build.build(found, graphs.build(found), surroundings, manager=MANAGER)
