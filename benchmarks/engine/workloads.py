"""What is rebuilt: each workload as files, with the steps that kubectl's documentation asks for, at three sizes."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.engine import manifests
from benchmarks.engine.manifests import Body

SEED = 1
CORPUS_VARIABLE = "REBUILD_CORPUS"
EVERYBODY = ("oracle", "rebuild", "kubectl", "kapply")


@dataclass(frozen=True, slots=True)
class Apply:
    """`kubectl apply --server-side` of these files and folders; `deep` reads folders below as well."""

    paths: tuple[str, ...]
    deep: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """`kubectl wait` with these arguments."""

    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where an admission webhook answers; `authority` is PEM in base64."""

    url: str
    authority: str


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing to rebuild. `files` are written below the root of a repository; a folder may stand in for them."""

    name: str
    title: str
    files: Mapping[str, tuple[Body, ...]] = field(repr=False)
    steps: tuple[Apply | Wait, ...]
    tools: tuple[str, ...] = EVERYBODY
    folder: Path | None = None
    reruns: int = 0
    """How often each tool runs again in the first round, with nothing changed (W9)."""
    rounds: int = 0
    """How many rounds at most; 0 is as many as asked for."""

    def write(self, root: Path) -> None:
        """A repository with one commit."""
        if self.folder:
            shutil.copytree(self.folder, root)
        for name, bodies in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8") as file:
                yaml.dump_all(bodies, file, Dumper=yaml.CSafeDumper, sort_keys=False)
        author = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")
        for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "Declare everything")):
            subprocess.run(["git", *author, *words], cwd=root, check=True)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    flat: int
    applications: int
    depths: tuple[int, int, int]
    """Of the chains whose Jobs take 0, 0.3 and 1 s."""
    light: int
    slow_seconds: float
    definitions: int
    resources: int
    unchanged: int


SIZES = {
    "tiny": Sizes(40, 2, (3, 3, 2), 10, 0.2, 2, 8, 0),
    "small": Sizes(400, 20, (30, 10, 3), 200, 1.0, 10, 100, 1_000),
    "full": Sizes(2_000, 60, (100, 20, 5), 1_000, 1.5, 30, 600, 10_000),
}


def flat(name: str, objects: int, **options: Any) -> Workload:
    """W1: nothing but ConfigMaps and Secrets."""
    chance = random.Random(SEED)  # noqa: S311 - it has to be foretold
    spaces = [f"flat-{number:02}" for number in range(min(20, objects))]
    files: dict[str, tuple[Body, ...]] = {"namespaces.yaml": tuple(map(manifests.namespace, spaces))}
    for place, space in enumerate(spaces):
        each = range(place, objects, len(spaces))
        files[f"spaces/{space}.yaml"] = tuple(manifests.settings(space, number, chance) for number in each)
    title = f"{objects:,} ConfigMaps and Secrets of 1-2 kB in {len(spaces)} namespaces"
    return Workload(name, title, files, (Apply((".",)),), **options)


def realistic(applications: int) -> Workload:
    """W2: what services are made of."""
    chance = random.Random(SEED)  # noqa: S311 - it has to be foretold
    spaces = [f"shop-{number}" for number in range(min(6, applications))]
    files: dict[str, tuple[Body, ...]] = {"namespaces.yaml": tuple(map(manifests.namespace, spaces))}
    for number in range(applications):
        space, name = spaces[number % len(spaces)], f"app-{number:03}"
        files[f"spaces/{space}/{name}.yaml"] = tuple(manifests.application(space, name, chance))
    title = f"{applications} applications of ten kinds, {applications * 10:,} objects"
    return Workload("W2", title, files, (Apply((".",)),), tools=(*EVERYBODY, "helm"))


def chain(depth: int, seconds: float) -> Workload:
    """W4: each waits until the one before it is ready."""
    space = "chain"
    links = [f"link-{number:03}" for number in range(depth)]
    files: dict[str, tuple[Body, ...]] = {"0-namespace.yaml": (manifests.namespace(space),)}
    steps: list[Apply | Wait] = [Apply(("0-namespace.yaml",))]
    for place, link in enumerate(links):
        before = (("Job", links[place - 1]),) if place else ()
        files[f"{link}.yaml"] = (manifests.job(space, link, seconds=seconds, after=before),)
        steps += [Apply((f"{link}.yaml",)), _until_ready(space, link)]
    title = f"a chain of {depth} Jobs, each complete {seconds:g} s after it exists"
    return Workload(f"W4 r={seconds:g}", title, files, tuple(steps[:-1]))


def diamond(light: int, seconds: float) -> Workload:
    """W6: a slow branch of three beside many light objects, and an end that waits for both."""
    space, notes = "diamond", [f"note-{number:04}" for number in range(light)]
    slow = ["slow-1", "slow-2", "slow-3"]
    top = (("Job", "top"),)
    files: dict[str, tuple[Body, ...]] = {
        "1/top.yaml": (manifests.namespace(space), manifests.job(space, "top", seconds=0.2)),
        "2/branch.yaml": (manifests.job(space, slow[0], seconds=seconds, after=top),),
        "2/notes.yaml": tuple(manifests.note(space, name, after=top) for name in notes),
        "3/branch.yaml": (manifests.job(space, slow[1], seconds=seconds, after=(("Job", slow[0]),)),),
        "4/branch.yaml": (manifests.job(space, slow[2], seconds=seconds, after=(("Job", slow[1]),)),),
    }
    end = (("Job", slow[2]), *(("ConfigMap", name) for name in notes))
    files["5/end.yaml"] = (manifests.job(space, "end", seconds=0, after=end),)
    steps: list[Apply | Wait] = []
    for number, waited in enumerate(("top", *slow), start=1):
        steps += [Apply((f"{number}",)), _until_ready(space, waited)]
    title = f"a diamond: three slow Jobs of {seconds:g} s each in a row beside {light:,} light ones"
    return Workload("W6", title, files, (*steps, Apply(("5",))))


def operators(definitions: int, resources: int, webhook: Webhook) -> Workload:
    """W7: definitions, resources of them, and two webhooks that have to see each resource."""
    chance = random.Random(SEED)  # noqa: S311 - it has to be foretold
    spaces = [f"operators-{number}" for number in range(4)]
    crds = tuple(map(manifests.gadget_definition, range(definitions)))
    files: dict[str, tuple[Body, ...]] = {
        "setup/definitions.yaml": crds,
        "setup/namespaces.yaml": tuple(map(manifests.namespace, spaces)),
        "setup/webhooks.yaml": tuple(manifests.webhooks(webhook.url, webhook.authority)),
    }
    for place, space in enumerate(spaces):
        each = range(place, resources, len(spaces))
        files[f"{space}.yaml"] = tuple(manifests.gadget(number % definitions, space, number, chance) for number in each)
    names = tuple(f"crd/{crd['metadata']['name']}" for crd in crds)
    steps = (
        Apply(("setup",)),
        Wait(("--for=condition=Established", *names)),
        Apply(tuple(f"{space}.yaml" for space in spaces)),
    )
    title = f"{definitions} CRDs, {resources:,} custom resources, two webhooks by URL"
    return Workload("W7", title, files, steps)


def kube_prometheus(corpus: Path) -> Workload:
    """The published manifests, with the steps of their README."""
    steps = (
        Apply(("setup",), deep=False),
        Wait(("--for=condition=Established", "--all", "CustomResourceDefinition", "--namespace=monitoring")),
        Apply((".",), deep=False),
    )
    folder = corpus / "kube-prometheus" / "manifests"
    return Workload("kube-prometheus", "kube-prometheus as published", {}, steps, folder=folder)


def _until_ready(space: str, name: str) -> Wait:
    return Wait(("--for=condition=Complete", f"job/{name}", f"--namespace={space}"))


def table(sizes: Sizes, webhook: Webhook) -> dict[str, Callable[[], Iterable[Workload]]]:
    """What each name on the command line stands for; a workload is made when it is needed."""

    def unchanged() -> Iterable[Workload]:
        if sizes.unchanged:
            yield flat("W9", sizes.unchanged, tools=("rebuild",), reruns=3, rounds=1)

    def published() -> Iterable[Workload]:
        if corpus := os.environ.get(CORPUS_VARIABLE):
            yield kube_prometheus(Path(corpus))

    return {
        "W1": lambda: [flat("W1", sizes.flat, reruns=1)],
        "W2": lambda: [realistic(sizes.applications)],
        "W4": lambda: list(map(chain, sizes.depths, (0, 0.3, 1))),
        "W6": lambda: [diamond(sizes.light, sizes.slow_seconds)],
        "W7": lambda: [operators(sizes.definitions, sizes.resources, webhook)],
        "W9": unchanged,
        "kube-prometheus": published,
    }
