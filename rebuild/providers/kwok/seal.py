"""What keeps the lab's control plane on this machine. Pure.

A lab is filled with what production declares, and nothing serves its ClusterIPs. An API server left to itself
would dial them, and every webhook's URL, on the host's network, and hand whoever answers there the objects to
review, Secrets included. Both ways out lead to a dead end on this machine, where they fail at once:

- To the cluster: Services behind webhooks, conversions and APIServices, kubelets (logs, exec), the `proxy`
  subresources. The API server's egress selector (KEP-1281) sends all of it to a Unix socket that nobody
  listens on. Its path stands in each error: a webhook "failed calling", an APIService is not Available.
- By URL: webhooks and conversions once more. Go's HTTP clients ask the proxy of their environment for
  everything but `localhost` and loopback addresses, so a webhook by URL on this machine is real, and of any
  other not even the name is looked up. The user's own proxies do not get through.

etcd, the controller-manager, the scheduler and kwok talk to loopback addresses only, and have the same
environment. One way stays open that nothing takes by itself: a `nodes/proxy` request makes the API server look
up the address of that Node, should somebody have given it a host name of the outside.
"""

from __future__ import annotations

from pathlib import Path

from rebuild.model.objects import Body

_DEAD_END = "http://127.0.0.1:0"
"""No program can listen on port 0, so no other proxy can turn up here."""

_PROXIES = {"HTTP_PROXY": _DEAD_END, "HTTPS_PROXY": _DEAD_END, "ALL_PROXY": _DEAD_END, "NO_PROXY": "localhost"}

ENVIRONMENT = _PROXIES | {name.lower(): value for name, value in _PROXIES.items()}
"""For every process of the control plane. Both spellings, and no empty value: Go reads the second spelling
where the first is empty, and a name in the user's `no_proxy` would be dialled directly."""


def egress(socket: Path) -> Body:
    """The API server's egress configuration.

    Args:
        socket: Where nobody listens; it need not exist.
    """
    nowhere = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(socket)}}}
    direct = {"proxyProtocol": "Direct"}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [
            {"name": "cluster", "connection": nowhere},
            {"name": "controlplane", "connection": direct},
            {"name": "etcd", "connection": direct},
        ],
    }
