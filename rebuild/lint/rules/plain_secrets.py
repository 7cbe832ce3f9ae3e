"""A Secret whose values stand readable in the source: base64 is no encryption. Never says what they are."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.lint.problems import Problem, Refusal, Subject
from rebuild.model.objects import Provenance, dig


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each object; what the operator adds from outside the source is theirs to keep."""
    ref, body = subject.manifest.ref, subject.manifest.body
    if ref.group_kind != ("", "Secret") or subject.manifest.origin.provenance is Provenance.OPERATOR:
        return
    if any(isinstance(values := dig(body, part), dict) and any(values.values()) for part in ("data", "stringData")):
        yield Problem(
            "plain-secret",
            "its values can be read by everybody who can read this file",
            next_step="keep it in a secret store or as a SealedSecret, and change the values that were shown",
            refusal=Refusal.UNSURE,
        )
