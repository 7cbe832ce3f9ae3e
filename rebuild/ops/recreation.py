"""Which kinds may be made anew: what the user typed, as a policy of the engine. Says no before anything is read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import ClassVar

from rebuild.engine.policy import KEPT, GroupKind
from rebuild.model import kinds as table
from rebuild.model.blueprint import Blueprint
from rebuild.model.errors import UsageError
from rebuild.plan import naming


class NeverRecreated(UsageError):
    """The objects of this kind hold data, or what others have made: they are never deleted."""

    code: ClassVar[str] = "never-recreated"


def assert_allowed(words: Iterable[str]) -> None:
    """Make sure that none of the words means a kind that is never deleted.

    Raises:
        NeverRecreated: with the first that does.
    """
    for word in words:
        # What is unknown here may be a kind of the source; that is found out when the source has been read.
        with suppress(naming.KindUnknown):
            meant = naming.find_kind(word, table.builtin())
            if meant in KEPT:
                raise NeverRecreated(
                    f"a {meant[1]} is never deleted to be made anew: what it holds would be gone with it",
                    hint="change it by hand, if that is what you want",
                )


def kinds(words: Iterable[str], blueprint: Blueprint) -> frozenset[GroupKind]:
    """The kinds that are meant, those of the source's own CustomResourceDefinitions included.

    Raises:
        KindUnknown: when a word means none, or several.
    """
    definitions = [m.body for m in blueprint.of_kind("apiextensions.k8s.io", "CustomResourceDefinition")]
    shorts = naming.short_names(definitions)
    return frozenset(naming.find_kind(word, blueprint.kinds, shorts) for word in words)
