"""The shared lab for what only a real API server and its controllers can show."""

from __future__ import annotations

from tests.cluster.conftest import cluster, login, namespace, transport

__all__ = ["cluster", "login", "namespace", "transport"]
