"""Merges the reports of a run's parts: newest values, rates, ages, who waits for what."""

import re
from collections import Counter, deque
from collections.abc import Mapping

from alphazero.data import record
from alphazero.report import status

Metrics = Mapping[str, float | str]

# Who reports. Self-play actors add their number: selfplay000, selfplay001, ...
RUN, SELFPLAY, REPLAY, LEARNER, GATE = "run", "selfplay", "replay", "learner", "gate"
MATCH = "match"
"""The gate's match while it is played."""
MIRROR = "mirror"
"""How far the mirror is behind the run's folder."""

WAITING_FOR = "waiting_for"
"""Names what a source waits for; a report without it says that the source works again."""

COUNTERS = {SELFPLAY: ("moves", "simulations", "evaluations"), REPLAY: ("games", "positions")}
"""Totals whose growth for each second is worth watching."""

MILESTONES = {REPLAY: "games", LEARNER: "step", RUN: "promotions"}
"""Figures whose last change is worth an age."""

RATE_WINDOW_S = 30.0
SILENT_S = 30.0
"""An actor that has not reported for longer is not counted as one."""


def group_of(source: str) -> str:
    """The source without its number: selfplay003 belongs to selfplay."""
    return re.sub(r"\d+$", "", source)


class Tally:
    """Keeps the newest report of each source; the caller brings the time, which never goes back.

    Reports of REPLAY carry games, positions, window and samples_per_position; of LEARNER step and
    losses; of GATE last (a sentence); of RUN minutes, promotions and weights; of SELFPLAY actors
    totals of simulations since their start. More figures are welcome; they reach TensorBoard.
    """

    def __init__(self) -> None:
        self._newest: dict[str, dict[str, float | str]] = {}
        self._reported: dict[str, float] = {}
        self._rates: dict[tuple[str, str], Rate] = {}
        self._changed: dict[str, float] = {}
        self._working: set[str] = set()  # sources that have ever reported without waiting

    def record(self, source: str, metrics: Metrics, now: float) -> None:
        """Takes a report; figures that it leaves out keep their values."""
        newest = self._newest.setdefault(source, {})
        newest.pop(WAITING_FOR, None)
        milestone = MILESTONES.get(source, "")
        if milestone in newest and metrics.get(milestone, newest[milestone]) != newest[milestone]:
            self._changed[source] = now
        newest.update(metrics)
        if WAITING_FOR not in metrics:
            self._working.add(source)
        self._reported[source] = now
        for name in COUNTERS.get(group_of(source), ()):
            if name in metrics:
                self._rates.setdefault((source, name), Rate()).add(now, float(metrics[name]))

    def figures(self, group: str, now: float) -> dict[str, float]:
        """Every number of a group by name: means over its members, and sums of their rates."""
        alive = self._alive(group, now)
        columns: dict[str, list[float]] = {}
        for source in alive:
            for name, value in self._newest[source].items():
                if not isinstance(value, str):
                    columns.setdefault(name, []).append(float(value))
        figures = {name: sum(column) / len(column) for name, column in columns.items()}
        for name in COUNTERS.get(group, ()):
            rates = [
                self._rates[source, name].per_s(now) for source in alive if (source, name) in self._rates
            ]
            if rates:
                figures[f"{name}_per_s"] = sum(rates)
        return figures

    def status(self, now: float) -> status.Status:
        """The run as of `now`."""
        play, replay, learner, run = (self.figures(group, now) for group in (SELFPLAY, REPLAY, LEARNER, RUN))
        return status.Status(
            minutes=run.get("minutes", 0.0),
            games=int(replay.get("games", 0)),
            ends={end: int(replay.get(f"{end}_games", 0)) for end in record.END_REASONS},
            recent_ends={
                end: replay[f"{end}_fraction"] for end in record.END_REASONS if f"{end}_fraction" in replay
            },
            mean_length=replay.get("mean_length", 0.0),
            positions=int(replay.get("positions", 0)),
            games_per_hour=3600 * replay.get("games_per_s", 0.0),
            positions_per_s=replay.get("positions_per_s", 0.0),
            first_move_s=min(
                self._newest_of(SELFPLAY, "first_move_s") + self._newest_of(RUN, "first_move_s"), default=None
            ),
            simulations_per_s=play.get("simulations_per_s", 0.0),
            actors=len(self._alive(SELFPLAY, now)),
            window=int(replay.get("window", 0)),
            step=int(learner.get("step", 0)),
            samples_per_s=learner.get("samples_per_s", 0.0),
            losses={name: value for name, value in learner.items() if "loss" in name},
            replay_ratio=replay.get("samples_per_position", 0.0),
            last_gate=str(self._newest.get(GATE, {}).get("last", "")),
            mirror=str(self._newest.get(MIRROR, {}).get("last", "")),
            promotions=int(run.get("promotions", 0)),
            weights=int(run.get("weights", 0)),
            backend=self._backend(now),
            balance=str(self._newest.get(RUN, {}).get("balance", "")),
            waiting_for=self._waiting_for(now),
            game_age_s=self._age(REPLAY, now),
            step_age_s=self._age(LEARNER, now),
            promotion_age_s=self._age(RUN, now),
        )

    def _alive(self, group: str, now: float) -> list[str]:
        """Members of the group; of self-play, where actors come and go, only those heard of lately.

        An actor that still prepares itself may be silent for long: compiling takes its time.
        """
        members = [source for source in self._newest if group_of(source) == group]
        if group != SELFPLAY:
            return members
        return [
            source
            for source in members
            if source not in self._working or now - self._reported[source] <= SILENT_S
        ]

    def _newest_of(self, group: str, name: str) -> list[float]:
        """The newest values of a figure from all members of the group that ever reported it."""
        reports = [self._newest[source] for source in self._newest if group_of(source) == group]
        return [float(metrics[name]) for metrics in reports if name in metrics]

    def _backend(self, now: float) -> str:
        """What self-play's networks run on, with the number of actors for each where they differ."""
        found = [str(self._newest[source].get("backend", "")) for source in self._alive(SELFPLAY, now)]
        counts = Counter(name for name in found if name)
        if len(counts) <= 1:
            return "".join(counts)
        return ", ".join(f"{name} ({count})" for name, count in counts.most_common())

    def _waiting_for(self, now: float) -> str:
        sentences = []
        for group in (SELFPLAY, LEARNER, GATE, RUN):
            alive = self._alive(group, now)
            newest = [self._newest[source] for source in alive]
            reasons = [str(metrics[WAITING_FOR]) for metrics in newest if WAITING_FOR in metrics]
            share = f" ({len(reasons)} of {len(alive)})" if len(alive) > 1 else ""
            if reasons:
                sentences.append(f"{group}{share}: {reasons[-1]}")
        return ", ".join(sentences)

    def _age(self, source: str, now: float) -> float | None:
        return now - self._changed[source] if source in self._changed else None


class Rate:
    """Growth of a total for each second over the last RATE_WINDOW_S."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, now: float, total: float) -> None:
        """Takes the total; one smaller than before says that its source began anew."""
        if self._points and total < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, total))
        while len(self._points) > 2 and now - self._points[1][0] >= RATE_WINDOW_S:
            self._points.popleft()

    def per_s(self, now: float) -> float:
        """Falls towards 0 while no reports come; 0 until there are two points in time."""
        (first, before), (_, after) = self._points[0], self._points[-1]
        return (after - before) / (now - first) if now > first else 0.0
