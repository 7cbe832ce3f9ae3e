"""What a container says of itself never shows what a declared Secret holds."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.secrets import Secrets

PASSWORD = "correct-horse"


def secret(kind: str = "Secret", **fields: Any) -> Manifest:
    return Manifest(Ref.of("v1", kind, "shop", "db"), fields, Origin("a.yaml", 1))


def said(message: str) -> Body:
    """A Pod whose container ended with these words."""
    return {"status": {"containerStatuses": [{"lastState": {"terminated": {"message": message}}}]}}


@pytest.mark.parametrize(
    "manifest",
    [
        secret(stringData={"password": PASSWORD}),
        secret(data={"password": base64.b64encode(PASSWORD.encode()).decode()}),
        secret(stringData={"settings": f"user: shop\npassword: x\n  {PASSWORD}\n"}),
    ],
)
def test_a_value_that_a_container_repeats_is_hidden(manifest: Manifest) -> None:
    text = 'parse "postgres://shop:%s@db": invalid port'
    assert Secrets.of([manifest]).hidden(said(text % PASSWORD)) == said(text % "(secret)")


def test_the_encoded_form_is_hidden_as_well() -> None:
    encoded = base64.b64encode(PASSWORD.encode()).decode()
    assert Secrets.of([secret(data={"password": encoded})]).hidden(said(encoded)) == said("(secret)")


def test_a_value_within_another_leaves_no_piece_of_it() -> None:
    secrets = Secrets.of([secret(stringData={"user": "correct", "password": PASSWORD})])
    assert secrets.hidden(said(PASSWORD)) == said("(secret)")


def test_names_and_words_of_kubernetes_stay() -> None:
    secrets = Secrets.of([secret(stringData={"user": "Running", "port": "5432"})])
    body = {"metadata": {"name": "Running"}, "status": {"phase": "Running"}, "message": "at port 5432"}
    assert secrets.hidden(body) == body


def test_only_secrets_hold_secrets() -> None:
    assert Secrets.of([secret("ConfigMap", data={"greeting": PASSWORD})]).hidden(said(PASSWORD)) == said(PASSWORD)


def test_values_are_not_in_its_repr() -> None:
    assert PASSWORD not in repr(Secrets.of([secret(stringData={"password": PASSWORD})]))


@given(st.dictionaries(st.sampled_from(["data", "stringData"]), st.none() | st.dictionaries(st.text(), st.text())))
def test_nothing_that_a_file_may_declare_makes_it_raise(body: Body) -> None:
    assert isinstance(Secrets.of([secret(**body)]).hidden(said("x")), dict)
