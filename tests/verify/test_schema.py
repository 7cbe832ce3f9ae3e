"""The shapes that comparison relies on, for built-in kinds and for declared definitions."""

from __future__ import annotations

import pytest

from rebuild.model import kinds
from rebuild.model.refs import Ref
from rebuild.verify import schema
from rebuild.verify.paths import Index, Path
from rebuild.verify.shapes import BLANK, ListType, Scalar, Shape, decoded, distil
from tests.verify import cases

POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", Index(0))
DEPLOYMENT = Ref.of("apps/v1", "Deployment", "shop", "web")
SERVICE = Ref.of("v1", "Service", "shop", "web")
THING = Ref.of("verify-cases.example/v1", "Thing", "shop", "thing")


def test_every_built_in_kind_has_a_shape_in_every_version() -> None:
    table = schema.builtin()
    for kind in kinds.builtin():
        for version in kind.versions:
            shape = table.root(Ref(kind.group, kind.kind, "", "x", version))
            assert "metadata" in shape.fields, (kind, version)


@pytest.mark.parametrize(
    ("path", "scalar"),
    [
        ((*CONTAINER, "resources", "limits", "cpu"), Scalar.QUANTITY),
        ((*CONTAINER, "readinessProbe", "httpGet", "port"), Scalar.INT_OR_STRING),
        ((*CONTAINER, "image"), None),
        ((*CONTAINER, "no", "such", "field"), None),
    ],
)
def test_the_scalars_of_a_pod_template(path: Path, scalar: Scalar | None) -> None:
    assert schema.builtin().at(DEPLOYMENT, path).scalar is scalar


@pytest.mark.parametrize(
    ("ref", "path", "keys"),
    [
        (DEPLOYMENT, (*CONTAINER, "ports"), ("containerPort", "protocol")),
        (DEPLOYMENT, (*POD, "volumes"), ("name",)),
        (SERVICE, ("spec", "ports"), ("port", "protocol")),
    ],
)
def test_the_keys_of_lists(ref: Ref, path: Path, keys: tuple[str, ...]) -> None:
    shape = schema.builtin().at(ref, path)
    assert (shape.list_type, shape.keys) == (ListType.MAP, keys)


def test_the_default_of_a_list_key_is_known() -> None:
    assert schema.builtin().at(SERVICE, ("spec", "ports", Index(0))).defaults == {"protocol": "TCP"}


def test_a_definition_gives_the_shape_of_its_kind() -> None:
    folder = cases.ROOT / "custom" / "defaults_keys_and_sets"
    table = schema.builtin().extended([cases.read(folder / "crd.yaml")])
    assert table.at(THING, ("spec", "size")).scalar is Scalar.QUANTITY
    assert table.at(THING, ("spec", "port")).scalar is Scalar.INT_OR_STRING
    assert table.at(THING, ("spec", "tags")).list_type is ListType.SET
    assert table.at(THING, ("spec", "ports")).keys == ("port", "protocol")
    assert table.at(THING, ("spec", "selector")).exact
    assert table.at(THING, ("metadata", "labels")).values == BLANK
    assert schema.builtin().at(THING, ("spec", "size")) == BLANK


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"spec": None},
        {"spec": {"versions": [{"name": "v1"}]}},
        {"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"a": None}}}}]}},
        {"spec": {"versions": [{"schema": {"openAPIV3Schema": {"properties": 1, "x-kubernetes-list-type": []}}}]}},
    ],
)
def test_a_broken_definition_is_read_as_far_as_it_goes(body: dict[str, object]) -> None:
    assert schema.builtin().extended([body]).at(THING, ("spec",)) == BLANK


def test_a_type_that_refers_to_itself_is_cut_out_only_if_it_says_nothing() -> None:
    loop = Shape(fields={"next": Shape(type="loop")})
    telling = Shape(fields={"next": Shape(type="telling"), "size": Shape(scalar=Scalar.QUANTITY)})
    root = Shape(fields={"a": Shape(type="loop"), "b": Shape(type="telling")})
    kept = schema.reachable({"loop": loop, "telling": telling, "root": root}, ["root"])
    assert kept == {"telling": telling, "root": Shape(fields={"b": Shape(type="telling")})}


def test_a_shape_survives_its_encoding() -> None:
    folder = cases.ROOT / "custom" / "defaults_keys_and_sets"
    body = cases.read(folder / "crd.yaml")
    shape = distil(body["spec"]["versions"][0]["schema"]["openAPIV3Schema"])
    assert decoded(shape.encoded()) == shape
