"""Service: only a LoadBalancer has to wait, for an address from outside; every other type works as accepted.

kstatus is content with a LoadBalancer's cluster IP, which the API server assigns at once; a rebuilt system
answers its users only when the balancer has an address. ExternalName and headless Services are Current by
their own meaning. An Ingress has no rule, as in kstatus: many controllers never write its address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body, dig_maps
from rebuild.model.states import Status


def service(body: Body) -> Status:
    """Current unless it is a LoadBalancer without an address (an IP or a host name)."""
    kind = fields.text(body, "spec", "type") or "ClusterIP"
    if kind != "LoadBalancer":
        return current(f"a service of type {kind} needs nothing more")
    for entry in dig_maps(body, "status", "loadBalancer", "ingress"):
        if address := fields.text(entry, "ip") or fields.text(entry, "hostname"):
            return current(f"the load balancer answers at {address}")
    return in_progress("the load balancer has no address")


RULES: Final[Mapping[GroupKind, Rule]] = {("", "Service"): service}
