"""How each tool is called, with the flags that its documentation gives for a first installation."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.engine.workloads import Apply, Wait, Workload
from benchmarks.engine.world import World

RECONCILE = "1m"
"""How long peers are told to wait at most."""

REPORT = "report.json"
"""Where `rebuild` writes its report, below the home of a run."""

AGENTS = {"oracle": "bench-oracle", "rebuild": "rebuild/", "kubectl": "kubectl/", "kapply": "kapply/", "helm": "Helm/"}
"""How the requests of each tool begin to call themselves."""

FLAGS = {
    "oracle": "server-side apply as `rebuild` sends it, `fieldValidation=Strict`",
    "rebuild": "`rebuild apply REPOSITORY --context LAB --yes --report FILE`",
    "kubectl": "`kubectl apply --server-side`, and `kubectl wait` between steps",
    "kapply": f"`kapply apply FOLDER --server-side --reconcile-timeout={RECONCILE}`",
    "helm": f"`helm install bench CHART --wait --timeout {RECONCILE}`",
}


@dataclass(frozen=True, slots=True)
class Slots:
    """How the oracle sends."""

    slots: int = 16
    http2: bool = False

    def __str__(self) -> str:
        return f"{self.slots} over {'HTTP/2' if self.http2 else 'HTTP/1.1'}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A workload on disk, in the forms that the tools read."""

    workload: Workload
    root: Path

    @property
    def repository(self) -> Path:
        """A Git repository."""
        return self.root / "repository"

    @property
    def package(self) -> Path:
        """The same files with kapply's inventory, and without List objects, which kapply refuses."""
        return self.root / "package"

    @property
    def chart(self) -> Path:
        """The same files as a chart."""
        return self.root / "chart"

    def write(self) -> None:
        """Make all of it."""
        self.root.mkdir(parents=True)
        self.workload.write(self.repository)
        _copy(self.repository, self.package)
        _flatten(self.package)
        inventory = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "inventory-bench",
                "namespace": "default",
                "labels": {"cli-utils.sigs.k8s.io/inventory-id": "bench"},
            },
        }
        (self.package / "inventory-template.yaml").write_text(yaml.safe_dump(inventory))
        if "helm" in self.workload.tools:
            _copy(self.repository, self.chart / "templates")
            about = {"apiVersion": "v2", "name": "bench", "version": "1.0.0"}
            (self.chart / "Chart.yaml").write_text(yaml.safe_dump(about))


def command(
    tool: str, prepared: Prepared, course: Path, world: World, slots: Slots, home: Path, *, again: bool
) -> list[str]:
    """The command line of a tool for a workload; `again` where it has run before with the same home."""
    kubeconfig = f"--kubeconfig={world.lab.kubeconfig}"
    match tool:
        case "oracle":
            sending = (f"-slots={slots.slots}", f"-http2={str(slots.http2).lower()}")
            query = "?fieldManager=bench-oracle&fieldValidation=Strict"
            return world.native("write", "-course", str(course), *sending, f"-query={query}")
        case "rebuild":
            target = ("--context", world.lab.context, kubeconfig, "--yes")
            report = ("--report", str(home / REPORT))
            return [sys.executable, "-m", "rebuild", "apply", str(prepared.repository), *target, *report]
        case "kubectl":
            kubectl = [str(world.programs.lab.path("kubectl")), kubeconfig]
            return _script(kubectl, prepared)
        case "kapply":
            package = [str(prepared.package), "--server-side", f"--reconcile-timeout={RECONCILE}"]
            return [str(world.programs.peers["kapply"]), "apply", *package, kubeconfig]
        case "helm":
            verb = "upgrade" if again else "install"
            release = [verb, "bench", str(prepared.chart), "--wait", "--timeout", RECONCILE, kubeconfig]
            return [str(world.programs.peers["helm"]), *release]
    raise ValueError(tool)


def _script(kubectl: list[str], prepared: Prepared) -> list[str]:
    """All steps as one shell script that stops at the first failure."""
    lines = ["set -e", f"cd {shlex.quote(str(prepared.repository))}"]
    for step in prepared.workload.steps:
        match step:
            case Apply(paths, deep):
                files = [word for path in paths for word in ("-f", path)]
                words = ["apply", "--server-side", *(["-R"] if deep else []), *files]
            case Wait(arguments):
                words = ["wait", f"--timeout={RECONCILE}", *arguments]
        lines.append(shlex.join([*kubectl, *words]))
    return ["sh", "-c", "\n".join(lines)]


_LIST = re.compile(r"^kind: \w+List$", re.MULTILINE)


def _flatten(folder: Path) -> None:
    """Put the items of List objects in the place of these."""
    for path in folder.rglob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        if _LIST.search(text):
            items = [item for each in yaml.load_all(text, yaml.CSafeLoader) for item in each.get("items", [each])]
            path.write_text(yaml.dump_all(items, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")


def _copy(repository: Path, folder: Path) -> None:
    shutil.copytree(repository, folder, ignore=shutil.ignore_patterns(".git"))
