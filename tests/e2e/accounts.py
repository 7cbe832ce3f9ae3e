"""Users of a lab with limited rights: a ServiceAccount, its token in a kubeconfig of its own, and a role."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from rebuild.cluster.connect import connect
from rebuild.cluster.rights import Access
from rebuild.providers.kwok.lab import Lab
from tests.support.waiting import within

BASICS = (
    {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"], "resourceNames": ["kube-system"]},
)
"""What it takes to be let in."""


def kubectl(lab: Lab, *arguments: str, stdin: str = "") -> str:
    """Run the lab's kubectl as its administrator."""
    done = subprocess.run(
        [lab.binaries / "kubectl", "--kubeconfig", lab.kubeconfig, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def account(lab: Lab, name: str, folder: Path, *rules: dict[str, Any]) -> Path:
    """Make a user with these rights for the whole cluster beside the basics, and return its kubeconfig."""
    role = {"kind": "ClusterRole", "metadata": {"name": name}, "rules": [*BASICS, *rules]}
    binding = {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "kube-public"}],
    }
    items = [{"apiVersion": "rbac.authorization.k8s.io/v1"} | item for item in (role, binding)]
    user = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "kube-public"}}
    kubectl(lab, "create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [user, *items]}))
    token = kubectl(lab, "create", "token", name, "-n", "kube-public").strip()
    file = kubeconfig(lab, folder / f"{name}.kubeconfig", user={"token": token})
    _until_allowed(lab, file)
    return file


def kubeconfig(
    lab: Lab, file: Path, *, user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None
) -> Path:
    """Write the lab's kubeconfig with another user, or other settings of the cluster."""
    config = yaml.safe_load(lab.kubeconfig.read_text())
    config["users"][0]["user"] = user or config["users"][0]["user"]
    config["clusters"][0]["cluster"] |= cluster or {}
    file.write_text(yaml.safe_dump(config))
    return file


def _until_allowed(lab: Lab, file: Path) -> None:
    """The server learns of roles through a watch."""
    opened = connect(context=lab.context, kubeconfig=file)
    try:
        for _ in within(60):
            if opened.may(Access("list", "", "nodes")):
                return
    finally:
        opened.close()
    raise AssertionError("the server did not take the role")
