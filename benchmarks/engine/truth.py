"""Is what lives in the cluster what was declared? A judgement of its own, which shares no code with `rebuild verify`.

Every declared leaf has to be there with its value. Lists are compared place by place. What Kubernetes leaves out
because it is empty, and other spellings of the same quantity, are no difference.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"(-?\d+(?:\.\d+)?)(m|k|Ki|M|Mi|G|Gi|T|Ti)?")
_SUFFIXES = {
    None: Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
}
_ADDRESS = frozenset({"apiVersion", "kind"})
"""Lists leave these out, and the path says them."""
_SERVERS = frozenset({"status", "creationTimestamp"})


def differences(declared: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[str]:
    """The paths of what was declared and is not so."""
    wanted = {key: value for key, value in declared.items() if key not in _ADDRESS}
    if declared.get("kind") == "Secret" and (plain := wanted.pop("stringData", None)):
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        wanted["data"] = {**wanted.get("data", {}), **encoded}
    yield from _compare(wanted, live, "")


def unlabelled(live: Iterable[Mapping[str, Any]], label: tuple[str, str]) -> list[str]:
    """The names of objects that do not have a label."""
    key, value = label
    return [one["metadata"]["name"] for one in live if (one["metadata"].get("labels") or {}).get(key) != value]


def _compare(declared: Any, live: Any, path: str) -> Iterator[str]:
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        for key, value in declared.items():
            if key in _SERVERS or (key not in live and _is_empty(value)):
                continue
            yield from _compare(value, live.get(key), f"{path}.{key}")
    elif isinstance(declared, list) and isinstance(live, list) and len(declared) == len(live):
        for place, (one, other) in enumerate(zip(declared, live, strict=True)):
            yield from _compare(one, other, f"{path}[{place}]")
    elif declared != live and not _same_quantity(declared, live):
        yield path


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", 0) or value == {} or value == []


def _same_quantity(one: Any, other: Any) -> bool:
    values = [_quantity(one), _quantity(other)]
    return values[0] is not None and values[0] == values[1]


def _quantity(value: Any) -> Decimal | None:
    found = _QUANTITY.fullmatch(str(value))
    return Decimal(found.group(1)) * _SUFFIXES[found.group(2)] if found else None
