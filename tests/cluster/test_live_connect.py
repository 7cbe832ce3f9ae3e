"""What a real server says to certificates and credentials that it does not know."""

from __future__ import annotations

import os
import socket
import socketserver
import subprocess
import sys
import textwrap
import threading
from base64 import b64encode
from contextlib import closing, suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from rebuild.cluster import package
from rebuild.cluster.client import ApiServer
from rebuild.cluster.connect import connect
from rebuild.cluster.port import ClusterFault
from rebuild.cluster.transport import Transport
from rebuild.model import kinds
from rebuild.model.errors import Unreachable
from rebuild.model.faults import Cause
from rebuild.ops.target import bind
from rebuild.providers.kwok.lab import Lab
from tests.cluster.conftest import Login

pytestmark = pytest.mark.live


def changed(
    lab: Lab, folder: Path, *, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
) -> Path:
    """A copy of the lab's kubeconfig with other settings."""
    config = yaml.safe_load(lab.kubeconfig.read_text())
    settings = config["clusters"][0]["cluster"]
    settings |= cluster or {}
    if "insecure-skip-tls-verify" in settings:
        del settings["certificate-authority"]
    config["users"][0]["user"] = user or config["users"][0]["user"]
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


def refusal(lab: Lab, file: Path) -> Unreachable:
    cluster = connect(context=lab.context, kubeconfig=file)
    with pytest.raises(Unreachable) as caught:
        bind(cluster, provider="existing", context=lab.context)
    cluster.close()
    assert lab.server in str(caught.value)
    assert lab.context in str(caught.value)
    return caught.value


def test_the_lab_is_reached(lab: Lab) -> None:
    cluster = connect(context=lab.context, kubeconfig=lab.kubeconfig)
    assert bind(cluster, provider="existing").identity.server == lab.server
    cluster.close()


@pytest.mark.parametrize("inside", [True, False], ids=["data", "files"])
def test_a_kubeconfig_that_says_everything_needs_no_kubernetes_package(lab: Lab, tmp_path: Path, inside: bool) -> None:
    """And gives the access that the package gives, whether keys stand in it or in files beside it."""
    config = yaml.safe_load(lab.kubeconfig.read_text())
    for entry in (config["clusters"][0]["cluster"], config["users"][0]["user"]):
        for name in [name for name in entry if name in {"certificate-authority", "client-certificate", "client-key"}]:
            content = Path(entry.pop(name)).read_bytes()
            if inside:
                entry[f"{name}-data"] = b64encode(content).decode()
            else:
                tmp_path.joinpath(name).write_bytes(content)
                entry[name] = name
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    script = """
        import sys
        from pathlib import Path
        from rebuild.cluster.connect import connect
        cluster = connect(context=sys.argv[1], kubeconfig=Path(sys.argv[2]))
        print(cluster.identity().uid, "kubernetes" in sys.modules, *Path(sys.argv[3]).iterdir())
    """
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(script), lab.context, str(file), str(scratch)]
    done = subprocess.run(
        command, env=os.environ | {"TMPDIR": str(scratch)}, capture_output=True, text=True, check=True
    )
    by_package = ApiServer(Transport(package.access(str(file), lab.context), timeout=10.0))
    assert done.stdout.split() == [by_package.identity().uid, "False"], "or a key is left on the disk"
    by_package.close()


def test_a_server_with_another_certificate_authority_is_refused(lab: Lab, tmp_path: Path) -> None:
    stranger = yaml.safe_load(lab.kubeconfig.read_text())["users"][0]["user"]["client-certificate"]
    error = refusal(lab, changed(lab, tmp_path, cluster={"certificate-authority": stranger}))
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert error.hint == "the context's certificate authority did not sign this server: was the cluster made anew?"


def test_a_server_that_goes_by_another_name_is_refused(lab: Lab, tmp_path: Path) -> None:
    error = refusal(lab, changed(lab, tmp_path, cluster={"tls-server-name": "elsewhere.example.com"}))
    assert "elsewhere.example.com" in str(error)


def test_skipping_the_check_of_certificates_is_the_users_choice_and_quiet(lab: Lab, tmp_path: Path) -> None:
    file = changed(lab, tmp_path, cluster={"insecure-skip-tls-verify": True})
    cluster = connect(context=lab.context, kubeconfig=file)
    assert cluster.identity().uid
    cluster.close()


def test_a_token_that_nobody_knows_asks_for_a_new_login(lab: Lab, tmp_path: Path) -> None:
    error = refusal(lab, changed(lab, tmp_path, user={"token": "expired"}))
    assert str(error).endswith("Unauthorized")
    assert "log in again" in error.hint


def test_a_user_who_may_not_see_the_clusters_identity_is_told_what_is_missing(lab: Lab, login: Login) -> None:
    cluster = login("low")
    with pytest.raises(Unreachable) as caught:
        bind(cluster, provider="existing", context=lab.context)
    assert isinstance(caught.value.__cause__, ClusterFault)
    assert caught.value.__cause__.fault.cause is Cause.DENIED
    assert "allow this user to get it" in caught.value.hint


class Tunnel(socketserver.StreamRequestHandler):
    """One connection of a proxy that passes on what it cannot read (RFC 9110, section 9.3.6)."""

    asked: ClassVar[list[str]] = []

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        self.asked.append(head.decode())
        host, _, port = head.split()[1].decode().partition(":")
        with socket.create_connection((host, int(port))) as there:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self.pump, args=(there, self.connection))
            back.start()
            self.pump(self.connection, there)
            back.join()

    @staticmethod
    def pump(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)


def test_a_server_behind_a_proxy_is_asked_and_watched_through_it(lab: Lab, tmp_path: Path) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        serving = threading.Thread(target=proxy.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{proxy.server_address[1]}"
        cluster = connect(context=lab.context, kubeconfig=changed(lab, tmp_path, cluster={"proxy-url": url}))
        assert cluster.identity().server == lab.server
        namespaces = kinds.builtin().get("", "Namespace")
        assert namespaces
        with closing(cluster.watch(namespaces, "v1", "")) as watch:
            names = {event.body["metadata"].get("name") for event in takewhile(lambda e: not e.ends_initial, watch)}
        cluster.close()
        proxy.shutdown()
        serving.join()
    assert "kube-system" in names
    assert len(Tunnel.asked) == 2, "one connection for requests, and one for the watch"
    assert all(head.startswith(f"CONNECT {lab.server.removeprefix('https://')} ") for head in Tunnel.asked)
