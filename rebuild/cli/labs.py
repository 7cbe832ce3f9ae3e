"""What several commands need of the lab: its programs, installed with their progress shown."""

from __future__ import annotations

from rebuild.console.view import View
from rebuild.providers.kwok import build
from rebuild.providers.kwok.binaries import Binaries, Source


def installed(view: View, source: Source = Source.BUILD) -> Binaries:
    """The lab's programs, from the cache or built now; this is not part of any recovery time."""
    return build.install(view.build_step, source=source)
