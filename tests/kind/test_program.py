"""What is made of what kind says, with a stand-in for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rebuild.providers.kind import program
from rebuild.providers.kind.kindfile import KindFile
from rebuild.providers.kind.lab import Lab
from rebuild.providers.kind.program import KindFailed, Wishes
from rebuild.providers.port import untold
from tests.kind import programs

FAILED = """\
echo 'Creating cluster "demo" ...'
echo 'ERROR: failed to create cluster: command "docker run -e HTTPS_PROXY=http://me:hunter2@proxy:3128 node" failed'
exit 1
"""


def test_a_proxys_password_is_not_in_kinds_reason(tmp_path: Path) -> None:
    programs.program(tmp_path / "kind", FAILED)
    known = Lab("demo", tmp_path, tmp_path / "kubeconfig", "2026-01-01T00:00:00+00:00", "v1.37.2", "")
    with pytest.raises(KindFailed, match="failed to create cluster: command") as caught:
        program.create(known, Wishes(tmp_path / "kind", KindFile(tmp_path / "nodes.yaml")), untold)
    assert "http://proxy:3128" in str(caught.value)
    assert "hunter2" not in str(caught.value)
