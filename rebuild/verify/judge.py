"""The verdict on one declared object: present, equal, healthy. Health comes in from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rebuild.model.findings import ADMISSION, Difference
from rebuild.model.objects import Body, Manifest
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.verify import compare, controllers, managers, paths


@dataclass(frozen=True, slots=True)
class Verified:
    """What verification found. Deviations that a controller or admission causes stand apart and are no drift."""

    ref: Ref
    present: bool
    status: Status
    differences: tuple[Difference, ...] = ()
    controller_owned: tuple[Difference, ...] = ()

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


@dataclass(frozen=True, slots=True)
class Written:
    """How the API server took this very declaration, where that is known: what admission did to it shows there.

    `by_us` says that this run has just written it, so that a field that is ours alone and has another value cannot be
    left over from an older declaration. `answer` is what a dry run of the declaration gave.
    """

    by_us: bool = False
    answer: Body | None = None


UNKNOWN = Written()


def judge(
    manifest: Manifest,
    live: Body | None,
    status: Status,
    *,
    setting: controllers.Setting,
    key: bytes,
    written: Written = UNKNOWN,
) -> Verified:
    """Judge one object.

    Args:
        manifest: The declaration.
        live: The object as the API server returns it in the declared version; None when there is none.
        status: Its health, computed by `health`.
        setting: Schemas, our field manager, and what is autoscaled.
        key: The key of the digests that stand for the values of Secrets.
        written: How the API server took the declaration.
    """
    if live is None:
        return Verified(manifest.ref, False, status)
    found = compare.deviations(manifest, live, setting.schemas)
    admitted = set(_admitted(manifest, live, found, setting, written)) if found else set()
    drift: list[Difference] = []
    owned: list[Difference] = []
    for deviation in found:
        difference = compare.described(manifest.ref, deviation, live, key)
        reason = controllers.controller_for(manifest, live, deviation.path, setting)
        if not reason and deviation.path in admitted:
            reason = ADMISSION
        if reason:
            owned.append(replace(difference, controller=reason))
        else:
            drift.append(difference)
    return Verified(manifest.ref, True, status, tuple(drift), tuple(owned))


def _admitted(
    manifest: Manifest, live: Body, found: list[compare.Deviation], setting: controllers.Setting, written: Written
) -> Iterator[paths.Path]:
    """The paths at which the API server did not let our own write stand.

    Server-side apply records the fields that were sent, whatever admission made of them afterwards: such a field is
    ours, and its value is not. Anybody who changes it later takes it over.
    """
    if written.answer is not None:
        again = {each.path: each.live for each in compare.deviations(manifest, written.answer, setting.schemas)}
        yield from (each.path for each in found if each.path in again and again[each.path] == each.live)
    elif written.by_us:
        for each in found:
            if {owner.manager for owner in managers.owners_of(live, each.path)} == {setting.manager}:
                yield each.path
