"""A name that the API refuses for its kind, and a namespace that can be none.

What a kind asks of names is not in its schema but in its registry strategy; the table holds what differs from a
DNS subdomain, as the lab's API server answers for every kind. Names that are formed from the object's own fields
are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from rebuild.lint import names
from rebuild.lint.problems import Problem, Refusal, Subject
from rebuild.model.objects import dig

_RBAC = "rbac.authorization.k8s.io"
LABELS = frozenset({("", "Namespace"), ("", "Service"), ("apps", "StatefulSet")})
"""A DNS label."""
SEGMENTS = frozenset({
    ("", "Event"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("networking.k8s.io", "IPAddress"),
    ("policy", "PodDisruptionBudget"),
    *((_RBAC, kind) for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")),
})  # fmt: skip
"""Anything that fits in a URL; what two of them ask beyond that depends on their spec and is left to the server."""
_LATELY = frozenset({("apps", "StatefulSet")})
"""Older releases let a StatefulSet have dots in its name."""
_CRON_JOB, _CRON_JOB_LENGTH = ("batch", "CronJob"), 52
"""A Job's name is the CronJob's and eleven characters more."""
_FORMED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("plural", "group"),
    ("apiregistration.k8s.io", "APIService"): ("version", "group"),
}


def problems_of(subject: Subject) -> Iterator[Problem]:
    """At most one problem for the name and one for the namespace."""
    ref = subject.manifest.ref
    if trouble := names.segment_trouble(ref.name) or _grammar(subject)(ref.name):
        refusal = Refusal.BY_RELEASE if ref.group_kind in _LATELY else Refusal.CERTAIN
        message = f"{ref.name[:300]!r} is no name for a {ref.kind}: {trouble}"
        yield Problem("bad-name", message, next_step="rename it, and what refers to it", refusal=refusal)
    elif (formed := _formed(subject)) and formed != ref.name:
        yield Problem(
            "bad-name",
            f"{ref.name!r} is no name for this {ref.kind}: it has to be {formed!r}",
            next_step=f"name it {formed}",
        )
    if ref.namespace and (trouble := names.label_trouble(ref.namespace)):
        yield Problem(
            "bad-namespace",
            f"its namespace {ref.namespace[:300]!r} can be none: {trouble}",
            next_step="rename the namespace",
        )


def _grammar(subject: Subject) -> Callable[[str], str]:
    """An aggregated API may have any rule of its own, so of a kind that we do not know nothing more is asked."""
    kind = subject.manifest.ref.group_kind
    if kind in LABELS:
        return names.label_trouble
    if kind == _CRON_JOB:
        return _cron_job_trouble
    known = subject.builtin or subject.custom
    return names.subdomain_trouble if known and kind not in SEGMENTS else lambda _: ""


def _cron_job_trouble(name: str) -> str:
    if len(name) > _CRON_JOB_LENGTH:
        return f"has {len(name)} characters; {_CRON_JOB_LENGTH} are allowed"
    return names.subdomain_trouble(name)


def _formed(subject: Subject) -> str:
    """The only name that the object's own fields allow, nothing where that cannot be told."""
    fields = _FORMED.get(subject.manifest.ref.group_kind)
    if fields is None:
        return ""
    spec = dig(subject.manifest.body, "spec")
    first = dig(spec, "names", "plural") if fields[0] == "plural" else dig(spec, "version")
    group = dig(spec, "group")
    return f"{first}.{group}" if isinstance(first, str) and isinstance(group, str) else ""
