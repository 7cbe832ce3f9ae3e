"""The lines of drift of one object, with who wrote it: declared against live, or live alone.

What excuses a line is told with it: a known controller that sets the field, or a rule by which somebody ignores it.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from rebuild.model import redaction
from rebuild.model.drift import Drift, DriftKind, Write
from rebuild.model.ignored import IgnoreRule
from rebuild.model.objects import Body, Manifest, dig
from rebuild.model.refs import Ref
from rebuild.verify import compare, controllers, managers, paths
from rebuild.verify.controllers import Setting
from rebuild.verify.drift import actors, foreign, notes
from rebuild.verify.drift.defaults import Custom
from rebuild.verify.managers import Entry

CORE_REASON = "a controller of Kubernetes sets it"


class Line(Struct, frozen=True):
    """A line with its structured path. `controller` or `rule` says why it is no drift after all."""

    drift: Drift
    path: paths.Path = ()
    controller: str = ""
    rule: IgnoreRule | None = None


class Found(Struct):
    """What there is to say of one declared object."""

    drift: list[Line] = field(default_factory=list)
    owned: list[Line] = field(default_factory=list)
    """Fields that part from the declaration because a known controller sets them."""
    ignored: list[Line] = field(default_factory=list)
    """Lines that a rule of the user hides."""

    def add(self, line: Line) -> None:
        """Sort a line in."""
        (self.owned if line.controller else self.ignored if line.rule else self.drift).append(line)


def of_declared(
    manifest: Manifest, sent: Manifest, live: Body, setting: Setting, *, custom: Custom, key: bytes
) -> Found:
    """What parts from a declaration, and what others added to it.

    Args:
        manifest: The declaration.
        sent: What of it this target can take: what we change for its sake is no addition of others.
        live: The object as the server returns it in the declared version.
        setting: Schemas, our field manager, and what is autoscaled.
        custom: The defaults of custom resources.
        key: The key of the digests that stand for the values of Secrets.
    """
    found = Found()
    changed = []
    for deviation in compare.deviations(manifest, live, setting.schemas):
        shown = compare.described(manifest.ref, deviation, live, key)
        writes = _writes(managers.owning(live, deviation.path), setting.manager)
        # In a selector something more is a change of what is declared; to whoever reads it is an addition.
        kind = DriftKind.FOREIGN if deviation.declared is compare.ABSENT else DriftKind.CHANGED
        line = Drift(kind, manifest.ref, shown.path, shown.declared, shown.live, writes, manifest.origin)
        known = controllers.controller_for(manifest, live, deviation.path, setting)
        found.add(_judged(line, deviation.path, known, manifest, live, setting))
        # Where a whole value is told, what others put into it is told with it.
        if deviation.live is not compare.ABSENT and deviation.live == paths.lookup(live, deviation.path):
            changed.append(deviation.path)
    for added in foreign.additions(sent, live, setting.schemas, ours=setting.manager, custom=custom):
        if any(added.path[: len(path)] == path for path in changed):
            continue
        names = paths.names(added.path)
        line = Drift(
            DriftKind.FOREIGN,
            manifest.ref,
            paths.render(added.path),
            redaction.ABSENT,
            redaction.shown(manifest.ref, names, added.live, key),
            _writes(added.entries, setting.manager),
            manifest.origin,
        )
        known = _controller(manifest, live, added, setting)
        found.add(_judged(line, added.path, known, manifest, live, setting))
    return found


def _judged(line: Drift, path: paths.Path, controller: str, manifest: Manifest, live: Body, setting: Setting) -> Line:
    """A line with what excuses it: a known controller first, else a rule of the user."""
    if controller:
        return Line(line, path, controller)
    owners = {write.manager for write in line.writes}
    return Line(line, path, rule=setting.ignoring.rule_for(manifest.ref, path, owners, (manifest.body, live)))


def of_missing(manifest: Manifest) -> Line:
    """A declared object that is not there."""
    return Line(Drift(DriftKind.MISSING, manifest.ref, "", "(declared)", redaction.ABSENT, (), manifest.origin))


def of_undeclared(ref: Ref, live: Body, *, ours: str) -> Line:
    """An object that nobody declares; whoever wrote to it is named, but for its status."""
    entries = tuple(entry for entry in managers.entries_of(live) if entry.subresource != "status")
    return Line(Drift(DriftKind.UNMANAGED, ref, "", redaction.ABSENT, "(exists)", _writes(entries, ours)))


def in_order(lines: Iterable[Line]) -> list[Line]:
    """The lines as they are told: by kind, object and path."""
    order = list(DriftKind)
    return sorted(lines, key=lambda line: (order.index(line.drift.kind), line.drift.ref, line.drift.path))


def _controller(manifest: Manifest, live: Body, added: foreign.Addition, setting: Setting) -> str:
    known = controllers.controller_for(manifest, live, added.path, setting) or notes.reason(added.path, added.live)
    known = known or ("the LimitRanger fills in resources" if _is_ranged(live, added.path) else "")
    return known or (CORE_REASON if actors.are_core(added.entries) else "")


def _is_ranged(live: Body, path: paths.Path) -> bool:
    """Whether admission filled in a Pod's resources, as it notes in the Pod."""
    return "resources" in path and dig(live, "metadata", "annotations", "kubernetes.io/limit-ranger") is not None


def _writes(entries: tuple[Entry, ...], ours: str) -> tuple[Write, ...]:
    """The latest first: who wrote last is whom to ask."""
    told = (actors.write(entry, ours=ours) for entry in entries)
    return tuple(sorted(told, key=lambda write: write.time, reverse=True))
