"""A condition is true, false or unknown; what is not read is unknown, and nothing makes the reader fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.graph.admission import conditions

FACTS = {"request.name": "web", "request.namespace": "shop", "request.resource.group": ""}


@pytest.mark.parametrize(
    ("expression", "truth"),
    [
        ("true", True),
        ("  false ", False),
        ("!true", False),
        ("!!true", True),
        ("request.name == 'web'", True),
        ('"web" == request.name', True),
        ("request.name != 'web'", False),
        ("request.resource.group == ''", True),
        ("request.name in ['db', 'web']", True),
        ("request.name in []", False),
        ("!(request.name in ['db',])", True),
        ("request.name == 'web' && request.namespace == 'shop'", True),
        ("request.name == 'db' || request.namespace == 'shop'", True),
        ("request.name == 'db' || request.namespace == 'shop' && false", False),
        ("(request.name == 'db' || true) && false", False),
        ("request.userInfo.username == 'me'", None),
        ("request.userInfo.username == 'me' && false", False),
        ("request.userInfo.username == 'me' || true", True),
        ("!('system:nodes' in request.userInfo.groups)", None),
        ("request.name == request.namespace", None),
        ("has(object.spec) || true", True),
        ("object.spec.containers.all(c, c.image != 'x') && false", False),
        ("object.metadata.labels['app'] == 'web'", None),
        ("object.metadata.name", None),
        ("request.name == 'web' ? false : true", None),
        ("request.name.size() > 3", None),
        ("1 + 1 == 2", None),
        ("request.name == 'it\\'s'", None),
        ("request.name == 'web' nonsense", None),
        ("request.name ==", None),
        ("(true", None),
        ("a[b(c]d)", None),
        ("", None),
        ("(" * 5000 + "true" + ")" * 5000, None),
        ("!" * 5000 + "true", None),
    ],
)
def test_a_condition_is_true_or_false_only_where_that_is_certain(expression: str, truth: bool | None) -> None:
    assert conditions.holds(expression, FACTS) is truth


WORDS = st.sampled_from(
    ["true", "false", "!", "&&", "||", "==", "!=", "in", "(", ")", "[", "]", ",", ".", "'web'", "request.name", "x"]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=30))
def test_whatever_is_written_there_is_an_answer(expression: str) -> None:
    assert conditions.holds(expression, FACTS) in (True, False, None)
    assert isinstance(conditions.literals(expression), frozenset)


@given(st.lists(WORDS, max_size=12).map(" ".join))
def test_what_differs_from_all_literals_alike_has_the_same_answer(expression: str) -> None:
    """That is what lets requests share an answer (`coverage`)."""
    first, second = (conditions.holds(expression, {"request.name": name}) for name in ("db", "\0"))
    assert "db" not in conditions.literals(expression)
    assert first is second
