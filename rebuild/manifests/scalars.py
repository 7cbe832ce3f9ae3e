"""What a plain YAML scalar means to Kubernetes.

Kubernetes reads YAML with go.yaml.in/yaml/v2 and turns the result into JSON (sigs.k8s.io/yaml): YAML 1.1's
booleans, but no base-60 numbers, no dates, and no `=` type. PyYAML's own resolver differs in all three.
"""

from __future__ import annotations

import math
import re
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
# What Go's strconv.ParseInt accepts with base 0, once the underscores are gone.
_INT = re.compile(r"[-+]?(?:0[bB][01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_LIMITS = range(-(2**63), 2**64)
_LONGEST = len("+0b") + 64 + 64
"""More digits than 64 bits take, even with as many leading zeros: no integer, and Python would refuse 5000 of them."""


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted, untagged) scalar."""
    if text in _WORDS:
        return _WORDS[text]
    head = text[0]
    if not (head.isdigit() or head in "+-."):
        return text
    # go-yaml drops underscores from anything that starts like a number, but not from `.5`.
    plain = text if head == "." else text.replace("_", "")
    if head != "." and len(plain) <= _LONGEST and _INT.fullmatch(plain):
        integer = _integer(plain)
        if integer in _LIMITS:
            return integer
    if _FLOAT.fullmatch(plain) and math.isfinite(number := float(plain)):
        return json_number(number)
    return text


def _integer(text: str) -> int:
    """Go reads a leading zero as octal, Python does not."""
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        text = text[: len(text) - len(digits)] + "0o" + digits
    return int(text, 0)


def json_number(number: float) -> int | float:
    """The value of a finite float: Go writes a float without a fraction as an integer when it turns YAML into JSON."""
    return int(number) if number.is_integer() and int(number) in _LIMITS else number
