"""The lab's cloud: `python -m rebuild.providers.kwok.cloud HOME volumes|addresses`.

A small program of the lab, beside the control plane and not part of a rebuild: it creates the
PersistentVolumes that claims ask for, or gives Services of type LoadBalancer their address. One process per
duty, each a single blocking loop over one watch, so there is nothing to synchronise. Every watch begins with
everything that exists, which makes a restart of the API server, or a failed write, a matter of beginning
again.

It ends when the lab's directory is gone or its API server has been silent for two minutes.
"""

from __future__ import annotations

import http.client
import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

from rebuild.model.objects import Body, dig
from rebuild.providers.kwok import lab, provisioning
from rebuild.providers.kwok.api import Api, ApiError
from rebuild.providers.kwok.lab import Lab
from rebuild.providers.kwok.paths import Layout
from rebuild.system import clock

AGENT = "rebuild-lab-cloud"
_WATCH_SECONDS = 300
_PAUSE = 0.5
_SILENCE = 120.0

_log = logging.getLogger(__name__)

Duty = Callable[[str, Body], None]
"""What is done about one event of the watch: its type (ADDED, MODIFIED, DELETED) and the object."""


class Volumes:
    """Creates the volumes that claims ask for."""

    collection = "/api/v1/persistentvolumeclaims"

    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(self, event: str, claim: Body) -> None:
        """Serve one claim."""
        name = dig(claim, "spec", "storageClassName")
        asked = provisioning.STORAGE_PROVISIONER in (dig(claim, "metadata", "annotations") or {})
        if event == "DELETED" or not name or not asked:
            return
        storage_class = self._api.request("GET", f"/apis/storage.k8s.io/v1/storageclasses/{name}")
        if volume := provisioning.volume_for(claim, storage_class):
            self._api.request("POST", "/api/v1/persistentvolumes", volume)


class Addresses:
    """Gives Services of type LoadBalancer an address each, no two the same."""

    collection = "/api/v1/services"

    def __init__(self, api: Api) -> None:
        self._api = api
        self._given: dict[str, tuple[str, ...]] = {}

    def __call__(self, event: str, service: Body) -> None:
        """Serve one Service."""
        meta = service["metadata"]
        self._given[meta["uid"]] = () if event == "DELETED" else provisioning.addresses_of(service)
        taken = {address for each in self._given.values() for address in each}
        address = None if event == "DELETED" else provisioning.address_for(service, taken)
        if address is None:
            return
        # With the resourceVersion, so that a decision on outdated news is refused and made again on
        # the next event.
        patch = {
            "metadata": {"resourceVersion": meta["resourceVersion"]},
            "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
        }
        path = f"/api/v1/namespaces/{meta['namespace']}/services/{meta['name']}/status"
        self._api.request("PATCH", path, patch, kind="application/merge-patch+json")
        self._given[meta["uid"]] = (address,)


DUTIES: dict[str, type[Volumes] | type[Addresses]] = {"volumes": Volumes, "addresses": Addresses}


def serve(found: Lab, duty: Volumes | Addresses, api: Api) -> None:
    """Do one duty for as long as the lab lives."""
    heard = clock.monotonic()
    trouble = ""
    while found.layout.description.exists() and clock.monotonic() - heard < _SILENCE:
        try:
            for event, body in api.watch(duty.collection, seconds=_WATCH_SECONDS):
                heard, trouble = clock.monotonic(), ""
                _perform(duty, event, body)
            heard = clock.monotonic()
        except (ApiError, OSError, http.client.HTTPException) as error:
            if trouble != str(error):
                trouble = str(error)
                _log.warning("beginning again: %s", trouble)
            clock.sleep(_PAUSE)


def _perform(duty: Duty, event: str, body: Body) -> None:
    """Act on one event. A final refusal is logged and left; anything else is raised, to begin again."""
    try:
        duty(event, body)
    except ApiError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise
        if error.status not in (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND):
            _log.warning("left alone: %s", error)


def main(home: str, duty: str) -> None:
    """Serve the lab that lives in `home`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    found = lab.read(Layout(Path(home)))
    if found is None:
        raise SystemExit(f"{home} is not a lab")
    api = Api(found.ports["kube-apiserver"], found.layout.pki, AGENT)
    serve(found, DUTIES[duty](api), api)


if __name__ == "__main__":
    main(*sys.argv[1:])
