"""A kind file is refused for what it would open, and for what stands in its way, before kind sees it."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from rebuild.model.errors import Exit
from rebuild.providers import claims
from rebuild.providers.kind import cluster, kindfile, places
from rebuild.providers.kind.kindfile import ApiExposed, KindFile, KindFileInvalid, PortTaken
from rebuild.providers.kind.program import Wishes
from rebuild.system import places as places_of_state

HEAD = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nodes.yaml"
    path.write_text(text)
    return path


def test_images_and_ports_are_read_out_of_it(tmp_path: Path) -> None:
    text = (
        HEAD + "networking: {apiServerPort: 6443}\nnodes:\n- {role: control-plane, image: 'node:v1'}\n"
        "- {role: worker, image: 'node:v1', extraPortMappings: ["
        "{containerPort: 80, hostPort: 8080, listenAddress: 127.0.0.1}, {containerPort: 443, hostPort: 8443},"
        "{containerPort: 53, hostPort: 53, protocol: UDP}, {containerPort: 81}, {containerPort: 82, hostPort: -1}]}\n"
    )
    path = write(tmp_path, text)
    ports = (("127.0.0.1", 6443), ("127.0.0.1", 8080), ("0.0.0.0", 8443))
    assert kindfile.read(path) == KindFile(path, ("node:v1",), ports)


@pytest.mark.parametrize("path", sorted(places.config_root().glob("*.yaml")), ids=lambda path: path.name)
def test_those_that_we_ship_listen_on_the_loopback_interface(path: Path) -> None:
    assert "apiServerAddress: 127.0.0.1" in path.read_text()
    assert kindfile.read(path) == KindFile(path)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "'::'", "localhost", "[a]", "5"])
def test_an_api_server_that_others_could_reach_is_refused(tmp_path: Path, address: str) -> None:
    path = write(tmp_path, HEAD + f"networking: {{apiServerAddress: {address}}}\n")
    with pytest.raises(ApiExposed, match=str(path)) as caught:
        kindfile.read(path)
    assert caught.value.exit is Exit.REFUSED
    assert "apiServerAddress" in caught.value.hint


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "'::1'"])
def test_a_loopback_address_is_taken(tmp_path: Path, address: str) -> None:
    assert kindfile.read(write(tmp_path, HEAD + f"networking: {{apiServerAddress: {address}}}\n"))


@pytest.mark.parametrize("text", ["", "[]", "kind: Pod\n", HEAD + "---\n" + HEAD, "kind: [Cluster\n", "a: 1\na: 2\n"])
def test_what_is_no_kind_file_is_named(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(KindFileInvalid, match=str(path)) as caught:
        kindfile.read(path)
    assert caught.value.exit is Exit.USAGE
    assert caught.value.hint


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KindFileInvalid, match=r"missing\.yaml cannot be read: No such file"):
        kindfile.read(tmp_path / "missing.yaml")


@pytest.mark.parametrize("asked", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_somebody_listens_on_is_named(tmp_path: Path, asked: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        file = KindFile(tmp_path / "nodes.yaml", ports=((asked, port),))
        with pytest.raises(PortTaken, match=f"{asked}:{port}") as caught:
            file.assert_ports_free()
    assert caught.value.exit is Exit.UNREACHABLE
    file.assert_ports_free()


def test_nothing_is_claimed_for_a_cluster_whose_port_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places_of_state.STATE_VARIABLE, str(tmp_path))
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        file = KindFile(tmp_path / "nodes.yaml", ports=(server.getsockname(),))
        with pytest.raises(PortTaken):
            cluster.up("taken", Wishes(Path("/no/such/kind"), file))
    assert claims.homes() == ()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody who may not have a port")
def test_a_port_that_only_root_may_have_is_for_docker_to_judge(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        code = 1
        try:
            os.setuid(54321)
            KindFile(tmp_path, ports=(("127.0.0.1", 1),)).assert_ports_free()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
