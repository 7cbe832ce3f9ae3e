"""Identity of an object: group, kind, namespace and name. The version is carried along but is not identity."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Ref(Struct, frozen=True, eq=False):
    """Names one object. Two refs are equal when they name the same object, whatever version they were written in."""

    group: str
    kind: str
    namespace: str
    name: str
    version: str = "v1"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ref):
            return NotImplemented
        # Most often they differ in the name.
        return (
            self.name == other.name
            and self.namespace == other.namespace
            and self.kind == other.kind
            and self.group == other.group
        )

    def __hash__(self) -> int:
        return hash((self.group, self.kind, self.namespace, self.name))

    def __lt__(self, other: Ref) -> bool:
        mine, others = (self.group, self.kind, self.namespace), (other.group, other.kind, other.namespace)
        return self.name < other.name if mine == others else mine < others

    @classmethod
    def of(cls, api_version: str, kind: str, namespace: str, name: str) -> Ref:
        """Build a ref from the `apiVersion` that a manifest carries; an empty namespace means cluster-scoped."""
        group, _, version = api_version.rpartition("/")
        return cls(group, kind, namespace, name, version)

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read what `str(ref)` writes: `apiVersion/Kind/namespace/name`, `-` for no namespace.

        Raises:
            ValueError: when the text does not have that form.
        """
        parts = text.split("/")
        if len(parts) not in (4, 5):
            raise ValueError(f"not of the form apiVersion/Kind/namespace/name: {text!r}")
        *group, version, kind, namespace, name = map(_unescaped, parts)
        return cls("".join(group), kind, "" if parts[-2] == "-" else namespace, name, version)

    @property
    def api_version(self) -> str:
        """The `apiVersion` to send: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_kind(self) -> tuple[str, str]:
        """What selects a rule, a health check or a watch."""
        return self.group, self.kind

    def in_namespace(self, namespace: str) -> Ref:
        """The same object name in another namespace."""
        return replace(self, namespace=namespace)

    def __str__(self) -> str:
        parts = [_escaped(part) for part in (self.group, self.version, self.kind, self.namespace, self.name)]
        parts[3] = "%2D" if self.namespace == "-" else parts[3] or "-"
        return "/".join(parts if self.group else parts[1:])


def _escaped(part: str) -> str:
    """No name that Kubernetes takes holds `/` or `%`, but a file may declare any: each text stands for one ref."""
    return part.replace("%", "%25").replace("/", "%2F") if "/" in part or "%" in part else part


def _unescaped(part: str) -> str:
    return part.replace("%2D", "-").replace("%2F", "/").replace("%25", "%") if "%" in part else part
