"""A failed response to its cause: by status, reason, message and details together. Pure.

The same number means different things. Measured on Kubernetes 1.37.2 (each row has a case folder): an unknown field
under server-side apply answers 500 and is the user's error, a dead webhook answers 500 and may come back, a
binding whose role is missing answers 404 although the path is right, and an API whose backend is dead answers 503
although nothing is overloaded. No message leaves here with a value of the object in it that the server echoed.
"""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
from msgspec import Struct

from rebuild.model.faults import Cause, Fault
from rebuild.model.objects import dig, dig_maps

_LONGEST_MESSAGE = 600
_LONGEST_WISH = 3600.0
"""Seconds: a wish has an end, whatever number of digits the server sends."""
_ECHO = ", got &"
"""Where the typed patch error begins to print the declared value: `.stringData.pin: expected string, got &...`."""
_NO_SPACE = "etcdserver: mvcc: database space exceeded"
"""etcd's alarm NOSPACE is raised: it takes no write until somebody has made room and disarmed it."""
_NEVER_CHANGES: Final = re.compile("is immutable|updates to .* are forbidden|may not (be )?change|cannot (be )?change")
"""How validation says it; there is no reason for it that a program could read."""


class Row(Struct, frozen=True):
    """Which answers have one cause. What a row leaves empty may be anything; the first row that fits counts."""

    cause: Cause
    meaning: str
    status: tuple[int, ...] = ()
    words: str = ""
    """A pattern that the message holds."""
    because: str = ""
    """A reason among `details.causes`."""
    about: tuple[str, ...] = ()
    """What `details.kind` is."""
    plain: bool = False
    """Whether it is plain text: the aggregator's own answers, where an overloaded server sends a Status object."""
    reasons: tuple[str, ...] = ()
    """The reasons that it may have."""

    def fits(self, status: int, message: str, body: Any) -> bool:
        """Whether an answer is one of these."""
        reason = str(dig(body, "reason") or "")
        return (
            (not self.status or status in self.status)
            and (not self.plain or not reason)
            and (not self.reasons or reason in self.reasons)
            and (not self.about or dig(body, "details", "kind") in self.about)
            and (not self.words or re.search(self.words, message) is not None)
            and (not self.because or any(each.get("reason") == self.because for each in _causes(body)))
        )


ROWS: Final = (
    Row(
        Cause.WEBHOOK,
        "an admission or conversion webhook does not answer, or not as one",
        words="failed calling (admission )?webhook|conversion webhook for",
    ),
    Row(Cause.FORBIDDEN, "an admission webhook refuses the object", words='admission webhook ".*" denied the request'),
    Row(
        Cause.OVERLOAD,
        "etcd has no leader, or no time",
        words="etcdserver: (leader changed|request timed out|no leader|too many requests)",
    ),
    Row(Cause.UNAUTHORIZED, "the credentials are not, or no longer, valid", status=(401,)),
    Row(
        Cause.NAMESPACE_TERMINATING,
        "its namespace is being deleted",
        status=(403,),
        because="NamespaceTerminating",
    ),
    Row(
        Cause.QUOTA,
        "a ResourceQuota is used up, or not counted yet",
        status=(403,),
        words="exceeded quota|status unknown for quota",
    ),
    Row(
        Cause.SERVICE_ACCOUNT_MISSING,
        "the ServiceAccount of a Pod is not there yet",
        status=(403,),
        words="error looking up service account",
    ),
    Row(
        Cause.DENIED,
        "the user may not do that",
        status=(403,),
        words=r'User "[^"]*" cannot \S+ (resource|path) "',
    ),
    Row(Cause.FORBIDDEN, "admission refuses it, or a role would grant more than its author has", status=(403,)),
    Row(Cause.NAMESPACE_MISSING, "its namespace is not there", status=(404,), about=("namespaces",)),
    Row(
        Cause.ROLE_MISSING,
        "the role of a binding is not there; the path is right",
        status=(404,),
        about=("rolebindings", "clusterrolebindings"),
    ),
    Row(Cause.NOT_SERVED, "nothing answers at this path", status=(404,), reasons=("NotFound", "")),
    Row(
        Cause.FIELD_CONFLICT,
        "another field manager owns a declared field",
        status=(409,),
        because="FieldManagerConflict",
    ),
    Row(Cause.CONFLICT, "somebody else wrote at the same moment", status=(409,)),
    Row(Cause.TRANSPORT, "the resourceVersion or page to go on from is gone: asking anew helps", status=(410,)),
    Row(
        Cause.NOT_SERVED,
        "the storage of a new kind is not warm yet; over within some ten milliseconds",
        status=(429,),
        words=r"^storage is \(re\)initializing$",
    ),
    Row(
        Cause.NOT_SERVED,
        "the backend of an APIService does not answer",
        status=(503,),
        words="^(service unavailable|error trying to reach service)",
        plain=True,
    ),
    Row(Cause.OVERLOAD, "the server has its hands full, or ran out of time", status=(429, 503, 504)),
    Row(
        Cause.INVALID,
        "server-side apply cannot read the object, or it is too large",
        status=(500,),
        words="failed to create typed patch object|failed to prune fields|failed to convert|"
        "etcdserver: request is too large|trying to send message larger than max",
    ),
    Row(
        Cause.PORT_ALLOCATED,
        "another Service has this node port or cluster IP",
        status=(422,),
        words="provided (port|IP) is already allocated",
    ),
    Row(
        Cause.IMMUTABLE,
        "only fields differ that never change",
        status=(422,),
        words=_NEVER_CHANGES.pattern,
    ),
    Row(Cause.INTERNAL, "the server failed, and says nothing that explains it", status=tuple(range(500, 600))),
    Row(Cause.INVALID, "the object cannot be accepted as it is written"),
)


def classify(status: int, data: bytes, retry_after: str | None = None) -> Fault:
    """The fault that an answer stands for.

    Args:
        status: the HTTP status, 400 or more, or the code of a watch's ERROR event.
        data: the body; a Status object where the API server itself wrote it, else text of any kind.
        retry_after: the header of that name; only its form in seconds counts, which is the one that the API
            server uses.
    """
    body = _status_object(data)
    message = str(dig(body, "message") or data.decode("utf-8", "replace").strip())
    cause = row_of(status, message, body).cause
    if cause is Cause.ROLE_MISSING:
        # The server says that the *binding* of the role's name is not found.
        message = f"the role {dig(body, 'details', 'name')!r} that the binding refers to does not exist"
    if cause is Cause.IMMUTABLE:
        message = _without_values(message, body)
    if _NO_SPACE in message:
        message = f"the cluster is read-only, since its etcd is full (alarm NOSPACE): {message}"
    shown = message.partition(_ECHO)[0][:_LONGEST_MESSAGE]
    # The wish that comes with a cold storage is always one second, far more than it takes.
    wish = 0.0 if cause is Cause.NOT_SERVED else _seconds(retry_after)
    return Fault(cause, status, shown or f"HTTP {status} without a message", wish)


def row_of(status: int, message: str, body: Any) -> Row:
    """The first row that fits; what would delete an object in vain is not called immutable."""
    found = next(row for row in ROWS if row.fits(status, message, body))
    if found.cause is Cause.IMMUTABLE:
        causes = [_NEVER_CHANGES.search(str(each.get("message"))) for each in _causes(body)]
        return found if causes and all(causes) else ROWS[-1]
    return found


def _without_values(message: str, body: Any) -> str:
    """Which fields are immutable, without the values that validation prints: of a Job that is the whole template."""
    head, _, _ = message.partition(" is invalid: ")
    fields = (f"{each.get('field')}: {_reason(str(each.get('message')))}" for each in _causes(body))
    return f"{head} is invalid: {', '.join(fields)}"


def _reason(text: str) -> str:
    first, _, rest = text.partition(": ")
    return rest.rpartition(": ")[2] if first == "Invalid value" else rest.partition("\n")[0]


def _causes(body: Any) -> list[Any]:
    return list(dig_maps(body, "details", "causes"))


def _status_object(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _seconds(value: str | None) -> float:
    return min(float(value), _LONGEST_WISH) if value and value.isascii() and value.isdigit() else 0.0
