"""Where the files that kind clusters are made of lie: shipped ones beside the package, built ones in the cache."""

from __future__ import annotations

from pathlib import Path

import rebuild
from rebuild.system import places

_CONFIG = "kind-config"


def config_root() -> Path:
    """The directory `kind-config`: inside the package where it is installed, beside it in a checkout."""
    package = Path(rebuild.__file__).parent
    installed = package / _CONFIG
    return installed if installed.is_dir() else package.parent / _CONFIG


def cache_root() -> Path:
    """Programs, the Debian tree and image archives, which can all be built again."""
    return places.cache_root() / "kind"
