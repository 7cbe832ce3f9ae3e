"""Case folders of verification: what was declared, what is live, and what there is to say about it.

`declared.yaml` and `live.yaml` hold one object each; `expected.txt` one line per deviation, controller-owned
ones last, and is empty where live means what was declared. `crd.yaml` (a definition) and `autoscaler.yaml`
may stand beside them. Live objects are captures from a control plane, made with
`kubectl get -o yaml --show-managed-fields`, wherever one could be brought to show the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rebuild.manifests import loader
from rebuild.model.findings import Difference
from rebuild.model.objects import Body, Manifest, Origin
from rebuild.model.refs import Ref
from rebuild.model.states import Health, Status
from rebuild.verify import controllers, judge, schema

ROOT = Path(__file__).parent / "cases"
KEY = b"the key of the test cases"
MANAGER = "rebuild"


def folders() -> list[Path]:
    """Every case folder, in order."""
    return sorted(path.parent for path in ROOT.rglob("declared.yaml"))


def read(file: Path) -> Any:
    """The object in a file, None when the file is not there."""
    if not file.exists():
        return None
    (document,) = loader.documents(file.read_bytes())
    return document.value


def manifest(body: Body) -> Manifest:
    """A declaration as the manifests room would hand it on."""
    metadata = body["metadata"]
    ref = Ref.of(body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata["name"])
    return Manifest(ref, body, Origin("declared.yaml", 1))


def setting(folder: Path) -> controllers.Setting:
    """What the folder says about definitions and autoscalers."""
    definitions = [body] if (body := read(folder / "crd.yaml")) else []
    autoscalers = [body] if (body := read(folder / "autoscaler.yaml")) else []
    return controllers.Setting(schema.builtin().extended(definitions), MANAGER, controllers.scaled_by(autoscalers))


def verified(folder: Path) -> judge.Verified:
    """The verdict on the folder's object, taken as healthy."""
    declared = manifest(read(folder / "declared.yaml"))
    live = read(folder / "live.yaml")
    return judge.judge(declared, live, Status(Health.CURRENT), setting=setting(folder), key=KEY)


def lines(found: judge.Verified) -> Iterator[str]:
    """The verdict as `expected.txt` writes it."""
    return map(_line, (*found.differences, *found.controller_owned))


def _line(found: Difference) -> str:
    owner = f" by {found.manager}" if found.manager else ""
    controller = f" ({found.controller})" if found.controller else ""
    return f"{found.path}: {found.declared} -> {found.live}{owner}{controller}"
