"""A Job in Git runs again in a rebuilt cluster, though it may have been meant to run once: a migration, an import."""

from __future__ import annotations

from collections.abc import Iterator

from rebuild.graph.index import Index
from rebuild.model.findings import Finding, Severity
from rebuild.model.objects import dig
from rebuild.model.wording import counted
from rebuild.plan.recoverability import wording


def findings_from(index: Index) -> Iterator[Finding]:
    """Info: one for all Jobs that are not suspended."""
    jobs = [job for job in index.of_kind("batch", "Job") if dig(job.body, "spec", "suspend") is not True]
    if jobs:
        verb = "runs" if len(jobs) == 1 else "run"
        yield Finding(
            "jobs-run-again",
            Severity.INFO,
            f"{counted(len(jobs), 'Job')} ({wording.listed(jobs)}) {verb} again in every rebuild",
            jobs[0].ref,
            jobs[0].origin,
            "make sure that running twice does no harm",
        )
