"""Aggregation of the reports of a run's processes: newest values, rates, ages, and what each waits for."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Mapping

from alphazero import cpu_meter
from alphazero.data import record as records
from alphazero.report import status

Metrics = Mapping[str, float | str]

# Sources of reports. Self-play actors append their number: selfplay000, selfplay001, ...
RUN, SELFPLAY, REPLAY, LEARNER, GATE = "run", "selfplay", "replay", "learner", "gate"
MATCH = "match"
"""The gate's match while it is being played."""
MIRROR = "mirror"
"""State of the mirror: how far it is behind the run's folder."""

WAITING_FOR = "waiting_for"
"""Metric that names what a source waits for. A report without it means that the source works again."""

CORES = "cores"
"""Group of the CPU time by kind of work, as the number of busy cores."""

COUNTERS = {SELFPLAY: ("moves", "simulations", "evaluations"), REPLAY: ("games", "positions")}
"""Totals whose growth per second is reported."""

MILESTONES = {REPLAY: "games", LEARNER: "step", RUN: "promotions"}
"""Metrics that are reported with the time since their last change."""

RATE_WINDOW_S = 30.0
SILENT_S = 30.0
"""A self-play actor without a report for longer than this is not counted."""


def group_of(source: str) -> str:
    """The source without its number, such as selfplay for selfplay003."""
    return re.sub(r"\d+$", "", source)


class MetricsAggregator:
    """Merges the reports of each source, and derives rates, ages and the run's status from them.

    A metric keeps its newest value. The caller passes the time, which must never go back. The status needs
    these metrics, among others; all numbers appear in TensorBoard:
    - REPLAY: games, positions, window and samples_per_position
    - LEARNER: step and losses
    - GATE: last (a sentence)
    - RUN: minutes, promotions and weights
    - SELFPLAY actors: totals of simulations since their start
    """

    def __init__(self) -> None:
        self._newest: dict[str, dict[str, float | str]] = {}
        self._reported: dict[str, float] = {}
        self._rates: dict[tuple[str, str], Rate] = {}
        self._changed: dict[str, float] = {}
        self._working: set[str] = set()  # sources with at least one report without WAITING_FOR

    def record(self, source: str, metrics: Metrics, now: float) -> None:
        """Takes a report. Metrics that it omits keep their values."""
        newest = self._newest.setdefault(source, {})
        newest.pop(WAITING_FOR, None)
        milestone = MILESTONES.get(source, "")
        if milestone in newest and metrics.get(milestone, newest[milestone]) != newest[milestone]:
            self._changed[source] = now
        newest.update(metrics)
        if WAITING_FOR not in metrics:
            self._working.add(source)
        self._reported[source] = now
        counters = COUNTERS.get(group_of(source), ())
        for name in metrics:
            if name.endswith(cpu_meter.SUFFIX) or name in counters:
                self._rates.setdefault((source, name), Rate()).add(now, float(metrics[name]))

    def metrics(self, group: str, now: float) -> dict[str, float]:
        """All numbers of a group by name: means over its members, and sums of their rates.

        CPU seconds are left out, see `cores`.
        """
        alive = self._alive(group, now)
        columns: dict[str, list[float]] = {}
        for source in alive:
            for name, value in self._newest[source].items():
                if not (isinstance(value, str) or name.endswith(cpu_meter.SUFFIX)):
                    columns.setdefault(name, []).append(float(value))
        metrics = {name: sum(column) / len(column) for name, column in columns.items()}
        for name in COUNTERS.get(group, ()):
            rates = [
                self._rates[source, name].per_s(now) for source in alive if (source, name) in self._rates
            ]
            if rates:
                metrics[f"{name}_per_s"] = sum(rates)
        return metrics

    def cores(self, now: float) -> dict[str, float]:
        """Number of busy cores by group and kind of work, such as selfplay_network; the rest of a group last.

        Only processes that report their CPU seconds count.
        """
        busy: dict[tuple[str, str], float] = defaultdict(float)
        groups = {source: group_of(source) for source in self._newest}
        alive = {source for group in set(groups.values()) for source in self._alive(group, now)}
        for (source, name), rate in self._rates.items():
            if name.endswith(cpu_meter.SUFFIX) and source in alive:
                kind = name.removesuffix(cpu_meter.SUFFIX).removesuffix("_")
                busy[groups[source], kind] += rate.per_s(now)
        found = {}
        for group in sorted({group for group, _ in busy}):
            kinds = {kind: count for (other, kind), count in busy.items() if other == group and kind}
            rest = max(0.0, busy[group, ""] - sum(kinds.values()))
            found |= {f"{group}_{kind}": count for kind, count in kinds.items()}
            found |= {f"{group}_rest" if kinds else group: rest}
        return found

    def status(self, now: float) -> status.Status:
        """The status of the run at time `now`."""
        play, replay, learner, run = (self.metrics(group, now) for group in (SELFPLAY, REPLAY, LEARNER, RUN))
        return status.Status(
            minutes=run.get("minutes", 0.0),
            games=int(replay.get("games", 0)),
            ends={end: int(replay.get(f"{end}_games", 0)) for end in records.END_REASONS},
            recent_ends={
                end: replay[f"{end}_fraction"] for end in records.END_REASONS if f"{end}_fraction" in replay
            },
            mean_length=replay.get("mean_length", 0.0),
            positions=int(replay.get("positions", 0)),
            games_per_hour=3600 * replay.get("games_per_s", 0.0),
            positions_per_s=replay.get("positions_per_s", 0.0),
            first_move_s=min(
                self._newest_of(SELFPLAY, "first_move_s") + self._newest_of(RUN, "first_move_s"), default=None
            ),
            cores=self.cores(now),
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
        """Members of the group. Self-play actors come and go, so only those that reported lately count.

        An actor that is still starting may be silent for long, because compilation takes time.
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
        """The newest values of a metric from all members of the group that ever reported it."""
        reports = [self._newest[source] for source in self._newest if group_of(source) == group]
        return [float(metrics[name]) for metrics in reports if name in metrics]

    def _backend(self, now: float) -> str:
        """The backends of self-play's networks, with the number of actors for each if they differ."""
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
    """Growth of a total per second, over the last RATE_WINDOW_S."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def add(self, now: float, total: float) -> None:
        """Adds a total. A smaller total than before means that its source was restarted."""
        if self._points and total < self._points[-1][1]:
            self._points.clear()
        self._points.append((now, total))
        while len(self._points) > 2 and now - self._points[1][0] >= RATE_WINDOW_S:
            self._points.popleft()

    def per_s(self, now: float) -> float:
        """Growth per second. It falls towards 0 while no reports come, and is 0 before the second report."""
        (first, before), (_, after) = self._points[0], self._points[-1]
        return (after - before) / (now - first) if now > first else 0.0
