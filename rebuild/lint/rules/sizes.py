"""Objects that are too large, by the three limits that stand in their way.

A ConfigMap and a Secret hold at most 1 MiB of values (MaxSecretSize of k8s.io/api/core/v1). The API server reads
at most 3 MiB of a request (MaxRequestBodyBytes of its generic config). etcd takes 1.5 MiB by default
(`--max-request-bytes`), which its operator may change, and of the stored form, which differs from what is sent:
an object between these two is sent with a warning.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from rebuild.lint.problems import Problem, Refusal, Subject
from rebuild.model.objects import Body, dig

MOST_DATA = 1024 * 1024
MOST_REQUEST = 3 * 1024 * 1024
ETCD_DEFAULT = 1536 * 1024


def problems_of(subject: Subject) -> Iterator[Problem]:
    """At most one problem: the tightest limit first."""
    kind, size = subject.manifest.ref.group_kind, len(subject.manifest.payload)
    values = _values(kind, subject.manifest.body) if size > MOST_DATA else 0
    refusal = Refusal.CERTAIN
    if values > MOST_DATA:
        message = f"its data takes {values} bytes; {MOST_DATA} are allowed"
    elif size > MOST_REQUEST:
        message = f"takes {size} bytes; the API server reads {MOST_REQUEST} of a request"
    elif size > ETCD_DEFAULT:
        message, refusal = f"takes {size} bytes; etcd stores {ETCD_DEFAULT} unless it is told otherwise", Refusal.UNSURE
    else:
        return
    yield Problem("too-large", message, next_step="split it, or keep the content outside the cluster", refusal=refusal)


def _values(kind: tuple[str, str], body: Body) -> int:
    """The bytes that the values stand for; `stringData` replaces `data` under the same key."""
    match kind:
        case ("", "ConfigMap"):
            return sum(map(_plain, _of(body, "data").values())) + sum(map(_coded, _of(body, "binaryData").values()))
        case ("", "Secret"):
            plain, coded = _of(body, "stringData"), _of(body, "data")
            return sum(map(_plain, plain.values())) + sum(_coded(v) for k, v in coded.items() if k not in plain)
        case _:
            return 0


def _of(body: Body, part: str) -> Body:
    values = dig(body, part)
    return values if isinstance(values, dict) else {}


def _plain(value: Any) -> int:
    return len(value.encode(errors="surrogatepass")) if isinstance(value, str) else 0


def _coded(value: Any) -> int:
    try:
        return len(base64.b64decode(value)) if isinstance(value, str) else 0
    except (binascii.Error, ValueError):
        return 0
