"""The report in plain lines for people: what failed and why first, the answer last.

No colour, no terminal width, no escaping: whoever prints it does that. It says nothing that the JSON document does not
hold, and gives no number without what the target could prove.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rebuild.model.facts import GapClock
from rebuild.model.findings import ADMISSION, Severity
from rebuild.model.pods import PodTimes
from rebuild.model.refs import Ref
from rebuild.model.wording import counted
from rebuild.report import fidelity
from rebuild.report.judgement import FAILURES, Judgement, findings, judgements, limits
from rebuild.report.ledger import Ledger, Standing
from rebuild.report.verdict import BEFORE, Word, explanation, verdict, was_timed

TOP = 5
"""Rows of what took long; the JSON document has all."""
LONGEST = 200
"""Characters of a value that are shown; the JSON report has it whole."""
_GAPS = {
    GapClock.MACHINE: "{seconds:.1f} s",
    GapClock.WALL: "{seconds:.1f} s by the wall clock, since the machine was started anew",
    GapClock.NONE: "of unknown length: the wall clock went back",
}
_PART = "  "
"""Indents the stages of a phase below it."""


def last_line(ledger: Ledger) -> str:
    """The verdict, the objects and the recovery time with its caveats, always on one line."""
    answer = verdict(ledger)
    match answer.word:
        case Word.PASS if ledger.verb == "plan":
            text = f"{answer.reason}: {_actions(ledger)}" if ledger.objects else answer.reason
        case Word.PASS if answer.recovery_seconds is not None:
            text = f"{answer.reason} in {answer.recovery_seconds:.1f} s"
        case Word.INCOMPLETE if ledger.plan:
            done = ledger.judged if ledger.verb == "verify" else ledger.count(Standing.DONE)
            text = f"{answer.reason}; {done} of {len(ledger.objects)} objects done"
        case _:
            text = answer.reason
    notes = "; ".join(_notes(ledger, measured=answer.recovery_seconds is not None))
    return " ".join([f"{answer.word} ", *text.split(), *(f"({notes})".split() if notes else ())])


def _actions(ledger: Ledger) -> str:
    counts = Counter(record.plan.action for record in ledger.objects.values())
    return ", ".join(f"{count} {action}" for action, count in counts.items())


def _notes(ledger: Ledger, *, measured: bool) -> Iterator[str]:
    target = _target(ledger)
    if ledger.verb == "plan":
        yield from [target] if target else []
    elif measured:
        yield f"recovery time on {target}" if target else "recovery time"
    else:
        yield from [target] if target else []
        present = sum(r.outcome in BEFORE for r in ledger.objects.values())
        if not was_timed(ledger):
            yield "recovery time not measured: the clock went back in a gap"
        else:
            yield f"no recovery time: {present} of them were there before" if present else "recovery time not measured"
    yield from _stable(ledger)
    ignored = sum(len(r.verification.ignored) for r in ledger.objects.values() if r.verification)
    if ignored:
        yield f"{counted(ignored, 'difference')} ignored"
    known = len(limits(ledger))
    if known:
        yield counted(known, "limit")


def _stable(ledger: Ledger) -> Iterator[str]:
    """For how long everything has stayed, where somebody asked for that."""
    asked = ledger.run.stable if ledger.run else 0.0
    if asked and ledger.judged and verdict(ledger).word is Word.PASS:
        yield f"stable for {asked:g} s"


def _target(ledger: Ledger) -> str:
    """The fidelity with what it proves; empty where nothing is to be said about it."""
    if ledger.target is None:
        return ""
    name = ledger.target.fidelity
    caveat = fidelity.of(name).caveat
    return f"{name}: {caveat}" if caveat else ""


def summary(ledger: Ledger) -> list[str]:
    """What a person wants to know after the run: what failed, differs or is limited first, and then what took long."""
    return [
        *_section("Failures", _failures(ledger)),
        *_section("Differences", _differences(ledger)),
        *_section("Owned by a controller", _owned(ledger, admission=False)),
        *_section("Changed on admission", _owned(ledger, admission=True)),
        *_section("Ignored by a rule", _ignored(ledger)),
        *_section("Limits: not provable on this target", (f"{x.ref}: {x.message} [{x.code}]" for x in limits(ledger))),
        *_section("Findings", _findings(ledger)),
        *_section("Images", _images(ledger)),
        *_section("Slowest to become ready", _slowest(ledger)),
        *_section(f"Fidelity: {ledger.target.fidelity if ledger.target else 'unknown'}", _fidelity(ledger)),
        *_section("Writes", _writes(ledger)),
        *_section("Gaps: nobody carried out the run", _gaps(ledger)),
        *_section("Phases", _phases(ledger)),
    ]


def _section(title: str, lines: Iterator[str]) -> list[str]:
    found = ["  " + " ".join(line.splitlines()) for line in lines]
    return [title, *found] if found else []


def _failures(ledger: Ledger) -> Iterator[str]:
    """Each cause once, with the number of objects that were skipped because of it."""
    judged = judgements(ledger)
    skipped: Counter[Ref] = Counter()
    for ref, judgement in judged.items():
        because = ledger.objects[ref].because
        if judgement is Judgement.SKIPPED and because:
            skipped[because] += 1
    for ref, judgement in judged.items():
        record = ledger.objects[ref]
        if judgement not in FAILURES or (judgement is Judgement.SKIPPED and record.because):
            continue
        if judgement is Judgement.UNVERIFIED and not (ledger.end and ledger.end.complete):
            continue  # the run did not come that far, which is no failure of the object
        why = f"{judgement}: {explanation(record, judgement)}"
        yield f"{ref} ({record.plan.origin}): {why}{_waited(skipped.pop(ref, 0))}"
        for event in record.pods.events if record.pods else ():
            times = f" ({event.count} times)" if event.count > 1 else ""
            yield f"  {event.reason}: {event.message}{times}"
    for ref, count in skipped.items():
        yield f"{ref}: did not come{_waited(count)}"


def _waited(count: int) -> str:
    return f"; {counted(count, 'object')} skipped because of it" if count else ""


def _differences(ledger: Ledger) -> Iterator[str]:
    for record in ledger.objects.values():
        for found in record.verification.differences if record.verification else ():
            manager = f" (set by {found.manager})" if found.manager else ""
            yield f"{found.ref} {found.path}: declared {_short(found.declared)}, live {_short(found.live)}{manager}"


def _owned(ledger: Ledger, *, admission: bool) -> Iterator[str]:
    """The declared fields that somebody else decides: a controller all the time, or admission when it is written."""
    for record in ledger.objects.values():
        for found in record.verification.controller_owned if record.verification else ():
            if (found.controller == ADMISSION) is not admission:
                continue
            values = f"declared {_short(found.declared)}, live {_short(found.live)}"
            yield f"{found.ref} {found.path}: {values} ({found.controller})"


def _ignored(ledger: Ledger) -> Iterator[str]:
    for record in ledger.objects.values():
        for each in record.verification.ignored if record.verification else ():
            found, rule = each.difference, each.rule
            values = f"declared {_short(found.declared)}, live {_short(found.live)}"
            yield f"{found.ref} {found.path}: {values} ({rule.reason}; {rule.owner}; {rule.place})"


def _short(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]}... ({len(value)} characters)"


def _findings(ledger: Ledger) -> Iterator[str]:
    for finding in findings(ledger):
        if finding.severity is not Severity.INFO:
            yield str(finding)


def _images(ledger: Ledger) -> Iterator[str]:
    """The images that took longest to come, and how many were there already."""
    told = [ledger.images[n.image] for n in ledger.plan.images if n.image in ledger.images] if ledger.plan else []
    pulled = sorted(((one.waited, one) for one in told if one.waited is not None), key=lambda pair: -pair[0])
    for seconds, one in pulled[:TOP]:
        size = f", {one.size / 1e6:.1f} MB" if one.size else ""
        yield f"{one.image} pulled in {seconds:.1f} s{size}"
    if len(pulled) > TOP:
        yield f"and {len(pulled) - TOP} more, each in {pulled[TOP][0]:.1f} s at most"
    if present := len(told) - len(pulled):
        yield f"{counted(present, 'image')} on the nodes before"


def _slowest(ledger: Ledger) -> Iterator[str]:
    """The workloads that became ready last after their write, each with its slowest Pod."""
    recovery = verdict(ledger).recovery_seconds
    waits = [
        (record.ready_at - record.accepted_at, record)
        for record in ledger.objects.values()
        if record.pods and record.pods.times and record.ready_at is not None and record.accepted_at is not None
    ]
    for seconds, record in sorted(waits, key=lambda wait: -wait[0])[:TOP]:
        pod = max(record.pods.times if record.pods else (), key=lambda pod: pod.total)
        yield f"{record.ref} {seconds:.1f} s; {', '.join(_stretches(pod, recovery))}"


def _stretches(pod: PodTimes, recovery: float | None) -> Iterator[str]:
    """In whole seconds, as Kubernetes tells them."""
    yield f"Pod {pod.pod}: {_told(pod.scheduled)} to a node"
    pulling = f", {pod.pulling:.1f} s of them pulling" if pod.pulling else ""
    yield f"{_told(pod.started)} to its containers{pulling}"
    share = f" ({pod.ready / recovery:.0%} of the recovery time)" if pod.ready and recovery else ""
    if pod.ready is not None:
        # The Pod of a Job ends instead.
        yield f"{_told(pod.ready)} until its probes passed{share}"


def _told(seconds: float | None) -> str:
    return "not told" if seconds is None else f"{seconds:.0f} s"


def _fidelity(ledger: Ledger) -> Iterator[str]:
    """What the answer is worth, where there is one about a cluster."""
    if ledger.target is None or not ledger.judged:
        return
    known = fidelity.of(ledger.target.fidelity)
    if known.caveat:
        yield f"proves: {'; '.join(known.proves) or 'unknown'}"
        yield f"does not prove: {'; '.join(known.does_not_prove) or 'unknown'}"


def _writes(ledger: Ledger) -> Iterator[str]:
    if flow := ledger.flow:
        yield f"{counted(flow.writes, 'request')}, at last up to {flow.limit} at once: {flow.why}"


def _gaps(ledger: Ledger) -> Iterator[str]:
    for resumed in ledger.resumed:
        told = _GAPS[resumed.clock].format(seconds=resumed.at - resumed.since)
        yield f"from {resumed.since:.1f} s on: {told}; resumed at {resumed.started}"


def _phases(ledger: Ledger) -> Iterator[str]:
    parts = [len(stage.name) + len(_PART) for phase in ledger.phases for stage in phase.stages]
    width = max((*(len(phase.name) for phase in ledger.phases), *parts), default=0)
    for phase in ledger.phases:
        seconds = "not finished" if phase.seconds is None else f"{phase.seconds:8.1f} s"
        yield f"{phase.name:<{width}} {seconds}{'' if phase.counted else '  (not counted)'}"
        yield from (f"{_PART + stage.name:<{width}} {stage.seconds:8.1f} s" for stage in phase.stages)
