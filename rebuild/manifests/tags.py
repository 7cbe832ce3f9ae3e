"""What an explicit tag (`!!int "1"`) makes of a scalar, as go.yaml.in/yaml/v2 has it in resolve.go.

Says no more about a value that does not fit its tag than that: the value may be a Secret's.
"""

from __future__ import annotations

import base64
import re
from datetime import datetime

from rebuild.manifests.scalars import UNSIGNED, Scalar, resolve

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?)?"
)


class Misfit(ValueError):
    """The value is not of the type that its tag names."""


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with a tag of YAML's own.

    Args:
        tag: without `tag:yaml.org,2002:`; one that is no scalar's, or nobody's, leaves the text as it is.

    Raises:
        Misfit: the text is not of that type.
    """
    if tag == "binary":
        return _binary(text)
    if tag == "timestamp":
        return _timestamp(text)
    value = resolve(text)
    if tag == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if tag == "float" and isinstance(value, float):
        return value
    if tag == "float" and isinstance(value, int) and not isinstance(value, bool) and value not in UNSIGNED:
        return float(value)
    if tag == "bool" and isinstance(value, bool):
        return value
    if tag == "null" and value is None:
        return None
    if tag in ("int", "float", "bool", "null"):
        raise Misfit(f"what stands behind !!{tag} is not of that type")
    return text


def _binary(text: str) -> str:
    """Go's base64 passes over line ends and over nothing else."""
    digits = text.replace("\n", "").replace("\r", "")
    if not _BASE64.fullmatch(digits):
        raise Misfit("what stands behind !!binary is not base64")
    try:
        return base64.b64decode(digits).decode()
    except UnicodeDecodeError:
        # Chained, the error would carry the bytes along.
        raise Misfit("what stands behind !!binary is not text, and JSON has nothing else for it") from None


def _timestamp(text: str) -> str:
    """Checked, and left as it is written: to JSON it is text."""
    parts = _TIMESTAMP.fullmatch(text)
    try:
        if parts:
            datetime(*(int(part) for part in parts.groups() if part is not None))  # type: ignore[arg-type]  # noqa: DTZ001
            return text
    except ValueError:
        pass
    raise Misfit("what stands behind !!timestamp is not of that type")
