"""All ignore rules that the declared objects hold for other tools, with where each comes from."""

from __future__ import annotations

from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding
from rebuild.model.ignored import IgnoreRule
from rebuild.plan.imported import argo, flux
from rebuild.verify.ignoring import Scope


def read(blueprint: Blueprint) -> tuple[tuple[tuple[IgnoreRule, Scope], ...], tuple[Finding, ...]]:
    """The rules with their scopes, and what of them could not be taken over."""
    found: list[tuple[IgnoreRule, Scope]] = []
    findings: list[Finding] = []
    for rule in (*argo.rules(blueprint), *flux.rules(blueprint)):
        if isinstance(rule, Finding):
            findings.append(rule)
        else:
            found.append(rule)
    return tuple(found), tuple(findings)
