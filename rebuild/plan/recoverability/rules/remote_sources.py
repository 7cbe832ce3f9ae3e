"""What a GitOps controller loads from elsewhere is brought by somebody else's server, after the rebuild.

This plan neither reads nor orders nor verifies it, and a rebuild takes as long as that server lets it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rebuild.graph.fields import text
from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import Manifest, dig, dig_maps
from rebuild.plan.recoverability import wording

_FLUX = "source.toolkit.fluxcd.io"
_FLUX_PLACES = {
    "GitRepository": "url",
    "HelmRepository": "url",
    "OCIRepository": "url",
    "Bucket": "endpoint",
}
_ARGO = "argoproj.io"


def findings_from(index: Index) -> Iterator[Finding]:
    """Warnings: one for each address."""
    sources: dict[str, list[Manifest]] = defaultdict(list)
    for kind, field in _FLUX_PLACES.items():
        for item in index.of_kind(_FLUX, kind):
            sources[text(item.body, "spec", field)].append(item)
    for item in index.of_kind(_ARGO, "Application"):
        for address in sorted(addresses_of(dig(item.body, "spec"))):
            sources[address].append(item)
    for item in index.of_kind(_ARGO, "ApplicationSet"):
        for address in sorted(addresses_of(dig(item.body, "spec", "template", "spec"))):
            sources[address].append(item)
    for address, items in sorted(sources.items()):
        if address and "{{" not in address:
            yield Finding(
                "remote-source",
                Severity.WARNING,
                f"what {wording.listed(items)} {'loads' if len(items) == 1 else 'load'} from {_shown(address)} is not"
                " read here: it is neither planned nor verified",
                items[0].ref,
                items[0].origin,
                "render it into the repository, or count on that server in a recovery",
            )


def addresses_of(spec: object) -> set[str]:
    """The addresses of an Argo CD Application's sources."""
    return {text(dig(spec, "source"), "repoURL"), *(text(each, "repoURL") for each in dig_maps(spec, "sources"))} - {""}


def _shown(address: str) -> str:
    """The address without credentials that somebody wrote into it."""
    scheme, slashes, rest = address.rpartition("//")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}" if scheme else address
