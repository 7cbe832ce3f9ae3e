"""What an accepted write did to its object: decided from the answer, the plan, and the object's own record. Pure."""

from __future__ import annotations

from rebuild.model.objects import Body
from rebuild.model.states import Outcome
from rebuild.plan.snapshot import version_of
from rebuild.plan.steps import Action, Step
from rebuild.verify import authorship


def of(step: Step, body: Body, *, created: bool, manager: str) -> Outcome:
    """The outcome of an accepted write.

    Args:
        step: what was planned, and so whether the object was there then.
        body: the object as the server holds it now.
        created: whether the answer says that this very write brought it into being.
        manager: the field manager that writes are made as.
    """
    if created:
        return Outcome.CREATED
    if step.action is Action.CREATE and authorship.was_created_by(body, manager):
        # An earlier write of ours did it, and its answer was lost.
        return Outcome.CREATED
    return Outcome.UNCHANGED if version_of(body) == step.version else Outcome.CONFIGURED
