"""The verdict on one declared object: present, equal, healthy. Health comes in from outside."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rebuild.model.findings import Difference
from rebuild.model.ignored import Ignored, IgnoreRule
from rebuild.model.objects import Body, Manifest
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.verify import compare, controllers, managers, paths


@dataclass(frozen=True, slots=True)
class Verified:
    """What verification found. Deviations that a controller causes stand apart and are no drift."""

    ref: Ref
    present: bool
    status: Status
    differences: tuple[Difference, ...] = ()
    controller_owned: tuple[Difference, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    """Deviations that a rule of the user hides; they stand apart and are no drift."""

    @property
    def equal(self) -> bool:
        """Whether every declared field has its declared meaning or belongs to a controller."""
        return self.present and not self.differences

    @property
    def healthy(self) -> bool:
        """Whether the object is what kstatus calls Current."""
        return self.status.health is Health.CURRENT

    @property
    def passed(self) -> bool:
        """Whether the object is back: present, equal and healthy."""
        return self.equal and self.healthy


def judge(
    manifest: Manifest, live: Body | None, status: Status, *, setting: controllers.Setting, key: bytes
) -> Verified:
    """Judge one object.

    Args:
        manifest: The declaration.
        live: The object as the API server returns it in the declared version; None when there is none.
        status: Its health, computed by `health`.
        setting: Schemas, our field manager, and what is autoscaled.
        key: The key of the digests that stand for the values of Secrets.
    """
    if live is None:
        return Verified(manifest.ref, False, status)
    drift: list[Difference] = []
    owned: list[Difference] = []
    ignored: list[Ignored] = []
    for found in compare.deviations(manifest, live, setting.schemas):
        difference = compare.described(manifest.ref, found, live, key)
        reason = controllers.controller_for(manifest, live, found.path, setting)
        if reason:
            owned.append(replace(difference, controller=reason))
        elif rule := _rule(manifest, live, found.path, setting):
            ignored.append(Ignored(difference, rule))
        else:
            drift.append(difference)
    return Verified(manifest.ref, True, status, tuple(drift), tuple(owned), tuple(ignored))


def _rule(manifest: Manifest, live: Body, path: paths.Path, setting: controllers.Setting) -> IgnoreRule | None:
    names = {owner.manager for owner in managers.owners_of(live, path)}
    return setting.ignoring.rule_for(manifest.ref, path, names, (manifest.body, live))
