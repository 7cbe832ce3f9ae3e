"""A field is found in the text that declares it, line by line."""

from __future__ import annotations

import pytest

from rebuild.manifests import located
from rebuild.verify import paths
from rebuild.verify.drift import places
from rebuild.verify.paths import Index, Keyed, Member

TEXT = """\
# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: first}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  finalizers:
    - a
    - b
spec:
  template:
    spec:
      containers:
        - image: nginx
          name: web
          ports:
            - containerPort: 80
              name: http
          command:
            - run
            - |
              one
              two
stringData:
  pin: "1"
data:
  pin: MQ==
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Secret
    metadata: {name: s}
    data: &shared
      a: YQ==
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: c}
    data:
      <<: *shared
      b: c
"""
WEB = Keyed((("name", "web"),))
POD = ("spec", "template", "spec", "containers", WEB)


def lines(line: int, path: paths.Path) -> tuple[int, int] | None:
    whole = located.document(TEXT.encode(), line)
    assert whole
    found = places.find(whole, path)
    return (found.first, found.last) if found else None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), (6, 30)),
        (("metadata", "name"), (9, 9)),
        (("metadata", "finalizers", Member("b")), (12, 12)),
        ((*POD, "image"), (17, 17)),
        ((*POD, "ports", Keyed((("containerPort", 80), ("protocol", "TCP"))), "name"), (21, 21)),
        ((*POD, "command", Index(1)), (24, 26)),
        ((*POD, "command"), (22, 26)),
        (("data", "pin"), (28, 28)),
        (("metadata", "labels", "app"), None),
        ((*POD, "ports", Keyed((("containerPort", 81),))), None),
        (("spec", "template", "spec", "containers", Keyed((("name", "other"),))), None),
        ((*POD, "command", Index(2)), None),
    ],
)
def test_a_field_is_where_its_key_is(path: paths.Path, expected: tuple[int, int] | None) -> None:
    assert lines(6, path) == expected


def test_the_members_of_a_list_are_found_by_the_line_where_they_begin() -> None:
    assert lines(35, ("data", "a")) == (39, 39)
    assert lines(40, ("data", "b")) == (45, 45)
    assert lines(40, ("data", "a")) == (39, 39)


def test_json_is_read_as_well() -> None:
    text = b'{\n  "kind": "ConfigMap",\n  "data": {\n    "a": "b"\n  }\n}\n'
    whole = located.document(text, 1)
    assert whole
    found = places.find(whole, ("data", "a"))
    assert found
    assert found.first == 4


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"a: [", b"a: &a [*a]\n", b"\tx"])
def test_what_cannot_be_read_has_no_places(data: bytes) -> None:
    assert located.document(data, 99) is None
