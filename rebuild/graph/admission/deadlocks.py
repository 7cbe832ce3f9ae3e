"""Webhooks that stand in their own way: once nobody answers, nobody can be started who would.

The rebuild itself gets around it, since a configuration comes after its backend. The next time that all pods of the
backend are gone at once, such as with their node, it does not come back until somebody deletes the configuration. Only
webhooks that fail closed count, and only where it is certain that they are called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from rebuild.graph.admission.coverage import Called, Coverage
from rebuild.graph.admission.interceptors import MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS, Interceptor, webhooks
from rebuild.graph.admission.requests import NAMESPACE_NAME, Request, Requests
from rebuild.graph.fields import text
from rebuild.graph.index import TEMPLATES, Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig_maps
from rebuild.model.refs import Ref

if TYPE_CHECKING:
    import networkx as nx

_Service: TypeAlias = tuple[str, str]
"""Namespace and name: who answers there is one backend."""
_TOLD = 5
"""How many of many are named in a message."""


def findings(index: Index) -> Iterator[Finding]:
    """`webhook-covers-itself` for one configuration, `webhooks-cover-each-other` for several (warnings)."""
    hooks = [
        each
        for kind in (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS)
        for each in webhooks(index, kind)
        if each.fail_closed and each.service
    ]
    if not hooks:
        return
    backends = _Backends(index, hooks)
    yield from _of_themselves(index, backends)
    yield from _of_each_other(index, backends)


class _Backends:
    """The declared backends of webhooks, and who would refuse to let each of them start."""

    def __init__(self, index: Index, hooks: list[Interceptor]) -> None:
        self._index = index
        self._coverage, self._requests = Coverage(hooks), Requests(index)
        self.hooks: dict[_Service, list[Interceptor]] = defaultdict(list)
        for hook in hooks:
            if hook.service:
                self.hooks[hook.service].append(hook)
        self.objects = {service: index.behind_service(*service) for service in self.hooks}
        self.refusing = {service: self._refusing(refs[1:]) for service, refs in self.objects.items()}

    def used(self, service: _Service) -> list[tuple[Ref, Called]]:
        """The Service of a backend and the declared Secrets that it mounts, each with who is called for it."""
        refs = [*self.objects[service][:1], *self._secrets(self.objects[service][1:])]
        items = [item for ref in dict.fromkeys(refs) if (item := self._index.get(ref))]
        requests = ((item.ref, self._requests.creation(item)) for item in items)
        return [(ref, self._coverage.called_for(request)) for ref, request in requests if request]

    def _refusing(self, workloads: list[Ref]) -> frozenset[Interceptor]:
        """Who is called for the pods of every workload of a backend: one that can start is enough."""
        answers = [self._for_start(item) for ref in workloads if (item := self._index.get(ref))]
        sets = [frozenset[Interceptor]().union(*(called.certain for called in each)) for each in answers]
        return sets[0].intersection(*sets[1:]) if sets else frozenset()

    def _for_start(self, item: Manifest) -> list[Called]:
        creation = self._requests.creation(item)
        requests: list[Request] = [*self._requests.made_by(item), *([creation] if creation else ())]
        # Its ReplicaSet is still there then, and makes pods again.
        return [self._coverage.called_for(each) for each in requests if each.kind.plural == "pods"]

    def _secrets(self, workloads: list[Ref]) -> Iterator[Ref]:
        for ref in workloads:
            item = self._index.get(ref)
            for volume in dig_maps(item.body, *TEMPLATES[ref.group_kind], "spec", "volumes") if item else ():
                yield Ref("", "Secret", ref.namespace, text(volume, "secret", "secretName"))


def _of_themselves(index: Index, backends: _Backends) -> Iterator[Finding]:
    for service, hooks in backends.hooks.items():
        used = backends.used(service)
        by_source: dict[Ref, list[Interceptor]] = defaultdict(list)
        for hook in hooks:
            by_source[hook.source].append(hook)
        for source, own in by_source.items():
            refusing = [hook for hook in own if hook in backends.refusing[service]]
            others = [ref for ref, called in used if not called.certain.isdisjoint(own)]
            covering = [hook for hook in own if any(hook in called.certain for _, called in used)]
            if refusing or covering:
                yield _covers_itself(index, source, refusing or covering, service, pods=bool(refusing), others=others)


def _covers_itself(
    index: Index, source: Ref, hooks: list[Interceptor], service: _Service, *, pods: bool, others: list[Ref]
) -> Finding:
    """A warning where the backend cannot start again; else for the record, since only parts of it cannot be written."""
    namespace, name = service
    names = _some(sorted({hook.name for hook in hooks}))
    backend, covered = f"its own backend, Service {namespace}/{name}", _some(others)
    if pods:
        more = f"; it covers {covered} as well" if covered else ""
        harm = f"is asked when {backend}, starts: once that is away, no pod of it can be created again{more}"
    else:
        harm = f"covers {covered} of {backend}: while that is away, nobody can create it again"
    item = index.get(source)
    return Finding(
        "webhook-covers-itself",
        Severity.WARNING if pods else Severity.INFO,
        f"{source}: fails closed ({names}) and {harm}",
        source,
        item.origin if item else None,
        f"exclude the namespace {namespace} by its namespaceSelector ({NAMESPACE_NAME} NotIn [{namespace}])",
    )


def _of_each_other(index: Index, backends: _Backends) -> Iterator[Finding]:
    """Backends that can only start after each other; those that share one set of webhooks share one node for it."""
    blocked = {service: refusing for service, refusing in backends.refusing.items() if refusing}
    if len(blocked) < 2:
        return
    # It takes as long to import as a small plan, and most environments have no two such webhooks.
    import networkx as nx

    arrows: nx.DiGraph[_Service | frozenset[Interceptor]] = nx.DiGraph()
    arrows.add_edges_from(blocked.items())
    for refusing in set(blocked.values()):
        arrows.add_edges_from((refusing, hook.service) for hook in refusing if hook.service)
    for component in nx.strongly_connected_components(arrows):
        services = sorted(each for each in component if isinstance(each, tuple))
        if len(services) > 1:
            yield _cover_each_other(index, backends, services)


def _cover_each_other(index: Index, backends: _Backends, services: list[_Service]) -> Finding:
    among = set(services)
    parts = []
    for service in services[:_TOLD]:
        blocking = sorted({hook.source for hook in backends.refusing[service] if hook.service in among})
        parts.append(f"the pods of Service {'/'.join(service)} are covered by {_some(blocking)}")
    if len(services) > _TOLD:
        parts.append(f"and so on for {len(services) - _TOLD} more")
    first = min(hook.source for service in services for hook in backends.hooks[service])
    item = index.get(first)
    return Finding(
        "webhooks-cover-each-other",
        Severity.WARNING,
        f"these webhooks fail closed and need each other to start: {'; '.join(parts)}: when all of these pods are "
        "gone, none can be created again",
        first,
        item.origin if item else None,
        "exclude the namespace of one backend by the namespaceSelector of the other's webhooks",
    )


def _some(items: Sequence[object]) -> str:
    more = [f"{len(items) - _TOLD} more"] if len(items) > _TOLD else []
    return ", ".join([*map(str, items[:_TOLD]), *more])
