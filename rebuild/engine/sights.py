"""What lets a failed write pass, as far as it can be seen: sighting it ends the wait of those that failed for its lack.

Pure. A sight is a hint and no gate: the timer of each retry runs all the same, so nothing is lost where the user may
not watch such objects, or where the event comes before anybody looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind
from rebuild.model.objects import Manifest, dig
from rebuild.model.refs import Ref
from rebuild.model.states import Health

_SERVICE = re.compile(r"https://[^./]+\.(?P<namespace>[^./]+)\.svc[.:/]")
"""Where a webhook was looked for, as the message of its failure tells."""
_GONE = frozenset({Health.NOT_FOUND})
_THERE = frozenset(Health) - {Health.NOT_FOUND, Health.UNKNOWN, Health.TERMINATING}
_CURRENT = frozenset({Health.CURRENT})
_ANY = frozenset(Health) - {Health.UNKNOWN}


class Sight(Struct, frozen=True):
    """Objects of one kind; an empty namespace or name stands for all of them."""

    group: str
    kind: str
    namespace: str = ""
    name: str = ""


def of(ref: Ref) -> tuple[Sight, ...]:
    """Every sight that an object belongs to."""
    group, kind = ref.group_kind
    return tuple(
        Sight(group, kind, namespace, name)
        for namespace in dict.fromkeys((ref.namespace, ""))
        for name in dict.fromkeys((ref.name, ""))
    )


def end_of(ref: Ref) -> tuple[Sight, frozenset[Health]]:
    """That an object is there no more."""
    return Sight(ref.group, ref.kind, ref.namespace, ref.name), _GONE


def awaited(manifest: Manifest, fault: Fault, kind: Kind | None) -> Iterator[tuple[Sight, frozenset[Health]]]:
    """What would let a write pass that failed so, and in which health it would.

    Args:
        manifest: what was written.
        fault: why it failed.
        kind: what kind it is, if that is known.
    """
    ref, body = manifest.ref, manifest.body
    match fault.cause:
        case Cause.NAMESPACE_MISSING:
            yield Sight("", "Namespace", name=ref.namespace), _CURRENT
        case Cause.NAMESPACE_TERMINATING:
            yield Sight("", "Namespace", name=ref.namespace), _CURRENT | _GONE
        case Cause.SERVICE_ACCOUNT_MISSING:
            account = dig(body, "spec", "serviceAccountName") or "default"
            yield Sight("", "ServiceAccount", ref.namespace, str(account)), _THERE
        case Cause.ROLE_MISSING:
            role, name = dig(body, "roleRef", "kind"), str(dig(body, "roleRef", "name"))
            namespace = ref.namespace if role == "Role" else ""
            yield Sight("rbac.authorization.k8s.io", str(role), namespace, name), _THERE
        case Cause.QUOTA:
            yield Sight("", "ResourceQuota", ref.namespace), _ANY
        case Cause.PORT_ALLOCATED:
            yield Sight("", "Service"), _ANY
        case Cause.NOT_SERVED if kind and kind.group:
            name = f"{kind.plural}.{kind.group}"
            yield Sight("apiextensions.k8s.io", "CustomResourceDefinition", name=name), _CURRENT
            yield Sight("apiregistration.k8s.io", "APIService", name=f"{ref.version}.{kind.group}"), _CURRENT
        case Cause.WEBHOOK:
            for each in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
                yield Sight("admissionregistration.k8s.io", each), _ANY
            if found := _SERVICE.search(fault.message):
                yield Sight("discovery.k8s.io", "EndpointSlice", found["namespace"]), _THERE
