"""Why a request failed, sorted by what helps: never by the status number alone."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Cause(StrEnum):
    """What went wrong, as far as it decides whether and when to try again."""

    OVERLOAD = "overload"
    """429, 503, 504 or an etcd time-out: the server asks for patience."""
    TRANSPORT = "transport"
    """No usable answer: refused, reset, timed out, cut short."""
    NOT_SERVED = "not-served"
    """The kind's API does not answer yet: its CRD is not established or its storage not warm, its APIService dead."""
    NAMESPACE_MISSING = "namespace-missing"
    NAMESPACE_TERMINATING = "namespace-terminating"
    ROLE_MISSING = "role-missing"
    """A binding's role does not exist yet: RBAC's escalation check answers 404."""
    SERVICE_ACCOUNT_MISSING = "service-account-missing"
    """The ServiceAccount admission plugin waits for the controller that makes `default`."""
    WEBHOOK = "webhook"
    """An admission or conversion webhook did not answer; the message names it."""
    QUOTA = "quota"
    """A ResourceQuota is exhausted for now."""
    CONFLICT = "conflict"
    """Somebody else wrote at the same moment; the same request will pass."""
    FIELD_CONFLICT = "field-conflict"
    """Another field manager owns a declared field, and we do not force."""
    PORT_ALLOCATED = "port-allocated"
    """Another Service has the node port or the cluster IP."""
    IMMUTABLE = "immutable"
    """A field differs that never changes; only a new object could have what is declared."""
    INVALID = "invalid"
    """The object cannot be accepted as it is written."""
    FORBIDDEN = "forbidden"
    """Admission does not let it pass, or a role would grant more than its author has."""
    DENIED = "denied"
    """This user may not do that. A server that has just started says so of everything until it knows its bindings."""
    UNAUTHORIZED = "unauthorized"
    INTERNAL = "internal"
    """A 5xx that none of the others explains."""


class Fault(Struct, frozen=True):
    """One failed request. `retry_after` is the server's own wish, in seconds, 0 where it has none."""

    cause: Cause
    status: int
    message: str
    retry_after: float = 0.0
