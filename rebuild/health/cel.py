"""Expressions in CEL, Kubernetes' own language for such rules: compiled before any write, evaluated on an object.

Bounded by the library: its grammar has no loop but over what an object holds, at most 10,000 steps of those, and its
regular expressions are RE2's. The library is imported when the first expression is compiled, since most runs have none.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from msgspec import Struct

from rebuild.model.objects import Body

LONGEST = 4096
"""Characters of an expression."""
INSTALL = "pip install 'kubectl-rebuild[cel]'"
_PROBLEM = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<message>[^\n]*)")
_NOISE = re.compile(r" expecting \{.*\}| \(in container ''\)| \[INVALID_ARGUMENT\]")
_TELLING = re.compile(
    r'Key not found in map : "[\w.-]+"|No matching overloads? found[^"\n]*|divide by zero|Iteration budget exceeded'
    r"|Applying SELECT to non-message type|index out of bounds"
)
"""What may be said of a failure: other messages of the library hold the object, Secret values and all."""


class NotInstalled(Exception):
    """The library that evaluates expressions is not there."""


class Misspelt(ValueError):
    """A text is no expression; says where and why."""


class NoValue(Exception):
    """An expression has no value on an object; says why, without any value of the object."""


class Expression(Struct, frozen=True):
    """A compiled expression over `self`, the object. Safe to use from several threads."""

    text: str
    program: Any

    def on(self, body: Body) -> Any:
        """The value on an object: a bool, a number, a text, a list, a mapping, or None.

        Raises:
            NoValue: when it has none.
        """
        try:
            found = self.program.eval(data={"self": body})
            if found.type().name() == "ERROR":
                raise NoValue(_reason(str(found.value())))
            return found.plain_value()
        except (RuntimeError, UnicodeError, TypeError, ValueError) as error:
            raise NoValue(_reason(str(error))) from error


def compiled(text: str, *, wants: str) -> Expression:
    """An expression whose value has a type: `bool` or `string`, or one that only the object decides.

    Raises:
        NotInstalled: when there is no library.
        Misspelt: when the text is no such expression.
    """
    if len(text) > LONGEST:
        raise Misspelt(f"longer than {LONGEST} characters")
    try:
        program = _environment().compile(text)
    except RuntimeError as error:
        raise Misspelt(_problems(str(error), text)) from error
    type_ = program.return_type().name().lower()
    if type_ not in (wants, "dyn"):
        raise Misspelt(f"gives a {type_}, and not a {wants}")
    return Expression(text, program)


@cache
def _environment() -> Any:
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_optional, ext_strings
    except ImportError as error:
        raise NotInstalled(str(error)) from error
    return cel.NewEnv(
        variables={"self": cel.Type.DYN}, extensions=[ext_optional.ExtOptional(), ext_strings.ExtStrings()]
    )


def _problems(said: str, text: str) -> str:
    """The first problem with its place, in one line."""
    found = _PROBLEM.search(said)
    if found is None:
        return "not an expression"
    message = _NOISE.sub("", found["message"])
    line = f"line {found['line']}, " if "\n" in text.strip() else ""
    return f"{message} ({line}column {found['column']})"


def _reason(said: str) -> str:
    found = _TELLING.search(said)
    return found[0] if found else "the object does not fit it"
