"""A rule of the user for the health of a kind: expressions on the object, in place of the rules of this room."""

from __future__ import annotations

from msgspec import Struct

from rebuild.health.cel import Expression, NoValue
from rebuild.health.troubles import cut
from rebuild.health.verdicts import current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Health, Status


class OwnRule(Struct, frozen=True):
    """When an object is Current, when it has Failed, and the words for either; `place` is where the rule stands."""

    place: str
    current: Expression
    failed: Expression | None = None
    message: Expression | None = None

    def __call__(self, body: Body) -> Status:
        """The health of an object. An expression that has no value on it, such as for a field that has not come, does
        not hold yet."""
        reasons = []
        for expression, name in ((self.failed, "failed"), (self.current, "current")):
            try:
                holds = expression is not None and expression.on(body)
            except NoValue as error:
                reasons.append(f"`{name}` has no value yet: {error}")
                continue
            if holds is True:
                told = self._message(body) or f"`{name}` of {self.place} holds"
                return Status(Health.FAILED, told) if name == "failed" else current(told)
            if holds is not False:
                reasons.append(f"`{name}` gives no true or false")
        told = self._message(body) or f"`current` of {self.place} does not hold"
        return in_progress(told, "; ".join(reasons))

    def _message(self, body: Body) -> str:
        try:
            told = self.message.on(body) if self.message else ""
        except NoValue:
            return ""
        return cut(" ".join(told.split())) if isinstance(told, str) else ""
