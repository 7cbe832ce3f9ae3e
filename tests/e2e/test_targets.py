"""The wrong cluster, and the one that does not answer: the exit code, one cause, and nothing written or run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from rebuild.providers.kwok.lab import Lab
from tests.e2e.accounts import kubeconfig, kubectl
from tests.e2e.support import Ran, our_writes, rebuild

COMMANDS = ("plan", "verify", "apply")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "one.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n")
    return folder


def acting(folder: Path, canary: Path, server: str = "https://127.0.0.1:1") -> Path:
    """A kubeconfig whose plugin leaves a mark."""
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": [str(canary)]}
    file = folder / "kubeconfig.yaml"
    file.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": server}}],
                "users": [{"name": "u", "user": {"exec": plugin}}],
                "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "prod",
            }
        )
    )
    return file


def told(ran: Ran, code: int, *words: str) -> None:
    assert ran.code == code, ran.stderr
    for word in words:
        assert word in ran.stderr
    assert "hint: " in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_is_dead(source: Path, tmp_path: Path, command: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(acting(tmp_path, tmp_path / "canary").read_text().replace("exec:", "unused:"))
    ran = rebuild(command, source, "--context", "prod", "--kubeconfig", file)
    told(ran, 5, "127.0.0.1", "Connection refused")


@pytest.mark.live
@pytest.mark.parametrize("command", COMMANDS)
def test_a_token_that_has_expired(lab: Lab, source: Path, tmp_path: Path, command: str) -> None:
    file = kubeconfig(lab, tmp_path / "kubeconfig", user={"token": "expired"})
    told(rebuild(command, source, "--context", lab.context, "--kubeconfig", file), 5, "Unauthorized", "log in again")


@pytest.mark.live
@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_another_authority_signed(lab: Lab, source: Path, tmp_path: Path, command: str) -> None:
    stranger = yaml.safe_load(lab.kubeconfig.read_text())["users"][0]["user"]["client-certificate"]
    file = kubeconfig(lab, tmp_path / "kubeconfig", cluster={"certificate-authority": stranger})
    ran = rebuild(command, source, "--context", lab.context, "--kubeconfig", file)
    told(ran, 5, "CERTIFICATE_VERIFY_FAILED", "certificate authority")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_kubeconfig_out_of_the_source_runs_nothing(source: Path, tmp_path: Path, command: str) -> None:
    subprocess.run(["git", "init", "-q", source], check=True)
    canary = tmp_path / "canary"
    file = acting(source, canary)
    told(rebuild(command, source, "--context", "prod", "--kubeconfig", file), 3, str(file), "exec")
    assert not canary.exists()


def test_a_kubeconfig_that_a_repository_declares_is_no_kubeconfig(source: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    acting(source, canary)
    rebuild("plan", source)
    assert rebuild("plan", source, "--context", "prod", KUBECONFIG="/nonexistent").code == 5
    assert not canary.exists()


def test_a_context_that_is_not_allowed_is_refused_before_anything_is_asked(source: Path, tmp_path: Path) -> None:
    canary, settings = tmp_path / "canary", tmp_path / "config.yaml"
    settings.write_text("contexts: {allow: [staging-*]}\n")
    file = acting(tmp_path, canary)
    ran = rebuild("apply", source, "--context", "prod", "--kubeconfig", file, REBUILD_CONFIG=str(settings))
    told(ran, 3, "'prod'", "staging-*", str(settings))
    assert not canary.exists()
    read = rebuild("plan", source, "--context", "prod", "--kubeconfig", file, REBUILD_CONFIG=str(settings))
    assert read.code == 5
    assert canary.exists()


def test_settings_that_are_not_understood_are_refused(source: Path, tmp_path: Path) -> None:
    settings = tmp_path / "config.yaml"
    settings.write_text("contexts:\n  deny: [prod]\n")
    ran = rebuild("apply", source, "--context", "prod", REBUILD_CONFIG=str(settings))
    told(ran, 2, f"{settings}:2: there is no contexts.deny")


@pytest.mark.live
def test_a_denied_cluster_is_not_written_to(lab: Lab, source: Path, tmp_path: Path) -> None:
    uid = kubectl(lab, "get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}")
    settings = tmp_path / "config.yaml"
    settings.write_text(f"contexts: {{allow: ['*']}}\nclusters: {{deny: [{uid}]}}\n")
    mark = lab.audit_log.stat().st_size
    target = ["--context", lab.context, "--kubeconfig", lab.kubeconfig]
    ran = rebuild("apply", source, *target, "--yes", REBUILD_CONFIG=str(settings))
    told(ran, 3, uid, lab.server)
    assert not our_writes(lab.audit_log, since=mark)
