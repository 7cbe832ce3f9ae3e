"""The verdict on one declared object: present, equal, healthy. Health comes in from outside."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from rebuild.model.findings import ADMISSION, Difference
from rebuild.model.ignored import Ignored, IgnoreRule
from rebuild.model.objects import Body, Manifest
from rebuild.model.refs import Ref
from rebuild.model.states import Status
from rebuild.verify import compare, controllers, managers, paths


class Verified(Struct, frozen=True):
    """What verification found. Deviations that a controller or admission causes stand apart and are no drift."""

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


def judge(
    manifest: Manifest,
    live: Body | None,
    status: Status,
    *,
    setting: controllers.Setting,
    key: bytes,
    created: bool = False,
) -> Verified:
    """Judge one object.

    Args:
        manifest: The declaration.
        live: The object as the API server returns it in the declared version; None when there is none.
        status: Its health, computed by `health`.
        setting: Schemas, our field manager, and what is autoscaled.
        key: The key of the digests that stand for the values of Secrets.
        created: Whether this run brought the object into being, so that nothing in it is left from before.
    """
    if live is None:
        return Verified(manifest.ref, False, status)
    found = compare.deviations(manifest, live, setting.schemas)
    drift: list[Difference] = []
    owned: list[Difference] = []
    ignored: list[Ignored] = []
    for deviation in found:
        difference = compare.described(manifest.ref, deviation, live, key)
        reason = controllers.controller_for(manifest, live, deviation.path, setting)
        if not reason and created and _is_ours_alone(live, deviation.path, setting):
            reason = ADMISSION
        if reason:
            owned.append(replace(difference, controller=reason))
        elif rule := _rule(manifest, live, deviation.path, setting):
            ignored.append(Ignored(difference, rule))
        else:
            drift.append(difference)
    return Verified(manifest.ref, True, status, tuple(drift), tuple(owned), tuple(ignored))


def _is_ours_alone(live: Body, path: paths.Path, setting: controllers.Setting) -> bool:
    """Whether nobody but us has a part in the field.

    Server-side apply records the fields that were sent, whatever admission made of them afterwards. Anybody who changes
    one later takes it over.
    """
    return {owner.manager for owner in managers.owners_of(live, path)} == {setting.manager}


def _rule(manifest: Manifest, live: Body, path: paths.Path, setting: controllers.Setting) -> IgnoreRule | None:
    names = {owner.manager for owner in managers.owners_of(live, path)}
    return setting.ignoring.rule_for(manifest.ref, path, names, (manifest.body, live))
