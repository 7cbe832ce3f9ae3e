"""Writes docs/retries.md: which answer of an API server has which cause, and what is done about it.

`python tools/generate_retries.py` writes; the test compares. Rows are read out of `cluster/classify.py`, waits and what
ends them early out of `engine/policy.py` and `engine/sights.py`, and examples out of the recorded answers in
`tests/cluster/cases`, which a live test makes a real server give again.
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from rebuild.cluster.classify import ROWS, Row, row_of
from rebuild.engine import sights
from rebuild.engine.flow import OVERLOAD
from rebuild.engine.policy import DENIAL_PATIENCE, KEPT, WAITS
from rebuild.model.faults import Cause, Fault
from rebuild.model.kinds import Kind
from rebuild.model.objects import Manifest, Origin, dig
from rebuild.model.refs import Ref

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "retries.md"
CASES = ROOT / "tests" / "cluster" / "cases"
_LISTED = 5
_HEAD = f"""\
# Which failures are tried again

Written by `python tools/generate_retries.py` from the source; a test fails when it is stale.

A request that fails has one cause, by status, reason, message and details together: never by the number alone. The
cause decides whether the write is tried again and how long the first and the longest wait are; each wait is twice the
one before, and by chance up to half of it is left out, so that many do not come back at once. A server that names a
time (`Retry-After`) is not asked before it. All tries together end with the object's time (`--object-timeout`).

A wait ends early when something is seen that lets the write pass. Where the server only says that something is missing
in general, what is seen may be something else; then so many seconds lie at least between a failure and the next try.

Only {" and ".join(f"`{cause}`" for cause in OVERLOAD)} lower the number of writes that are under way at once.
`denied` is tried again for {DENIAL_PATIENCE:g} s: a server that has just started denies everything until it knows its
bindings. An `immutable` object is deleted and made anew only where `--recreate KIND` allows that, and never a
{", a ".join(kind for _, kind in KEPT[:-1])} or a {KEPT[-1][1]}.
Everything else that is not tried again fails with the first answer.

## Causes

| cause | tried again | first wait | longest wait | ends early when this is seen | not sooner than |
|---|---|---|---|---|---|
"""
_ROWS_HEAD = """
## Answers

The first row that fits counts. An empty cell stands for anything.

| status | what else it takes | meaning | cause | recorded from a real server |
|---|---|---|---|---|
"""
_TAIL = """
What gives no answer at all (refused, reset, timed out, cut short) and what is no answer of an API server (not HTTP, not
JSON, not an object) has the cause `transport`.
"""


def page() -> str:
    """The whole page."""
    return _HEAD + "".join(map(_cause, Cause)) + _ROWS_HEAD + "".join(map(_answer, ROWS)) + _TAIL


def cases_of(row: Row) -> list[str]:
    """The recorded answers that a row is the first to fit."""
    found = []
    for file in sorted(CASES.glob("*/*/response.json")):
        answer = orjson.loads(file.read_bytes())
        body = answer["body"]
        message = body if isinstance(body, str) else str(dig(body, "message") or "")
        if row_of(answer["status"], message.strip(), body) is row:
            found.append(f"{file.parent.parent.name}/{file.parent.name}")
    return found


def _cause(cause: Cause) -> str:
    wait = WAITS.get(cause)
    if wait is None:
        return _line(f"`{cause}`", "no", "", "", "", "")
    seen = dict.fromkeys(f"{sight.kind}" for sight in _sights(cause))
    spacing = f"{wait.spacing:g} s" if wait.spacing else ""
    return _line(f"`{cause}`", "yes", f"{wait.first:g} s", f"{wait.longest:g} s", ", ".join(seen), spacing)


def _sights(cause: Cause) -> list[sights.Sight]:
    """What an example of a failure looks out for."""
    ref = Ref("example.com", "Widget", "shop", "one")
    body = {"roleRef": {"kind": "Role", "name": "reader"}}
    message = 'Post "https://hook.shop.svc:443/validate"'
    kind = Kind("example.com", "Widget", "widgets", namespaced=True, versions=("v1",))
    manifest = Manifest(ref, body, Origin("example.yaml", 1))
    return [sight for sight, _ in sights.awaited(manifest, Fault(cause, 0, message), kind)]


def _answer(row: Row) -> str:
    takes = [f"message like `{row.words}`"] if row.words else []
    takes += [f"a cause with the reason `{row.because}`"] if row.because else []
    takes += [f"details about {' or '.join(row.about)}"] if row.about else []
    takes += ["plain text instead of a Status"] if row.plain else []
    takes += [f"reason {' or '.join(each or 'none' for each in row.reasons)}"] if row.reasons else []
    status = ", ".join(map(str, row.status))
    if len(row.status) > _LISTED:
        status = f"{row.status[0]} to {row.status[-1]}"
    return _line(status, "; ".join(takes), row.meaning, f"`{row.cause}`", ", ".join(cases_of(row)))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}: {PAGE.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
