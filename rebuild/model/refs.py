"""Identity of an object: group, kind, namespace and name. The version is carried along but is not identity."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names one object. Two refs are equal when they name the same object, whatever version they were written in."""

    group: str
    kind: str
    namespace: str
    name: str
    version: str = field(default="v1", compare=False)

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
        if len(parts) not in (4, 5) or not all(parts):
            raise ValueError(f"not of the form apiVersion/Kind/namespace/name: {text!r}")
        *api, kind, namespace, name = parts
        return cls.of("/".join(api), kind, "" if namespace == "-" else namespace, name)

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
        return f"{self.api_version}/{self.kind}/{self.namespace or '-'}/{self.name}"
