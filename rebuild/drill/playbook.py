"""What a playbook may say, and how it becomes the options of a drill. No template language, and nothing is executed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct, field
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from rebuild.manifests import loader
from rebuild.model import durations
from rebuild.model.errors import UsageError
from rebuild.ops.sources import SourceOptions
from rebuild.providers.kind.provider import KindOptions
from rebuild.system import places

Seconds = Annotated[float, BeforeValidator(lambda value: durations.parse(str(value)))]
"""A duration such as `5m`, held as seconds."""

Providers = Annotated[
    tuple[Literal["kwok", "kind"], ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1),
]
"""One provider by its name, or a list of them."""


def _address(value: str) -> str:
    if not value.isprintable():
        raise ValueError(f"{value!r} holds a character that no address has")
    return value


_WORDS = {
    "dict_type": "has to be a mapping",
    "extra_forbidden": "a playbook has no such key",
    "missing": "is missing",
    "model_type": "has to be a mapping",
    "tuple_type": "has to be a list",
}
"""Where pydantic would speak of Python."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Metadata(_Strict):
    """Who the playbook is."""

    name: str
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class Scenario(_Strict):
    """What is rehearsed, for the people who read the playbook."""

    narrative: str = ""
    assumptions: tuple[str, ...] = ()


class SourceSpec(_Strict):
    """What is rebuilt. A `url` that is a relative path starts at the playbook's folder."""

    url: Annotated[str, AfterValidator(_address)]
    ref: str = ""
    path: str = ""
    namespace: str = "default"


class TargetSpec(_Strict):
    """Where it is rebuilt."""

    provider: Providers = ("kwok",)
    nodes: int = Field(default=5, ge=1, le=1000, strict=True)
    kubernetes: str = Field(default="", pattern=r"^([0-9]+\.[0-9]+)?$")
    kindConfig: Annotated[str, AfterValidator(_address)] = ""  # noqa: N815 - spelt as in the file
    image: Annotated[str, AfterValidator(_address)] = ""
    preload: tuple[Annotated[str, AfterValidator(_address)], ...] = ()


class Objectives(_Strict):
    """What the measurement is held against: the recovery time objective, and how long what came back has to stay."""

    rto: Seconds | None = Field(default=None, gt=0)
    stableFor: Seconds = Field(default=0.0, ge=0)  # noqa: N815 - spelt as in the file


class Limits(_Strict):
    """How long the run, and each object in it, may take."""

    timeout: Seconds = Field(default=1800.0, gt=0)
    objectTimeout: Seconds = Field(default=300.0, gt=0)  # noqa: N815 - spelt as in the file


class RulesSpec(_Strict):
    """How to judge health, and which differences to ignore. A `file` that is a relative path starts at the folder."""

    file: Annotated[str, AfterValidator(_address)] = ""
    imported: Annotated[bool, Field(strict=True)] = True


class Spec(_Strict):
    """The drill itself."""

    mode: Literal["drill"] = "drill"
    scenario: Scenario = Scenario()
    source: SourceSpec
    target: TargetSpec = TargetSpec()
    objectives: Objectives = Objectives()
    limits: Limits = Limits()
    rules: RulesSpec = RulesSpec()


class Playbook(_Strict):
    """A playbook file, in the envelope of a Kubernetes object."""

    apiVersion: Literal["rebuild.dev/v1alpha1"]  # noqa: N815 - spelt as in the file
    kind: Literal["Playbook"]
    metadata: Metadata
    spec: Spec


class DrillOptions(Struct, frozen=True):
    """Everything that a drill needs to know; times in seconds, an `objective` of 0 means that there is none."""

    source: SourceOptions
    providers: tuple[str, ...] = ("kwok",)
    nodes: int = 5
    kind: KindOptions = field(default_factory=KindOptions)
    kubernetes: str = ""
    """The minor version that the source needs, such as `1.37`; any by default."""
    objective: float = 0.0
    timeout: float = 1800.0
    object_timeout: float = 300.0
    stable: float = 0.0
    """For how long what came back has to stay, in seconds."""
    rules: Path | None = None
    """How to judge health, and which differences to ignore."""
    imported_rules: bool = True
    keep: bool = False
    recreate: tuple[str, ...] = ()
    """The kinds whose objects may be deleted and made anew, as the user named them."""


def read(path: Path) -> DrillOptions:
    """The drill that a playbook file describes.

    Raises:
        UsageError: when the file cannot be read or says something that a playbook cannot say; every problem is
            named with its place in the document.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"the playbook {path} cannot be read: {error.strerror}", hint="give the path of a playbook file"
        ) from error
    return parse(data, path)


def parse(data: bytes, path: Path) -> DrillOptions:
    """The drill that the bytes of a playbook file describe; see `read`."""
    found = list(loader.documents(data))
    problems = [f"{path}:{problem.line}: {problem.message}" for document in found for problem in document.problems]
    if problems:
        raise UsageError("\n".join(problems), hint="mend the file; each key may stand once")
    if len(found) != 1:
        raise UsageError(f"{path} holds {len(found)} documents", hint="a playbook file holds exactly one")
    try:
        playbook = Playbook.model_validate(found[0].value)
    except ValidationError as error:
        raise UsageError(_explained(path, error), hint="docs/playbooks.md lists what a playbook may say") from error
    return _options(playbook.spec, path.parent)


def _options(spec: Spec, folder: Path) -> DrillOptions:
    url = spec.source.url
    if ":" not in url:
        url = os.path.realpath(folder / places.expanded(url))
    target = spec.target
    return DrillOptions(
        source=SourceOptions(url, spec.source.ref, spec.source.path, spec.source.namespace),
        providers=tuple(dict.fromkeys(target.provider)),
        nodes=target.nodes,
        kind=KindOptions(
            file=folder / places.expanded(target.kindConfig) if target.kindConfig else None,
            image=target.image,
            preload=tuple(_beside(folder, each) for each in target.preload),
        ),
        kubernetes=target.kubernetes,
        objective=spec.objectives.rto or 0.0,
        stable=spec.objectives.stableFor,
        timeout=spec.limits.timeout,
        object_timeout=spec.limits.objectTimeout,
        rules=folder / places.expanded(spec.rules.file) if spec.rules.file else None,
        imported_rules=spec.rules.imported,
    )


def _beside(folder: Path, image: str) -> str:
    """An archive by its path; everything else is the name of an image."""
    path = folder / places.expanded(image)
    with suppress(OSError):
        # Not where the name is too long for a file.
        return str(path) if path.is_file() else image
    return image


def _explained(path: Path, error: ValidationError) -> str:
    return "\n".join(
        f"{path}: {'.'.join(map(str, problem['loc'])) or 'the document'}: {_said(problem)}"
        for problem in error.errors(include_url=False)
    )


def _said(problem: ErrorDetails) -> str:
    return _WORDS.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
