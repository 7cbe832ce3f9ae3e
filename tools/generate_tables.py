"""Writes the data files that come from a running control plane: kinds, shapes for verification, types for linting.

Run it against a fresh lab when the Kubernetes version of the lab changes; a live test says when it is due:

    KUBECONFIG=FILE uv run python tools/generate_tables.py
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import orjson
from kubernetes import config

from rebuild.lint import table
from rebuild.lint import types as lint_types
from rebuild.model import kinds
from rebuild.model.objects import dig, dig_maps
from rebuild.verify import schema, shapes

POINTERS = Path(__file__).with_name("pointers.json")
"""What `generate_pointers.py` wrote."""
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
# The lab's own machinery is not part of Kubernetes.
_FOREIGN_GROUPS = ("kwok.x-k8s.io",)


class Get(Protocol):
    """Reads a path of the API server as JSON."""

    def __call__(self, path: str, accept: str = "application/json") -> Any: ...


def connect(kubeconfig: str) -> Get:
    """A reader over the kubernetes package's own client, with the credentials of that file."""
    client: Any = config.new_client_from_config(config_file=kubeconfig)  # type: ignore[no-untyped-call]

    def get(path: str, accept: str = "application/json") -> Any:
        url = f"{client.configuration.host}{path}"
        response = client.rest_client.request("GET", url, headers={"Accept": accept})
        return orjson.loads(response.read())

    return get


def kind_rows(get: Get) -> list[dict[str, Any]]:
    """Every kind that discovery lists, without subresources and without custom resources, sorted."""
    custom = {dig(crd, "spec", "group") for crd in dig_maps(get(_CRDS), "items")}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for root in ("/api", "/apis"):
        for group in dig_maps(get(root, _DISCOVERY), "items"):
            name = dig(group, "metadata", "name") or ""
            if name in custom or name in _FOREIGN_GROUPS:
                continue
            for version, resource in _resources(group):
                row = found.setdefault(
                    (name, resource["responseKind"]["kind"]),
                    {
                        "group": name,
                        "kind": resource["responseKind"]["kind"],
                        "plural": resource["resource"],
                        "namespaced": resource["scope"] == "Namespaced",
                        "versions": [],
                    },
                )
                row["versions"].append(version)
    return [found[identity] for identity in sorted(found)]


_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def _resources(group: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Discovery orders versions by preference, so the order of appearance is kept."""
    for version in dig_maps(group, "versions"):
        for resource in dig_maps(version, "resources"):
            verbs = resource.get("verbs", [])
            if "get" in verbs and resource["responseKind"]["kind"]:
                yield version["version"], resource


def schemas_served(get: Get) -> tuple[dict[str, str], dict[str, Any]]:
    """The type behind each `apiVersion/Kind` that discovery lists, and every named type as OpenAPI has it."""
    rows = kind_rows(get)
    wanted = {(row["group"], row["kind"], version) for row in rows for version in row["versions"]}
    roots: dict[str, str] = {}
    named: dict[str, Any] = {}
    documents = {f"apis/{group}/{v}" if group else f"api/{v}" for group, _, v in wanted}
    for document in sorted(documents):
        for name, body in dig(get(f"/openapi/v3/{document}"), "components", "schemas").items():
            named[name] = body
            for gvk in dig_maps(body, "x-kubernetes-group-version-kind"):
                if (gvk["group"], gvk["kind"], gvk["version"]) in wanted:
                    roots[schema.root_key(gvk["group"], gvk["version"], gvk["kind"])] = name
    return dict(sorted(roots.items())), named


def schema_rows(get: Get) -> tuple[dict[str, str], dict[str, Any]]:
    """The type behind each `apiVersion/Kind`, and the facts of every type that has any."""
    roots, named = schemas_served(get)
    pointers = orjson.loads(POINTERS.read_bytes())
    types = {name: shapes.distil(body, name, pointers.get(name, ())) for name, body in named.items()}
    kept = schema.reachable(types, [*roots.values(), schema.OBJECT_META])
    return roots, {name: kept[name].encoded() for name in sorted(kept)}


def type_rows(get: Get) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The type behind each `apiVersion/Kind`, and the fields of every struct that can be reached from there."""
    roots, named = schemas_served(get)
    kept: dict[str, dict[str, str]] = {}
    pending = list(roots.values())
    while pending:
        name = pending.pop()
        if name not in kept:
            properties = named[name]["properties"]
            kept[name] = {field: lint_types.encoded(properties[field], named) for field in sorted(properties)}
            pending.extend(text.partition("@")[2] for text in kept[name].values() if "@" in text)
    return roots, dict(sorted(kept.items()))


def kinds_text(get: Get) -> bytes:
    """The content of `rebuild/model/kinds.json`: one row per line."""
    return b"[\n" + b",\n".join(orjson.dumps(row) for row in kind_rows(get)) + b"\n]\n"


def schemas_text(get: Get) -> bytes:
    """The content of `rebuild/verify/schemas.json`: one type per line."""
    roots, types = schema_rows(get)
    lines = [orjson.dumps(name) + b":" + orjson.dumps(row) for name, row in types.items()]
    return b'{"roots":' + orjson.dumps(roots) + b',\n"types":{\n' + b",\n".join(lines) + b"\n}}\n"


def types_text(get: Get) -> bytes:
    """The content of `rebuild/lint/types.json`: one type per line."""
    version = get("/version")
    release = f"{version['major']}.{version['minor']}"
    roots, types = type_rows(get)
    lines = [orjson.dumps(name) + b":" + orjson.dumps(row) for name, row in types.items()]
    head = b'{"release":' + orjson.dumps(release) + b',\n"roots":' + orjson.dumps(roots)
    return head + b',\n"types":{\n' + b",\n".join(lines) + b"\n}}\n"


def main() -> int:
    """Write the files next to the modules that read them."""
    get = connect(os.environ["KUBECONFIG"])
    for module, name, text in (
        (kinds.__file__, "kinds.json", kinds_text(get)),
        (schema.__file__, "schemas.json", schemas_text(get)),
        (table.__file__, "types.json", types_text(get)),
    ):
        target = Path(module).with_name(name)
        target.write_bytes(text)
        sys.stdout.write(f"{target}: {len(text)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
