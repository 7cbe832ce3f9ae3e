"""Names of images mean what they mean to containerd and docker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rebuild.model.images import Image

SHA = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("bitnami/redis", "docker.io/bitnami/redis:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/library/nginx", "docker.io/library/nginx:latest"),
        ("quay.io/a/b/c:v1", "quay.io/a/b/c:v1"),
        ("localhost/web", "localhost/web:latest"),
        ("localhost:5000/web:1", "localhost:5000/web:1"),
        ("registry:5000/web", "registry:5000/web:latest"),
        ("Registry/web", "Registry/web:latest"),
        ("registry/web", "docker.io/registry/web:latest"),
        ("[::1]:5000/web", "[::1]:5000/web:latest"),
        ("127.0.0.1/web", "127.0.0.1/web:latest"),
        (f"web@{SHA}", f"docker.io/library/web@{SHA}"),
        (f"quay.io/web:1@{SHA}", f"quay.io/web:1@{SHA}"),
        ("a__b/c.d-e--f", "docker.io/a__b/c.d-e--f:latest"),
        ("rebuild.dev/zoo/web:0.1", "rebuild.dev/zoo/web:0.1"),
    ],
)
def test_what_is_left_out_is_filled_in(text: str, meant: str) -> None:
    assert str(Image.parse(text)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "web ",
        "Web",
        "web:",
        "web:-1",
        ":1",
        "web@",
        "web@sha256:abc",
        "web//a",
        "/web",
        "web/",
        "a..b",
        "a___b",
        "https://quay.io/web",
        "$(IMAGE)",
        "wéb",
        "web:1:2",
        "0123456789abcdef" * 4,
        "a/" * 130 + "web",
        "a" * 100_000,
        "web:" + "a" * 129,
        "web\n",
    ],
)
def test_what_no_runtime_reads_is_none(text: str) -> None:
    assert Image.parse(text) is None


@pytest.mark.parametrize(
    ("text", "policy", "moves"),
    [
        ("web", "Always", True),
        ("web:latest", "Always", True),
        ("web:1", "IfNotPresent", False),
        (f"web@{SHA}", "IfNotPresent", False),
        (f"web:latest@{SHA}", "Always", False),
    ],
)
def test_the_api_server_pulls_a_tag_that_moves_always(text: str, policy: str, moves: bool) -> None:
    image = Image.parse(text)
    assert image
    assert (image.pull_policy, image.is_mutable) == (policy, moves)


@given(st.text(max_size=40) | st.text("ab./:@-_[]0", max_size=40))
def test_an_image_means_itself(text: str) -> None:
    if image := Image.parse(text):
        assert Image.parse(str(image)) == image
