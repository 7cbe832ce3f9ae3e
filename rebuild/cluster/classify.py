"""A failed response to its cause: by status, reason, message and details together. Pure.

The same number means different things. Measured on Kubernetes 1.37.2 (each with a case folder): an unknown field
under server-side apply answers 500 and is the user's error, a dead webhook answers 500 and may come back, a
binding whose role is missing answers 404 although the path is right, and an API whose backend is dead answers 503
although nothing is overloaded. No message leaves here with a value of the object in it that the server echoed.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from rebuild.model.faults import Cause, Fault
from rebuild.model.objects import dig, dig_maps

_LONGEST_MESSAGE = 600
_LONGEST_WISH = 3600.0
"""Seconds: a wish has an end, whatever number of digits the server sends."""
_ECHO = ", got &"
"""Where the typed patch error begins to print the declared value: `.stringData.pin: expected string, got &...`."""
_WEBHOOK_PHRASES = ("failed calling webhook", "failed calling admission webhook", "conversion webhook for")
_ETCD_PHRASES = ("etcdserver: leader changed", "etcdserver: request timed out", "etcdserver: no leader")
_NO_SPACE = "etcdserver: mvcc: database space exceeded"
"""etcd's alarm NOSPACE is raised: it takes no write until somebody has made room and disarmed it."""
_USER_ERROR_PHRASES = (
    "failed to create typed patch object",
    "failed to prune fields",
    "failed to convert",
    "etcdserver: request is too large",
    "trying to send message larger than max",
)
_DEAD_BACKEND_PHRASES = ("service unavailable", "error trying to reach service")
"""The aggregator's own answers, as plain text; an overloaded server sends a Status object."""
_DENIAL = re.compile(r'User "[^"]*" cannot \S+ (resource|path) "')
"""The words for every authorizer's no (`forbiddenMessage` of k8s.io/apiserver); admission has others."""
_COLD_STORAGE = "storage is (re)initializing"
"""Lists and watches of a kind that has only just begun to be served; over within some ten milliseconds."""


def classify(status: int, data: bytes, retry_after: str | None = None) -> Fault:
    """The fault that an answer stands for.

    Args:
        status: the HTTP status, 400 or more, or the code of a watch's ERROR event.
        data: the body; a Status object where the API server itself wrote it, else text of any kind.
        retry_after: the header of that name; only its form in seconds counts, which is the one that the API
            server uses.
    """
    body = _status_object(data)
    reason = str(dig(body, "reason") or "")
    message = str(dig(body, "message") or data.decode("utf-8", "replace").strip())
    cause = _cause(status, reason, message, body)
    if cause is Cause.ROLE_MISSING:
        # The server says that the *binding* of the role's name is not found.
        message = f"the role {dig(body, 'details', 'name')!r} that the binding refers to does not exist"
    if _NO_SPACE in message:
        message = f"the cluster is read-only, since its etcd is full (alarm NOSPACE): {message}"
    shown = message.partition(_ECHO)[0][:_LONGEST_MESSAGE]
    # The wish that comes with a cold storage is always one second, far more than it takes.
    wish = 0.0 if cause is Cause.NOT_SERVED else _seconds(retry_after)
    return Fault(cause, status, shown or f"HTTP {status} without a message", wish)


def _cause(status: int, reason: str, message: str, body: Any) -> Cause:
    if any(phrase in message for phrase in _WEBHOOK_PHRASES):
        return Cause.WEBHOOK
    if any(phrase in message for phrase in _ETCD_PHRASES):
        return Cause.OVERLOAD
    match status:
        case 401:
            return Cause.UNAUTHORIZED
        case 403:
            return _forbidden(message, body)
        case 404:
            return _not_found(reason, body)
        case 409:
            return Cause.FIELD_CONFLICT if "FieldManagerConflict" in _reasons(body) else Cause.CONFLICT
        case 410:
            # The resourceVersion or the page that we asked from is gone: asking anew helps.
            return Cause.TRANSPORT
        case 429 if message == _COLD_STORAGE:
            return Cause.NOT_SERVED
        case 503 if not reason and message.startswith(_DEAD_BACKEND_PHRASES):
            return Cause.NOT_SERVED
        case 429 | 503 | 504:
            return Cause.OVERLOAD
        case 500 if any(phrase in message for phrase in _USER_ERROR_PHRASES):
            return Cause.INVALID
    return Cause.INVALID if status < 500 else Cause.INTERNAL


def _forbidden(message: str, body: Any) -> Cause:
    """Authorizers and admission plugins share 403; some of it only means "not yet"."""
    if "NamespaceTerminating" in _reasons(body):
        return Cause.NAMESPACE_TERMINATING
    if "exceeded quota" in message or "status unknown for quota" in message:
        return Cause.QUOTA
    if "error looking up service account" in message:
        return Cause.SERVICE_ACCOUNT_MISSING
    return Cause.DENIED if _DENIAL.search(message) else Cause.FORBIDDEN


def _not_found(reason: str, body: Any) -> Cause:
    """A 404 without details is the path's; with details it names what is missing, or the binding that misses it."""
    match dig(body, "details", "kind"):
        case "namespaces":
            return Cause.NAMESPACE_MISSING
        case "rolebindings" | "clusterrolebindings":
            return Cause.ROLE_MISSING
    return Cause.NOT_SERVED if reason in ("NotFound", "") else Cause.INVALID


def _reasons(body: Any) -> set[Any]:
    return {cause.get("reason") for cause in dig_maps(body, "details", "causes")}


def _status_object(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _seconds(value: str | None) -> float:
    return min(float(value), _LONGEST_WISH) if value and value.isascii() and value.isdigit() else 0.0
