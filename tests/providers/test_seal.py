from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rebuild.providers.kwok import config, ports, seal
from rebuild.providers.kwok.binaries import Binaries, Source
from rebuild.providers.kwok.lab import CONTROL_PLANE
from rebuild.providers.kwok.paths import Layout

LAYOUT = Layout(Path("/state/labs/demo"))
PORTS = {name: 20000 + n for n, name in enumerate(ports.LISTENERS)}


def test_what_goes_to_the_cluster_ends_at_the_socket_and_the_rest_is_direct() -> None:
    ways = {one["name"]: one["connection"] for one in seal.egress(LAYOUT.sealed_socket)["egressSelections"]}
    assert ways["cluster"]["transport"] == {"uds": {"udsName": "/state/labs/demo/sealed.sock"}}
    assert ways["controlplane"] == ways["etcd"] == {"proxyProtocol": "Direct"}


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "all_proxy"])
def test_every_proxy_is_a_port_that_nobody_can_listen_on(name: str) -> None:
    for spelling in (name, name.upper()):
        end = urlsplit(seal.ENVIRONMENT[spelling])
        assert (end.hostname, end.port) == ("127.0.0.1", 0)


def test_no_name_of_the_outside_goes_past_the_proxy() -> None:
    assert seal.ENVIRONMENT["NO_PROXY"] == seal.ENVIRONMENT["no_proxy"] == "localhost"


@pytest.mark.parametrize("source", Source)
def test_every_part_of_the_control_plane_is_sealed(source: Source) -> None:
    told = config.kwokctl(LAYOUT, Binaries(Path("/cache/bin"), source), PORTS)["componentsPatches"]
    environments = {patch["name"]: {e["name"]: e["value"] for e in patch["extraEnvs"]} for patch in told}
    assert environments == dict.fromkeys(CONTROL_PLANE, seal.ENVIRONMENT)
    server = {arg["key"]: arg["value"] for patch in told for arg in patch["extraArgs"]}
    assert server["egress-selector-config-file"] == str(LAYOUT.egress)
