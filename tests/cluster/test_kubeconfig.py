"""Which kubeconfig files are meant, and what in one acts on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.cluster import kubeconfig

HARMLESS = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://x", certificate-authority-data: "eA=="}}]
users: [{name: u, user: {token: t, client-key-data: "eA=="}}]
"""


@pytest.mark.parametrize(
    ("text", "acting"),
    [
        (HARMLESS, ()),
        ("users: [{name: u, user: {exec: {command: sh}}}]", ("exec",)),
        ("users: [{name: u, user: {auth-provider: {name: gcp}}}]", ("auth-provider",)),
        ("users: [{name: u, user: {client-key: k, client-certificate: c}}]", ("client-certificate", "client-key")),
        ("users: [{name: u, user: {tokenFile: ~/.ssh/id_rsa}}]", ("tokenFile",)),
        ("clusters: [{name: c, cluster: {insecure-skip-tls-verify: true}}]", ("insecure-skip-tls-verify",)),
        ("clusters: [{name: c, cluster: {certificate-authority: /etc/passwd}}]", ("certificate-authority",)),
        ("x: &x {exec: {command: sh}}\nusers: [{name: u, user: {<<: *x}}]", ("exec",)),
        ("x: &x {exec: {command: sh}}\nusers: [{name: u, user: *x}]", ("exec",)),
        ('{"users": [{"user": {"\\u0065xec": {}}}]}', ("exec",)),
        ("users: &x [*x, {exec: {}}]", ("exec",)),
        ("users: {a: [", ()),
        ("", ()),
        ("[" * 100_000, ()),
    ],
)
def test_what_runs_programs_or_reads_files_is_found(tmp_path: Path, text: str, acting: tuple[str, ...]) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    assert kubeconfig.acting(file) == acting


def test_a_file_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert kubeconfig.acting(tmp_path / "none") == ()


def test_the_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/one:/two")
    assert kubeconfig.named(Path("/flag")) == (Path("/flag"),)
    assert kubeconfig.named(None) == (Path("/one"), Path("/two"))
    assert kubeconfig.files(None) == "/one:/two"


def test_the_users_own_file_is_named_by_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert kubeconfig.named(None) == ()
    assert kubeconfig.files(None) == "~/.kube/config"
