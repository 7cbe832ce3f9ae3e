"""As much of a match condition (CEL) as is certain before there is a request; the rest is unknown, never guessed.

Read are comparisons (`==`, `!=`, `in`) of what a request names with text, joined by `!`, `&&`, `||` and brackets: that
is what the examples of Kubernetes' own documentation are made of. Truth has three values, and as in CEL an operand that
cannot be known does not matter where the other one decides. A whole CEL implementation would know no more of a request
that nobody has made yet: of `userInfo`, of the defaults in the object, of the authorizer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeAlias

Truth: TypeAlias = bool | None
"""None is unknown."""
Facts: TypeAlias = Mapping[str, str]
"""What is known of a request, by the path that an expression uses (`request.resource.group`)."""
_Test: TypeAlias = Callable[[Facts], Truth]
_Term: TypeAlias = "_Test | _Path | _Text | None"

_TOKEN = re.compile(
    r"""\s*(?: (?P<text>"[^"\\\n]*"|'[^'\\\n]*') | (?P<word>[A-Za-z_][A-Za-z0-9_]*) | (?P<number>\d+)
        | (?P<sign>&&|\|\||==|!=|[!().,\[\]]) )""",
    re.VERBOSE,
)
_CLOSING = {"(": ")", "[": "]"}


class _Path(str):
    """A path such as `request.name`."""

    __slots__ = ()


class _Text(tuple[str, ...]):
    """One literal text, or a list of them."""

    __slots__ = ()


class _Beyond(Exception):
    """The expression uses more of CEL than is read here."""


def holds(expression: str, facts: Facts) -> Truth:
    """Whether a match condition holds, None where that is not certain."""
    test = _read(expression)
    return test(facts) if test else None


def literals(expression: str) -> frozenset[str]:
    """The texts that the expression may compare something with; of other values it only asks whether they differ."""
    return frozenset(token[1:-1] for token in _tokens(expression) or () if token[:1] in ("'", '"'))


@cache
def _tokens(expression: str) -> tuple[str, ...] | None:
    """The words of an expression, or None where one is beyond what is read here."""
    tokens, position, end = [], 0, len(expression.rstrip())
    while position < end:
        found = _TOKEN.match(expression, position)
        if not found:
            return None
        tokens.append(found.group().strip())
        position = found.end()
    return tuple(tokens)


@cache
def _read(expression: str) -> _Test | None:
    tokens = _tokens(expression)
    if not tokens:
        return None
    reader = _Reader(tokens)
    try:
        test = reader.either()
        return None if reader.next else test
    except (_Beyond, RecursionError):
        return None


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens, self._at = tokens, 0

    @property
    def next(self) -> str:
        """The token that comes next, empty at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def either(self) -> _Test:
        """One operand of `||`, or several."""
        tests = [self._both()]
        while self._took("||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda facts: _any(test(facts) for test in tests)

    def _both(self) -> _Test:
        tests = [self._comparison()]
        while self._took("&&"):
            tests.append(self._comparison())
        return tests[0] if len(tests) == 1 else lambda facts: _not(_any(_not(test(facts)) for test in tests))

    def _comparison(self) -> _Test:
        if self._took("!"):
            test = self._operand()
            return lambda facts: _not(test(facts))
        left = self._term()
        if self.next in ("==", "!=", "in"):
            sign = self._take()
            return _compared(left, sign, self._term())
        return _as_test(left)

    def _operand(self) -> _Test:
        return self._comparison() if self.next == "!" else _as_test(self._term())

    def _term(self) -> _Term:
        word = self._take()
        if word == "(":
            test = self.either()
            self._expect(")")
            return test
        if word == "[":
            return self._list()
        if word[:1] in ("'", '"'):
            return _Text((word[1:-1],))
        if word in ("true", "false"):
            return lambda _: word == "true"
        if word.isidentifier():
            return self._path(word)
        raise _Beyond

    def _list(self) -> _Term:
        texts = []
        while not self._took("]"):
            token = self._take()
            if token[:1] not in ("'", '"'):
                raise _Beyond
            texts.append(token[1:-1])
            if self.next != "]":
                self._expect(",")
        return _Text(texts)

    def _path(self, word: str) -> _Term:
        """A path; one with a call or an index in it stands for nothing that is known."""
        known = True
        while True:
            if self._took("."):
                word += "." + self._take()
            elif self.next in _CLOSING:
                self._skip()
                known = False
            else:
                return _Path(word) if known else None

    def _skip(self) -> None:
        closing = [_CLOSING[self._take()]]
        while closing:
            token = self._take()
            if token == closing[-1]:
                closing.pop()
            elif token in _CLOSING:
                closing.append(_CLOSING[token])

    def _took(self, token: str) -> bool:
        if self.next != token:
            return False
        self._at += 1
        return True

    def _take(self) -> str:
        token = self.next
        if not token:
            raise _Beyond
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if not self._took(token):
            raise _Beyond


def _compared(left: _Term, sign: str, right: _Term) -> _Test:
    if sign != "in" and isinstance(left, _Text):
        left, right = right, left
    if not (isinstance(left, _Path) and isinstance(right, _Text)):
        return lambda _: None
    path, texts = left, right

    def test(facts: Facts) -> Truth:
        value = facts.get(path)
        return None if value is None else (value in texts) is not (sign == "!=")

    return test


def _as_test(term: _Term) -> _Test:
    return term if callable(term) else lambda _: None


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _any(truths: Iterable[Truth]) -> Truth:
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown = unknown or truth is None
    return None if unknown else False
