"""From a kubeconfig to a connection, and what people are told when it does not work."""

from __future__ import annotations

import base64
import http.server
import os
import socket
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from rebuild.cluster.connect import connect
from rebuild.model.errors import Unreachable
from rebuild.ops.target import bind

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a kubeconfig with the contexts `shop` and, for the current one, `other`."""

    def written(user: dict[str, Any] | None = None, **cluster: Any) -> Path:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "other",
            "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"} | cluster}],
            "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("shop", "other")],
            "users": [{"name": "u", "user": user or {"token": "t"}}],
        }
        file = tmp_path / "kubeconfig"
        file.write_text(yaml.safe_dump(config))
        return file

    return written


@pytest.fixture
def page() -> Iterator[str]:
    """A web server that is no API server; its URL."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def refusal(**arguments: Any) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        bind(connect(**arguments), provider="existing", context=arguments["context"])
    assert caught.value.hint
    return caught.value


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refusal(context="shop", kubeconfig=tmp_path / "none")
    assert str(error) == f"context 'shop' of {tmp_path}/none cannot be used: there is no such file"


def test_the_files_of_the_environment_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/one:{tmp_path}/two")
    assert f"{tmp_path}/one:{tmp_path}/two" in str(refusal(context="shop"))


def test_the_environment_is_read_when_we_connect(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(write(server="https://127.0.0.1:2")))
    assert connect(context="shop").server == "https://127.0.0.1:2"


def test_a_missing_context_is_named(write: Write) -> None:
    file = write()
    error = refusal(context="nowhere", kubeconfig=file)
    assert "'nowhere'" in str(error)
    assert str(file) in str(error)
    assert error.hint == f"`kubectl config get-contexts --kubeconfig {file}` lists what there is"


def test_no_context_means_the_current_one(write: Write) -> None:
    assert connect(context="", kubeconfig=write()).server == "https://127.0.0.1:1"


@pytest.mark.parametrize("text", ["", "a: [", "just text", "- a list", "contexts: 5", "users: [5]", "\x00"])
def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    assert str(file) in str(refusal(context="shop", kubeconfig=file))


def test_a_broken_entry_is_refused_without_printing_its_credentials(write: Write) -> None:
    file = write()
    file.write_text(file.read_text().replace("  user:\n    token: t", "  token: do-not-print"))
    assert "do-not-print" in file.read_text()
    error = refusal(context="shop", kubeconfig=file)
    assert str(error).endswith(f"Expected key user in {file}")


def test_certificate_data_that_cannot_be_read_is_refused(write: Write) -> None:
    file = write(**{"certificate-authority-data": "%%%"})
    assert "context 'shop'" in str(refusal(context="shop", kubeconfig=file))


def test_a_missing_certificate_file_is_named(write: Write, tmp_path: Path) -> None:
    file = write(**{"certificate-authority": "ca.crt"})
    assert f"{tmp_path}/ca.crt" in str(refusal(context="shop", kubeconfig=file))


def test_a_dead_server_is_named(write: Write) -> None:
    error = refusal(context="shop", kubeconfig=write())
    assert "https://127.0.0.1:1 (context 'shop')" in str(error)
    assert "Connection refused" in str(error)


def test_a_server_address_without_sense_is_refused(write: Write) -> None:
    assert "no-scheme:6443" in str(refusal(context="shop", kubeconfig=write(server="no-scheme:6443")))


def test_a_server_that_is_no_api_server_is_refused(write: Write, page: str) -> None:
    error = refusal(context="shop", kubeconfig=write(server=page))
    assert f"{page} answers 200 without JSON, so it is no Kubernetes API server" in str(error)


def test_a_proxy_of_the_environment_is_not_asked_for_what_is_on_this_machine(
    write: Write, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert "answers 200" in str(refusal(context="shop", kubeconfig=write(server=page)))
    by_name = page.replace("127.0.0.1", "localhost")
    assert "answers 200" in str(refusal(context="shop", kubeconfig=write(server=by_name)))


def test_a_proxy_of_the_environment_is_asked_for_other_machines(
    write: Write, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", page)
    monkeypatch.delenv("no_proxy", raising=False)
    assert "answers 200" in str(refusal(context="shop", kubeconfig=write(server="http://cluster.invalid")))


def test_a_proxy_of_the_kubeconfig_is_always_asked(write: Write, page: str) -> None:
    file = write(**{"server": "http://127.0.0.1:1", "proxy-url": page})
    assert "answers 200" in str(refusal(context="shop", kubeconfig=file))


def plugin(folder: Path, script: str) -> dict[str, Any]:
    file = folder / "plugin"
    file.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}\n")
    file.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(file)}}


def test_a_plugin_that_fails_is_not_mistaken_for_no_credentials(
    write: Write, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = write(plugin(tmp_path, "echo please log in >&2; exit 1"))
    assert str(refusal(context="shop", kubeconfig=file)).endswith("exec: process returned 1. please log in")
    assert capfd.readouterr().err == ""


def test_a_plugin_that_is_not_installed_is_named(write: Write) -> None:
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin"}}
    assert "no-such-plugin" in str(refusal(context="shop", kubeconfig=write(user)))


def test_an_expired_token_is_fetched_once_and_the_users_file_stays_as_it_is(
    write: Write, page: str, tmp_path: Path
) -> None:
    script = f"""
        echo ran >> {tmp_path}/runs
        year=$([ $(wc -l < {tmp_path}/runs) = 1 ] && echo 2001 || echo 2999)
        cat <<END
        {{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
          "status": {{"token": "t", "expirationTimestamp": "$year-01-01T00:00:00Z"}}}}
        END
    """
    file = write(plugin(tmp_path, script), server=page)
    before = file.read_bytes(), file.stat().st_mtime_ns
    cluster = connect(context="shop", kubeconfig=file)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(cluster.identity) for _ in range(8)]
    assert all("without JSON" in str(answer.exception()) for answer in answers)
    assert (tmp_path / "runs").read_text() == "ran\n" * 2
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    cluster.close()


def test_keys_in_temporary_files_are_private_and_go_with_the_process(write: Write, tmp_path: Path) -> None:
    data = base64.b64encode(b"not really a key").decode()
    file = write({"client-certificate-data": data, "client-key-data": data})
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    script = """
        import os, stat, sys
        from pathlib import Path
        from rebuild.cluster.connect import connect
        connect(context="shop", kubeconfig=Path(sys.argv[1]))
        for file in Path(os.environ["TMPDIR"]).iterdir():
            print(oct(stat.S_IMODE(file.stat().st_mode)))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), file],
        env=os.environ | {"TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [oct(stat.S_IRUSR | stat.S_IWUSR)]
    assert list(scratch.iterdir()) == []


def test_the_kubernetes_package_is_imported_only_by_those_who_connect() -> None:
    script = "import sys, rebuild.cluster.connect; sys.exit('kubernetes' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_server_that_does_not_answer_in_time_is_given_up(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = write(server=f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "timed out" in str(refusal(context="shop", kubeconfig=file, timeout=0.1))


def test_without_a_limit_an_answer_is_waited_for(write: Write, page: str) -> None:
    assert "without JSON" in str(refusal(context="shop", kubeconfig=write(server=page), timeout=0.0))
