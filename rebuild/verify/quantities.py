"""resource.Quantity by value: `1000m` is `1`, `1Gi` is `1073741824`, `1e3` is `1k`.

The API server writes quantities back in a canonical form, so text says nothing about equality. This module
only reads; it never formats a quantity.
"""

from __future__ import annotations

import re
from decimal import ROUND_UP, Context, Decimal
from typing import Any

_FORM = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))"
    r"(?:(?P<suffix>Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE](?P<exponent>[+-]?[0-9]{1,3}))?",
    re.ASCII,
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO = Decimal("1e-9")


def parse(quantity: Any) -> Decimal:
    """The value of a quantity in its base unit (cores, bytes, objects).

    The grammar and the rounding up of anything finer than a nano are those of
    `k8s.io/apimachinery/pkg/api/resource`; a JSON number is taken as the same text without a suffix.

    Raises:
        ValueError: when it is not a quantity.
    """
    if isinstance(quantity, bool) or not isinstance(quantity, (str, int, float)):
        raise ValueError(f"not a quantity: {quantity!r}")
    text = str(quantity)
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f"not a quantity: {quantity!r}")
    # Wide enough for every digit that the text can give: nothing is rounded before the last step.
    context = Context(prec=len(text) + 1050, rounding=ROUND_UP)
    number = Decimal(form["number"])
    if form["suffix"] in _BINARY:
        number = context.multiply(number, Decimal(2 ** _BINARY[form["suffix"]]))
    else:
        number = context.scaleb(number, int(form["exponent"] or _DECIMAL.get(form["suffix"] or "", 0)))
    return context.quantize(number, _NANO)
