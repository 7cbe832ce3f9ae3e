"""Job: did the work get done? A CronJob has no rule: it is Current as soon as it exists, suspended or not.

Deviations from kstatus: a running Job is in progress, since what waits for a Job (a migration, an index)
waits for its work; suspension is read from the spec, since the condition lags behind when a Job is resumed;
and `parallelism: 0` is a pause by the API's own documentation. Failed is final here: the controller never
restarts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rebuild.health import conditions, fields
from rebuild.health.verdicts import GroupKind, Rule, current, in_progress
from rebuild.model.objects import Body
from rebuild.model.states import Health, Status


def job(body: Body) -> Status:
    """Current when Complete or held by its own declaration, Failed when the controller gave up.

    FailureTarget and SuccessCriteriaMet only announce the end: pods are still running.
    """
    if conditions.find_true(body, "Complete"):
        return current(_succeeded(body))
    if failed := conditions.find_true(body, "Failed"):
        because = f": {failed.explanation}" if failed.explanation else ""
        return Status(Health.FAILED, f"the job failed{because}; {_succeeded(body)}")
    if fields.flag(body, "spec", "suspend"):
        return current("the job is suspended")
    if fields.integer(body, "spec", "parallelism") == 0:
        return current("the job is paused by parallelism 0")
    if not fields.text(body, "status", "startTime"):
        return in_progress("the job has not started")
    active, failures = fields.count(body, "status", "active"), fields.count(body, "status", "failed")
    return in_progress(
        f"{_succeeded(body)}, {active} active, {failures} failed",
        conditions.explanation(body, "FailureTarget"),
    )


def _succeeded(body: Body) -> str:
    succeeded = fields.count(body, "status", "succeeded")
    # Without completions the pods agree among themselves when the work is done: there is no total.
    completions = fields.integer(body, "spec", "completions")
    return f"{succeeded} pods succeeded" if completions is None else f"{succeeded} of {completions} pods succeeded"


RULES: Final[Mapping[GroupKind, Rule]] = {("batch", "Job"): job}
