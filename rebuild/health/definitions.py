"""What a CustomResourceDefinition lets its custom resources report of themselves: read from the schema of `status`.

The API server prunes what a structural schema does not declare (apiextensions v1), so a field that is not declared
never comes, and one that is declared is there to be filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from rebuild.model.objects import Body, dig, dig_maps

GroupKindVersion: TypeAlias = tuple[str, str, str]
_OPEN = "x-kubernetes-preserve-unknown-fields"


class Evidence(Struct, frozen=True):
    """What the controller of a kind may report in `status`; `open` where that may be anything."""

    observed_generation: bool = False
    conditions: bool = False
    open: bool = False

    @property
    def exists(self) -> bool:
        """Whether an object of the kind can show that it is healthy."""
        return self.observed_generation or self.conditions or self.open


_SILENT = ("extensions.istio.io", "networking.istio.io", "security.istio.io", "telemetry.istio.io")
"""Groups whose controller reports nothing unless it is told to, whatever is declared: istiod's PILOT_ENABLE_STATUS."""
UNKNOWN = Evidence(open=True)
"""A kind whose definition was not read."""


def evidence(definitions: Iterable[Body]) -> Mapping[GroupKindVersion, Evidence]:
    """What these definitions let each version of their kinds report; of two for the same kind the last one counts."""
    found = {}
    for body in definitions:
        group, kind = dig(body, "spec", "group"), dig(body, "spec", "names", "kind")
        for version in dig_maps(body, "spec", "versions"):
            name, schema = version.get("name"), dig(version, "schema", "openAPIV3Schema")
            found[str(group), str(kind), str(name)] = UNKNOWN if group in _SILENT else _of_schema(schema)
    return found


def _of_schema(schema: Any) -> Evidence:
    if not isinstance(schema, dict):
        return UNKNOWN
    status = dig(schema, "properties", "status")
    if not isinstance(status, dict):
        return Evidence(open=schema.get(_OPEN) is True)
    return Evidence(
        # Argo Rollouts writes it as a text, which nobody can compare with a generation.
        observed_generation=dig(status, "properties", "observedGeneration", "type") == "integer",
        conditions=isinstance(dig(status, "properties", "conditions"), dict),
        open=status.get(_OPEN) is True,
    )
