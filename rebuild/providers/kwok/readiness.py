"""From an API server that answers to a lab that can be used: its baseline is in place and ready."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable

from rebuild.model.errors import Unreachable
from rebuild.model.objects import dig_maps
from rebuild.providers.kwok import config
from rebuild.providers.kwok.api import Api, ApiError
from rebuild.providers.kwok.lab import CLOUD_MODULE, Lab
from rebuild.system import clock, shell

AGENT = "rebuild-lab"
_SECONDS = 60.0
_PAUSE = 0.05
_MEANWHILE = 0.5


class NotReady(Unreachable):
    """The lab's control plane runs but does not become ready."""

    code = "lab-not-ready"


def start_cloud(lab: Lab) -> None:
    """Start what gives volumes and addresses: one process for each, which live as long as the lab does."""
    for duty in ("volumes", "addresses"):
        # -P keeps the working directory off the import path; the lab's home is used so that no
        # other directory is held.
        command = [sys.executable, "-P", "-m", CLOUD_MODULE, str(lab.home), duty]
        shell.launch(command, log=lab.home / f"cloud-{duty}.log", cwd=lab.home)


def settle(lab: Lab, nodes: int, *, meanwhile: Callable[[], None]) -> None:
    """Put the baseline in place and wait until Pods could be created and scheduled.

    Ready means: /readyz answers, the nodes are Ready, and the controller-manager has made the `default`
    ServiceAccount without which admission refuses a bare Pod. `meanwhile` is called twice a second while one of these
    is waited for, and what it raises ends that.

    Raises:
        NotReady: when that takes longer than a minute.
    """
    api = Api(lab.ports["kube-apiserver"], lab.layout.pki, AGENT)
    deadline = clock.monotonic() + _SECONDS
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    for what, holds in (
        ("/readyz", lambda: bool(api.request("GET", "/readyz"))),
        ("the default StorageClass", lambda: _created(api)),
        ("the nodes", lambda: _ready_nodes(api) >= nodes),
        ("the default ServiceAccount", lambda: bool(api.request("GET", account))),
    ):
        _until(what, holds, deadline, meanwhile)


def _until(what: str, holds: Callable[[], bool], deadline: float, meanwhile: Callable[[], None]) -> None:
    last, due = "", clock.monotonic() + _MEANWHILE
    while True:
        try:
            if holds():
                return
        except (ApiError, OSError, http.client.HTTPException) as error:
            last = f": {error}"
        if clock.monotonic() > deadline:
            raise NotReady(
                f"{what} did not become ready within {_SECONDS:g} s{last}",
                hint="try again with an idle machine",
            )
        if clock.monotonic() > due:
            meanwhile()
            due = clock.monotonic() + _MEANWHILE
        clock.sleep(_PAUSE)


def _created(api: Api) -> bool:
    try:
        api.request("POST", "/apis/storage.k8s.io/v1/storageclasses", config.STORAGE_CLASS)
    except ApiError as error:
        return error.status == http.HTTPStatus.CONFLICT
    return True


def _ready_nodes(api: Api) -> int:
    conditions = (dig_maps(node, "status", "conditions") for node in api.request("GET", "/api/v1/nodes")["items"])
    return sum(any(c["type"] == "Ready" and c["status"] == "True" for c in each) for each in conditions)
