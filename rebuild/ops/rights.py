"""May the user do what the plan asks for? Told before the first write, and all that is missing at once.

Handing out roles needs rights of another sort (`bind`, `escalate`), which no review tells: those refusals come with the
write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.cluster.rights import EVERYTHING, Access
from rebuild.model.errors import Refused, Unreachable
from rebuild.model.faults import Cause
from rebuild.model.findings import Finding, Severity
from rebuild.model.refs import Ref
from rebuild.plan.steps import Action, Plan, Step

_WRITES = {Action.CREATE: ("create", "patch"), Action.CONFIGURE: ("patch",)}
_VERBS = ("list", "watch", "create", "patch", "delete")
_MAY_NOT_ASK = (Cause.DENIED, Cause.FORBIDDEN)


def assert_sufficient(cluster: Cluster, plan: Plan, *, recreate: Collection[tuple[str, str]] = ()) -> None:
    """Make sure that the user may carry out a plan. Asks nothing where nothing is to be written.

    That takes one request where rights for the whole cluster suffice, else one more for each namespace; only where
    the server cannot list its rules, one for each thing that is still open.

    Args:
        cluster: the target.
        plan: what is to be carried out.
        recreate: the kinds whose live objects may have to be deleted.

    Raises:
        Refused: with everything that is not allowed; nothing was written.
        Unreachable: when the server stops answering.
    """
    try:
        missing = _missing(cluster, _needs(plan, recreate))
    except ClusterFault as error:
        if error.fault.cause in _MAY_NOT_ASK:
            raise Refused(
                f"this user may not ask what it may do: {error}",
                hint="nothing was written; bind it to the ClusterRole system:basic-user",
            ) from error
        raise _unreadable(error) from error
    if missing:
        raise Refused(
            "\n  ".join(
                [
                    "this user may not do all that the plan needs; what is missing:",
                    *(line for line, _ in _lines(missing)),
                ]
            ),
            hint="nothing was written; have these rights granted, or name another context",
        )


def findings(cluster: Cluster, plan: Plan) -> Iterator[Finding]:
    """The same for who only looks at a plan: a warning for each line that is missing, where the first object stands
    that needs it.

    Raises:
        Unreachable: when the server stops answering.
    """
    needs = dict(_needs(plan))
    try:
        missing = _missing(cluster, needs)
    except ClusterFault as error:
        if error.fault.cause not in _MAY_NOT_ASK:
            raise _unreadable(error) from error
        message = f"what this user may do is unknown, since it may not ask: {error}"
        yield Finding(
            "rights-unknown", Severity.WARNING, message, next_step="bind it to the ClusterRole system:basic-user"
        )
        return
    for line, access in _lines(missing):
        step = plan.steps.get(needs[access])
        yield Finding(
            "right-missing",
            Severity.WARNING,
            f"this user may not {line}",
            needs[access],
            step.manifest.origin if step else None,
            "have these rights granted, or name another context",
        )


def _unreadable(error: ClusterFault) -> Unreachable:
    return Unreachable(
        f"the rights of this user cannot be read: {error}", hint="nothing was written; try again when it answers"
    )


def _needs(plan: Plan, recreate: Collection[tuple[str, str]] = ()) -> Mapping[Access, Ref]:
    """What carrying out the plan takes, with the first object that does so: its writes, and the lists and watches that
    health and verification read."""
    if not any(step.action in _WRITES for step in plan.steps.values()):
        return {}
    needs: dict[Access, Ref] = {}
    for ref, step in plan.steps.items():
        for access in _needs_of(step, plan, recreate):
            needs.setdefault(access, ref)
    for ref in plan.expected:
        if kind := plan.kinds.of(ref):
            needs.setdefault(Access("list", kind.group, kind.plural), ref)
            needs.setdefault(Access("watch", kind.group, kind.plural), ref)
    return needs


def _needs_of(step: Step, plan: Plan, recreate: Collection[tuple[str, str]]) -> Iterator[Access]:
    kind = plan.kinds.of(step.ref)
    if kind is None or step.action in (Action.HOLD_BACK, Action.FAIL):
        return
    namespace = step.ref.namespace
    if step.action is Action.CONFIGURE and step.ref.group_kind == ("", "Namespace"):
        # A request for a namespace is authorized in that namespace (apiserver/pkg/endpoints/request/requestinfo.go).
        namespace = step.ref.name
    yield Access("list", kind.group, kind.plural)
    if plan.rulebook.has_readiness(step.ref):
        yield Access("watch", kind.group, kind.plural)
    for verb in _WRITES.get(step.action, ()):
        yield Access(verb, kind.group, kind.plural, namespace, step.ref.name)
    if step.action is Action.CONFIGURE and step.ref.group_kind in recreate:
        yield Access("delete", kind.group, kind.plural, namespace, step.ref.name)


def _missing(cluster: Cluster, needs: Iterable[Access]) -> list[Access]:
    left = list(needs)
    if not left:
        return []
    everywhere = cluster.rights("")
    left = [need for need in left if not everywhere.cover(need)]
    if not left or (not everywhere.complete and cluster.may(EVERYTHING)):
        return []
    for namespace in sorted({need.namespace for need in left if need.namespace}):
        here = cluster.rights(namespace)
        left = [need for need in left if need.namespace != namespace or not here.cover(need)]
    if everywhere.complete:
        return left
    answers = {wide: cluster.may(wide) for wide in dict.fromkeys(replace(need, name="") for need in left)}
    return [need for need in left if not answers[replace(need, name="")]]


def _lines(missing: Iterable[Access]) -> Iterator[tuple[str, Access]]:
    """A line for each resource and set of verbs, as a role would be written, with the first that it stands for."""
    asked: dict[tuple[str, str], list[Access]] = {}
    for need in missing:
        resource = f"{need.resource}.{need.group}" if need.group else need.resource
        asked.setdefault((resource, need.namespace), []).append(need)
    places: dict[tuple[str, str], list[Access]] = {}
    for (resource, _), needs in sorted(asked.items()):
        verbs = {need.verb for need in needs}
        words = ", ".join(verb for verb in _VERBS if verb in verbs)
        places.setdefault((resource, words), []).append(needs[0])
    for (resource, words), needs in places.items():
        named = [need.namespace for need in needs if need.namespace]
        where = [] if len(named) == len(needs) else ["the whole cluster"]
        if named:
            where.append(f"namespace{'s' if len(named) > 1 else ''} {', '.join(named)}")
        yield f"{words} {resource} in {' and in '.join(where)}", needs[0]
