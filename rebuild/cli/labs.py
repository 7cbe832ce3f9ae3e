"""What several commands need of the labs: programs and images, installed with their progress shown."""

from __future__ import annotations

from rebuild.console.view import View
from rebuild.providers.kind import install
from rebuild.providers.kwok import build
from rebuild.providers.kwok.binaries import Binaries, Source


def installed(view: View, source: Source = Source.BUILD) -> Binaries:
    """The lab's programs, from the cache or built now; this is not part of any recovery time."""
    return build.install(view.build_step, source=source)


def kit(view: View, *, image: str = "") -> install.Kit:
    """What clusters of real nodes are made of, found or built now; this is not part of any recovery time either."""
    return install.install(view.build_step, image=image)
