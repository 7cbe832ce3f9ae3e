"""The benchmark's own judgement of what lives in a cluster finds what is wrong, and nothing that is not."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.engine import truth


def _config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": data}


@pytest.mark.parametrize(
    ("declared", "live", "found"),
    [
        (_config(a="1"), _config(a="1", b="2"), []),
        (_config(a="1"), _config(a="2"), [".data.a"]),
        (_config(a="1"), {}, [".metadata", ".data"]),
        ({"spec": {"cpu": "1000m", "off": False}}, {"spec": {"cpu": "1"}}, []),
        ({"spec": {"ports": [1, 2]}}, {"spec": {"ports": [1]}}, [".spec.ports"]),
        ({"spec": {"ports": [{"port": 1}]}}, {"spec": {"ports": [{"port": 2}]}}, [".spec.ports[0].port"]),
        ({"kind": "Secret", "stringData": {"a": "b"}}, {"data": {"a": "Yg=="}}, []),
        ({"kind": "Secret", "stringData": {"a": "b"}}, {"data": {"a": "Yw=="}}, [".data.a"]),
        ({"metadata": {"creationTimestamp": None}, "status": {"a": 1}}, {"metadata": {}}, []),
    ],
    ids=[
        "more",
        "other value",
        "missing",
        "same quantity",
        "shorter list",
        "in a list",
        "secret",
        "other secret",
        "server",
    ],
)
def test_declared_leaves_have_to_be_there(declared: dict[str, Any], live: dict[str, Any], found: list[str]) -> None:
    assert list(truth.differences(declared, live)) == found


def test_what_a_webhook_should_have_labelled_is_named() -> None:
    live: list[dict[str, Any]] = [
        {"metadata": {"name": "seen", "labels": {"a": "yes"}}},
        {"metadata": {"name": "missed"}},
    ]
    assert truth.unlabelled(live, ("a", "yes")) == ["missed"]
