"""The first half of every verb: a source's files to a blueprint and its graph, or all that stands in the way."""

from __future__ import annotations

from contextlib import nullcontext

from msgspec import Struct
from msgspec.structs import replace

from rebuild.graph import build as graphs
from rebuild.graph import hints
from rebuild.graph.build import Graph
from rebuild.lint import check as lint
from rebuild.lint.check import Checked
from rebuild.manifests.read import read
from rebuild.model import kinds as kind_table
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import InvalidBlueprint, UsageError
from rebuild.model.findings import Severity
from rebuild.model.kinds import Kinds
from rebuild.model.sources import Source
from rebuild.ops import parsed
from rebuild.ops.parsed import Said
from rebuild.verify import schema


class Declared(Struct, frozen=True):
    """What a source declares, what waits for what in it, and what no API server would take."""

    blueprint: Blueprint
    graph: Graph
    checked: Checked

    def served_by(self, served: Kinds) -> Declared:
        """The same declarations for a target that serves these kinds; those that are declared come on top."""
        crds = (m.body for m in self.blueprint.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"))
        known = served.extended(kind for crd in crds if (kind := kind_table.from_crd(crd)))
        return replace(self, blueprint=replace(self.blueprint, kinds=known))


def declared(sources: list[Source], *, kinds: Kinds, namespace: str, said: Said | None = None) -> Declared:
    """Read all sources into one blueprint.

    Args:
        sources: the repository first, then what the operator adds.
        kinds: the kinds that are known without the sources.
        namespace: where objects go that name none.
        said: what the files say, where they have been parsed.

    Raises:
        UsageError: when nothing is declared.
        InvalidBlueprint: with every problem of every file, when one of them stands in the way of a plan.
    """
    blueprint = read_from(sources, kinds=kinds, namespace=namespace, said=said)
    graph = ordered(blueprint)
    return judged(blueprint, graph)


def read_from(sources: list[Source], *, kinds: Kinds, namespace: str, said: Said | None = None) -> Blueprint:
    """The first step: what the files say. As `declared` has it, up to the graph."""
    files = [file for source in sources for file in source.files]
    with nullcontext(said.__getitem__) if said is not None else parsed.kept(sources) as parse:
        blueprint = hints.installed(read(files, kinds=kinds, namespace=namespace, parse=parse))
    notes = tuple(finding for source in sources for finding in source.findings)
    blueprint = replace(blueprint, findings=(*notes, *blueprint.findings))
    errors = [f for f in blueprint.findings if f.severity is Severity.ERROR]
    if errors:
        raise InvalidBlueprint(errors)
    if not len(blueprint):
        where = sources[0].path or "the root"
        raise UsageError(
            f"{sources[0].repository} declares no Kubernetes object at {where}",
            hint="name the folder that holds the manifests with --path",
        )
    return blueprint


def ordered(blueprint: Blueprint) -> Graph:
    """The second step: what waits for what.

    Raises:
        InvalidBlueprint: when no order can hold.
    """
    graph = graphs.build(blueprint)
    loops = [f for f in graph.findings if f.severity is Severity.ERROR]
    if loops:
        raise InvalidBlueprint(loops)
    return graph


def judged(blueprint: Blueprint, graph: Graph) -> Declared:
    """The last step: what no API server would take, among the findings."""
    crds = (m.body for m in blueprint.of_kind("apiextensions.k8s.io", "CustomResourceDefinition"))
    checked = lint.check(blueprint, schema.builtin().extended(crds))
    return Declared(replace(blueprint, findings=(*blueprint.findings, *checked.findings)), graph, checked)
