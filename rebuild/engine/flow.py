"""How many writes may be under way at once: more while answers come quickly, fewer when the server asks for patience.

A gradient on latency in the manner of Netflix's concurrency-limits, with two differences (docs/decisions/0022): an
answer is compared with the best one of its own kind, since a CustomResourceDefinition takes many times as long as a
ConfigMap on an idle server; and that best one never grows old within a run, since a mean that follows the latency lets
the limit follow it too, up to its ceiling. Each answer that tells of overload takes one away, and a round of them half.

Pure: times and answers are handed in, and nobody here waits. Not part of `handle`: the engine says what may leave and
in which order, this says how much of it at once, and a replay gives the same commands whatever the limit was.
"""

from __future__ import annotations

from msgspec import Struct, field

from rebuild.model.faults import Cause, Fault
from rebuild.model.wording import counted

START = 16.0
"""Where every run begins: a few writes for each core saturate an API server."""
CEILING = 64.0
"""One connection each; more would be queues within the server and threads within us."""
FLOOR = 8.0
"""What slow answers alone may lower the limit to: latency that is not of our making is no reason to crawl."""
TOLERANCE = 3.0
"""How many times its best an answer may take before the limit stops to grow."""
SMOOTHING = 0.2
"""The part of a step that is taken in one round of answers."""
OVERLOAD = (Cause.OVERLOAD, Cause.TRANSPORT)
"""The only failures that lower the limit: of all others the server could take any number."""
LONGEST_HOLD = 60.0
"""Seconds: a server that wants all of us to wait is asked again after that, whatever it said."""

_BACKOFF = 0.5
_GROWTH = 4.0
"""Writes that are added in a round, before smoothing, as long as answers are quick."""
_WARY_GROWTH = 0.25
"""The same just after the server has asked for patience: each try above what it can take costs a refused write."""
_CALM_ROUNDS = 8.0
"""In so many rounds without overload that growth doubles, and in so many more it is three times as much."""


class Flow(Struct):
    """The limit of one run, and what it remembers to explain it."""

    ceiling: float = CEILING
    limit: float = START
    held_until: float = 0.0
    """Until then nothing at all is sent: even one write at a time was too much."""
    lowest: int = int(START)
    highest: int = int(START)
    writes: int = 0
    busiest: int = 0
    """The most writes that were under way at once."""
    overloads: int = 0
    _best: dict[tuple[str, Cause | None], float] = field(default_factory=dict)
    """The quickest answer of each kind, in seconds: of its writes, and of its refusals by their cause."""
    _ratio: float = 1.0
    """How many times their best answers take at the moment."""
    _threshold: float = 0.0
    """Up to here the limit grows with every answer: half of what it was when the server began to refuse."""
    _round_at: float = -1.0
    """When the present round of overload began, and how low it may lower the limit."""
    _round_floor: float = 1.0
    _in_episode: bool = False
    """Whether nothing was answered well since then."""
    _calm: float = 0.0
    """Rounds of answers since then."""

    def __post_init__(self) -> None:
        self.limit = min(self.limit, self.ceiling)
        self.lowest = self.highest = self.slots

    @property
    def slots(self) -> int:
        """How many writes may be under way now."""
        return max(1, int(self.limit))

    def answered(self, kind: str, seconds: float, in_flight: int, refused: Cause | None = None) -> None:
        """The server took, or refused for a reason of its own, a write of this kind.

        Args:
            kind: whose answers are comparable.
            seconds: how long it took.
            in_flight: how many writes were under way, this one included: a limit that is not reached says nothing.
            refused: why it was refused, if it was: a refusal is quicker than a write, and compared with its like.
        """
        self._count(in_flight)
        self._in_episode = False
        best = self._best[kind, refused] = min(seconds, self._best.get((kind, refused), seconds))
        weight = 1 / self.limit
        self._ratio += (seconds / best - self._ratio) * weight if best > 0 else 0.0
        if self.limit < self._threshold:
            self._move(self.limit + 1)
            return
        gradient = min(1.0, max(0.5, TOLERANCE / self._ratio))
        self._calm += weight
        wary = _WARY_GROWTH * (1 + self._calm / _CALM_ROUNDS)
        growth = min(_GROWTH, wary) if self.overloads else _GROWTH
        step = (self.limit * (gradient - 1) + growth) * SMOOTHING * weight
        if step < 0:
            self._move(max(self.limit + step, min(self.limit, FLOOR)))
        elif in_flight >= self.slots:
            self._move(self.limit + step)

    def overloaded(self, fault: Fault, sent_at: float, at: float, in_flight: int) -> None:
        """The server wants less, or is away.

        What was sent before a round of overload began belongs to that round.
        """
        self._count(in_flight)
        self.overloads += 1
        if self.slots == 1 and fault.retry_after:
            self.held_until = max(self.held_until, at + min(fault.retry_after, LONGEST_HOLD))
        if sent_at >= self._round_at:
            self._round_at, self._round_floor = at, self.limit * _BACKOFF
            if not self._in_episode:
                self._threshold = self._round_floor
        self._in_episode, self._calm = True, 0.0
        self._move(max(self.limit - 1, min(self.limit, self._round_floor)))

    def why(self) -> str:
        """What keeps the limit where it is."""
        if self.overloads:
            asked = "an answer" if self.overloads == 1 else f"{self.overloads} answers"
            return f"{asked} told of overload; it was {self.lowest} at its lowest"
        if self.busiest < self.slots:
            return f"never reached: {counted(self.busiest, 'write')} at most could leave at once"
        if self.limit >= self.ceiling:
            return "no more are ever sent at once, and answers came quickly until then"
        return f"answers took {self._ratio:.1f} times as long as the quickest of their kind"

    def _count(self, in_flight: int) -> None:
        self.writes += 1
        self.busiest = max(self.busiest, in_flight)

    def _move(self, limit: float) -> None:
        self.limit = min(max(limit, 1.0), self.ceiling)
        self.lowest, self.highest = min(self.lowest, self.slots), max(self.highest, self.slots)
