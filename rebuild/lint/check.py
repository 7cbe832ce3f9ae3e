"""All rules over all declared objects. Offline and pure: what only a server can know is not judged here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TypeAlias

from msgspec import Struct

from rebuild.lint import table, walk
from rebuild.lint.problems import Problem, Refusal, Subject
from rebuild.lint.rules import (
    annotation_keys,
    data_keys,
    labels,
    merge_keys,
    object_names,
    plain_secrets,
    required_fields,
    sizes,
    sops,
    unknown_fields,
    wrong_types,
)
from rebuild.lint.table import Table
from rebuild.model import kinds
from rebuild.model.blueprint import Blueprint
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest
from rebuild.model.refs import Ref
from rebuild.verify.schema import Schemas

Rule: TypeAlias = Callable[[Subject], Iterator[Problem]]
RULES: tuple[Rule, ...] = tuple(
    module.problems_of
    for module in (
        object_names,
        labels,
        annotation_keys,
        data_keys,
        unknown_fields,
        wrong_types,
        required_fields,
        merge_keys,
        sizes,
        plain_secrets,
    )
)
"""All but `sops`: of what is encrypted nothing else can be said."""
LISTED = 10
"""Problems of one rule about one object that are told: who sees ten has seen the cause."""


class Checked(Struct, frozen=True):
    """What was found, and why an object cannot be sent, first reason first; `release` is the tables' Kubernetes."""

    findings: tuple[Finding, ...]
    refusals: Mapping[Ref, tuple[Problem, ...]]
    release: str

    def unsendable(self, version: str = "") -> dict[Ref, str]:
        """Why the API server is sure to refuse an object, for every one of which that is so.

        Args:
            version: what the target calls itself (`v1.37.2`); nothing means the release of the tables. Another
                release may know fields that ours does not: it is asked.
        """
        same = not version or version.startswith(f"v{self.release}.")
        reasons: dict[Ref, str] = {}
        for ref, problems in self.refusals.items():
            sure = [p.message for p in problems if same or p.refusal is Refusal.CERTAIN]
            if sure:
                reasons[ref] = sure[0] + (f" (and {len(sure) - 1} more)" if len(sure) > 1 else "")
        return reasons


def check(blueprint: Blueprint, schemas: Schemas) -> Checked:
    """Judge every declared object by itself.

    Args:
        blueprint: what is declared, its CustomResourceDefinitions included.
        schemas: the list keys of all kinds, those of the declared definitions included.
    """
    definitions = blueprint.of_kind("apiextensions.k8s.io", "CustomResourceDefinition")
    types = table.builtin().extended(manifest.body for manifest in definitions)
    findings: list[Finding] = []
    refusals: dict[Ref, tuple[Problem, ...]] = {}
    for manifest in blueprint:
        problems = tuple(_problems(manifest, types, schemas))
        findings.extend(_finding(manifest, problem) for problem in problems)
        refused = tuple(problem for problem in problems if problem.refusal is not Refusal.UNSURE)
        if refused:
            refusals[manifest.ref] = refused
    return Checked(tuple(findings), refusals, types.release)


def _problems(manifest: Manifest, types: Table, schemas: Schemas) -> Iterator[Problem]:
    root = types.root(manifest.ref)
    subject = Subject(
        manifest,
        schemas,
        departures=walk.departures(manifest.body, root, types) if root else (),
        custom=types.is_custom(manifest.ref),
        builtin=kinds.builtin().of(manifest.ref) is not None,
    )
    encrypted = tuple(sops.problems_of(subject))
    if encrypted:
        yield from encrypted
        return
    for rule in RULES:
        yield from islice(rule(subject), LISTED)


def _finding(manifest: Manifest, problem: Problem) -> Finding:
    message = f"{manifest.ref}: {problem.message}"
    return Finding(problem.code, Severity.WARNING, message, manifest.ref, manifest.origin, problem.next_step)
