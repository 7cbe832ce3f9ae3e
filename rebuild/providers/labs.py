"""The labs of all providers together, as `rebuild lab` lists, shows and removes them."""

from __future__ import annotations

from typing import TypeAlias

from rebuild.providers import claims
from rebuild.providers.kind import cluster as kind
from rebuild.providers.kind import lab as kind_lab
from rebuild.providers.kwok import cluster as kwok
from rebuild.providers.kwok import lab as kwok_lab

LabStatus: TypeAlias = kwok_lab.LabStatus | kind_lab.LabStatus


def list_all() -> tuple[LabStatus, ...]:
    """Every lab that there is a directory of, by name."""
    return tuple(sorted((*kwok.list_labs(), *kind.list_labs()), key=lambda status: status.name))


def status(name: str) -> LabStatus:
    """One lab.

    Raises:
        BadName: when the name is not one.
        UnknownLab: when there is none.
    """
    return kind.status(name) if _is_kind(name) else kwok.status(name)


def down(name: str) -> bool:
    """Remove a lab; False when there was none.

    Raises:
        BadName: when the name is not one.
        LabBusy: when another process creates or removes it.
    """
    return kind.down(name) if _is_kind(name) else kwok.down(name)


def provider(status: LabStatus) -> str:
    """Who made the lab."""
    return kind_lab.PROVIDER if isinstance(status, kind_lab.LabStatus) else kwok_lab.PROVIDER


def _is_kind(name: str) -> bool:
    return claims.provider_of(claims.directory(name)) == kind_lab.PROVIDER
