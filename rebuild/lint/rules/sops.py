"""A document that sops encrypted: its values are ciphertext, and only the holder of a key can say what is declared.

sops leaves its metadata under the top-level key `sops`, with a message authentication code over the values
(github.com/getsops/sops, stores/yaml). That key is no field of any kind, so the API server refuses the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rebuild.lint.problems import Problem, Subject

_CIPHERTEXT = "ENC["


def problems_of(subject: Subject) -> Iterator[Problem]:
    """One problem for each encrypted object, and none of its values."""
    body = subject.manifest.body
    if isinstance(body.get("sops"), dict) and _holds_ciphertext(body):
        yield Problem(
            "sops-encrypted",
            "is encrypted with sops and cannot be applied as ciphertext; it is not sent",
            next_step="decrypt it with `sops --decrypt` and add the result from outside the repository",
        )


def _holds_ciphertext(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_ciphertext, value.values()))
    if isinstance(value, list):
        return any(map(_holds_ciphertext, value))
    return isinstance(value, str) and value.startswith(_CIPHERTEXT)
