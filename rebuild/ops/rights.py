"""May the user do what the plan asks for? Told before the first write, and all that is missing at once.

Handing out roles needs rights of another sort (`bind`, `escalate`), which no review tells: those refusals come with the
write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rebuild.cluster.port import Cluster, ClusterFault
from rebuild.cluster.rights import EVERYTHING, Access
from rebuild.health import compute
from rebuild.model.errors import Refused, Unreachable
from rebuild.model.faults import Cause
from rebuild.plan.steps import Action, Plan, Step

_WRITES = {Action.CREATE: ("create", "patch"), Action.CONFIGURE: ("patch",)}
_VERBS = ("list", "watch", "create", "patch")


def assert_sufficient(cluster: Cluster, plan: Plan) -> None:
    """Make sure that the user may carry out a plan. Asks nothing where nothing is to be written.

    That takes one request where rights for the whole cluster suffice, else one more for each namespace; only where
    the server cannot list its rules, one for each thing that is still open.

    Raises:
        Refused: with everything that is not allowed; nothing was written.
        Unreachable: when the server stops answering.
    """
    try:
        missing = _missing(cluster, dict.fromkeys(_needs(plan)))
    except ClusterFault as error:
        if error.fault.cause in (Cause.DENIED, Cause.FORBIDDEN):
            raise Refused(
                f"this user may not ask what it may do: {error}",
                hint="nothing was written; bind it to the ClusterRole system:basic-user",
            ) from error
        raise Unreachable(
            f"the rights of this user cannot be read: {error}", hint="nothing was written; try again when it answers"
        ) from error
    if missing:
        raise Refused(
            "\n  ".join(["this user may not do all that the plan needs; what is missing:", *_lines(missing)]),
            hint="nothing was written; have these rights granted, or name another context",
        )


def _needs(plan: Plan) -> Iterator[Access]:
    """What carrying out the plan takes: its writes, and the lists and watches that health and verification read."""
    if not any(step.action in _WRITES for step in plan.steps.values()):
        return
    for step in plan.steps.values():
        yield from _needs_of(step, plan)
    for ref in plan.expected:
        if kind := plan.kinds.of(ref):
            yield Access("list", kind.group, kind.plural)
            yield Access("watch", kind.group, kind.plural)


def _needs_of(step: Step, plan: Plan) -> Iterator[Access]:
    kind = plan.kinds.of(step.ref)
    if kind is None or step.action in (Action.HOLD_BACK, Action.FAIL):
        return
    namespace = step.ref.namespace
    if step.action is Action.CONFIGURE and step.ref.group_kind == ("", "Namespace"):
        # A request for a namespace is authorized in that namespace (apiserver/pkg/endpoints/request/requestinfo.go).
        namespace = step.ref.name
    yield Access("list", kind.group, kind.plural)
    if compute.has_readiness(*step.ref.group_kind):
        yield Access("watch", kind.group, kind.plural)
    for verb in _WRITES.get(step.action, ()):
        yield Access(verb, kind.group, kind.plural, namespace, step.ref.name)


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


def _lines(missing: Iterable[Access]) -> Iterator[str]:
    """A line for each resource and set of verbs, as a role would be written."""
    verbs: dict[tuple[str, str], set[str]] = {}
    for need in missing:
        resource = f"{need.resource}.{need.group}" if need.group else need.resource
        verbs.setdefault((resource, need.namespace), set()).add(need.verb)
    places: dict[tuple[str, str], list[str]] = {}
    for (resource, namespace), asked in sorted(verbs.items()):
        words = ", ".join(verb for verb in _VERBS if verb in asked)
        places.setdefault((resource, words), []).append(namespace)
    for (resource, words), namespaces in places.items():
        named = [namespace for namespace in namespaces if namespace]
        where = ["the whole cluster"] if "" in namespaces else []
        if named:
            where.append(f"namespace{'s' if len(named) > 1 else ''} {', '.join(named)}")
        yield f"{words} {resource} in {' and in '.join(where)}"
