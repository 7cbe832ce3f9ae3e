"""A field that a custom resource's definition asks for, and that is not there.

Only a warning: a mutating webhook may fill it in before the server looks. Built-in kinds are left to the server,
since `required` in their schema is a trait of the Go type and not a rule (a RoleBinding's `roleRef.apiGroup` is
"required", and defaulted when it is missing).
"""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.lint.problems import Problem, Refusal, Subject
from rebuild.lint.walk import Kind
from rebuild.verify import paths


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each missing field."""
    for found in subject.departures:
        if found.kind is Kind.MISSING:
            yield Problem(
                "required-field",
                f"{paths.render(found.path)} is missing, which the definition of {subject.what} asks for",
                next_step="add it, unless a mutating webhook of the cluster does",
                refusal=Refusal.UNSURE,
            )
