"""What a plain YAML scalar means to Kubernetes.

Kubernetes reads YAML with go.yaml.in/yaml/v2 (resolve.go) and turns the result into JSON (sigs.k8s.io/yaml): YAML
1.1's booleans, but no base-60 numbers, no dates, and no `=` type. PyYAML's own resolver differs in all three.
Every pattern here is linear: no two neighbouring repeats match the same letter.
"""

from __future__ import annotations

import math
import re
import struct
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
# What Go's strconv.ParseInt accepts with base 0, once the underscores are gone. More than 20 decimal digits are no
# 64-bit integer, and Python would refuse to read 5000 of them; the other bases may begin with any number of zeros.
_INT = re.compile(r"[-+]?(?:0[bB][01]+|0[oO]?[0-7]+|0[xX][0-9a-fA-F]+|0|[1-9][0-9]{0,19})")
_SIGN_INSIDE = re.compile(r"0b[-+][01]+")
"""go-yaml cuts `0b` off and parses the rest, sign and all."""
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_POINT_FIRST = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
"""Goes to Go's strconv.ParseFloat as it is, where underscores stand between digits only."""
_SIGNED = range(-(2**63), 2**63)
UNSIGNED = range(2**63, 2**64)
"""go-yaml holds these as uint64, which no map key may be and no `!!float`."""


def resolve(text: str) -> Scalar:
    """The value of a plain (unquoted, untagged) scalar; a float stays one, even without a fraction."""
    if text in _WORDS:
        return _WORDS[text]
    head = text[0]
    if head == ".":
        return _float(text.replace("_", ""), text) if _POINT_FIRST.fullmatch(text) else text
    if not (head.isdigit() or head in "+-"):
        return text
    plain = text.replace("_", "")
    if _INT.fullmatch(plain):
        integer = _integer(plain)
        if integer in _SIGNED or (integer in UNSIGNED and head != "+"):
            return integer
    if _FLOAT.fullmatch(plain):
        return _float(plain, text)
    if _SIGN_INSIDE.fullmatch(plain) and (integer := int(plain[2:], 2)) in _SIGNED:  # noqa: FURB166 - a sign
        return integer
    return text


def _integer(text: str) -> int:
    """Go reads a leading zero as octal, Python does not."""
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits[1] in "01234567":
        text = text[: len(text) - len(digits)] + "0o" + digits
    return int(text, 0)


def _float(digits: str, text: str) -> float | str:
    """The number, or the text as it stood where a float cannot hold it."""
    number = float(digits)
    return number if math.isfinite(number) else text


def json_number(number: int | float) -> int | float:
    """A finite number as the API server holds it (sigs.k8s.io/json): whole and of 64 bits with a sign, or a float.

    Go writes a float without a fraction as an integer when it turns YAML into JSON.
    """
    if isinstance(number, float):
        return int(number) if number.is_integer() and int(number) in _SIGNED else number
    return number if number in _SIGNED else float(number)


def key_text(key: bool | int | float) -> str:
    """How sigs.k8s.io/yaml writes a key that is no text; JSON has no other keys than text."""
    if isinstance(key, bool):
        return "true" if key else "false"
    return _single(key) if isinstance(key, float) else str(key)


def _single(number: float) -> str:
    """With the digits that single precision needs, as Go's strconv.FormatFloat(number, 'g', -1, 32) does it."""
    if math.isnan(number):
        return ".nan"
    single = _rounded(number)
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    for places in range(9):
        text = f"{single:.{places}e}"
        if _rounded(float(text)) == single:
            break
    exponent = int(text.partition("e")[2])
    return f"{single:.{max(places - exponent, 0)}f}" if -4 <= exponent < 6 else text


def _rounded(number: float) -> float:
    """To single precision."""
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)
