"""Checks of a chaos run's record: invariants of the run, and recovery times of its actors."""

import bisect
import collections
import itertools
import statistics
from collections.abc import Callable, Iterable

from tools.chaos import record as chaos_records

_LATE_S = 1.0
"""Maximum delay of a report; an older one is compared with the files of that time."""


def verify(record: chaos_records.ChaosRecord, wants_promotion: bool) -> dict[str, list[str]]:
    """Violations of each invariant; a list is empty if the invariant holds.

    wants_promotion: whether a network must have been promoted after the last kill.
    """
    return {
        "the run goes on by itself": list(record.failures),
        "every counted game stays, exactly once": games(record),
        "counters never run back": counters(record),
        "step never falls behind the last checkpoint": steps(record),
        "promoted numbers and steps rise": promotions(record),
        "promoted files match their certificates": networks(record),
        "versions rise in each life of self-play": versions(record),
        "progress after the last kill": progress(record, wants_promotion),
    }


def games(record: chaos_records.ChaosRecord) -> list[str]:
    """Games that are missing or repeated in the log, compared with those seen and counted at each moment."""
    times = collections.Counter(game.id for game in record.games)
    reasons = [f"{id} is {count} times in the log" for id, count in times.items() if count > 1]
    reasons += [f"{id} was in the log and is gone" for id in record.seen if id not in times]
    first = {}
    for game in record.games:
        first[game.id] = min(game.written, first.get(game.id, game.written))
    written = sorted(first.values())
    for sample in record.samples:
        there = bisect.bisect_right(written, sample.written)
        if there < sample.games:
            reasons.append(f"status.json counted {sample.games} games when the log had {there}")
    return reasons


def counters(record: chaos_records.ChaosRecord) -> list[str]:
    """Decreases of the numbers of games, promotions and checkpoints."""
    reasons = []
    for name in ("games", "promotions", "checkpoint"):
        for before, after in itertools.pairwise(record.samples):
            if getattr(after, name) < getattr(before, name):
                reasons.append(f"{name} fell from {getattr(before, name)} to {getattr(after, name)}")
    return reasons


def steps(record: chaos_records.ChaosRecord) -> list[str]:
    """Restarts of the learner from a step before a checkpoint that was already on disk."""
    reasons = []
    for time, step in restores(record):
        known = _checkpoint_at(record, time)
        if step < known:
            reasons.append(f"the learner went on from step {step}, checkpoint {known} was there")
    for before, after in itertools.pairwise(record.samples):
        known = _checkpoint_at(record, before.written - _LATE_S)
        if after.step < before.step and after.step < known:
            reasons.append(f"step fell from {before.step} to {after.step}, checkpoint {known} was there")
    return reasons


def promotions(record: chaos_records.ChaosRecord) -> list[str]:
    """Networks whose number or step is not above the previous one, and promotions that disappeared."""
    reasons = []
    for before, after in itertools.pairwise(record.networks):
        if after.number <= before.number or after.steps <= before.steps:
            reasons.append(
                f"number {after.number} of step {after.steps} follows {before.number} of step {before.steps}"
            )
    numbers = {network.number for network in record.networks}
    gone = [name for name in record.promoted if int(name.partition("-")[0]) not in numbers]
    return reasons + [f"promoted {name} is gone" for name in gone]


def networks(record: chaos_records.ChaosRecord) -> list[str]:
    """Promoted files that do not match their certificates."""
    return [f"number {each.number}: {each.trouble}" for each in record.networks if each.trouble]


def versions(record: chaos_records.ChaosRecord) -> list[str]:
    """Games that went back to an older network, within the game or since an earlier game of the process."""
    reasons = [
        f"{game.id} began with {game.oldest} and ended with {game.newest}"
        for game in record.games
        if game.newest < game.oldest
    ]
    lives: dict[str, list[chaos_records.LoggedGame]] = collections.defaultdict(list)
    for game in record.games:
        lives[game.life].append(game)
    for played in lives.values():
        for before, after in itertools.pairwise(sorted(played, key=lambda game: game.number)):
            if after.oldest < before.oldest:
                reasons.append(f"{after.id} began with {after.oldest}, {before.id} with {before.oldest}")
    return reasons


def progress(record: chaos_records.ChaosRecord, wants_promotion: bool) -> list[str]:
    """Counters that did not grow after the last kill."""
    names = ["games", "checkpoint"] + ["promotions"] * wants_promotion
    if not record.kills or not record.samples:
        return ["nothing was killed, or nothing was recorded"]
    last = max(kill.time for kill in record.kills)
    before = [sample for sample in record.samples if sample.time <= last] or record.samples[:1]
    end = record.samples[-1]
    stuck = [name for name in names if getattr(end, name) <= max(getattr(each, name) for each in before)]
    return [f"{name} stayed at {getattr(end, name)}" for name in stuck]


def restores(record: chaos_records.ChaosRecord) -> list[tuple[float, int]]:
    """Time and step of each restart of the learner, as logged."""
    said = [line for line in record.lines if "learner goes on from step " in line.text]
    return [(line.time, int(line.text.rpartition(" ")[2])) for line in said]


def recoveries(record: chaos_records.ChaosRecord) -> dict[str, list[float | None]]:
    """Seconds from each blow to the next work of its target; None if the run ended before that."""
    found: dict[str, list[float | None]] = {}
    for blow in record.blows:
        back = next(iter(sorted(time for time in _signs(record, blow) if time > blow.time)), None)
        found.setdefault(blow.kind, []).append(None if back is None else back - blow.time)
    return found


def table(recovered: dict[str, list[float | None]]) -> list[tuple[str, int, float, float, int]]:
    """Kind, number of blows, median and maximum of the recovery times, and number without recovery."""
    rows = []
    for kind in chaos_records.KILLS + chaos_records.FAULTS:
        seconds = [each for each in recovered.get(kind, []) if each is not None]
        if kind in recovered:
            middle, worst = (statistics.median(seconds), max(seconds)) if seconds else (0.0, 0.0)
            rows.append((kind, len(recovered[kind]), middle, worst, len(recovered[kind]) - len(seconds)))
    return rows


def _signs(record: chaos_records.ChaosRecord, blow: chaos_records.Blow) -> Iterable[float]:
    """Times at which the target of the blow worked; some may be before the blow."""
    reborn = {life.pid: life.began for life in record.lives if life.began > blow.time}

    def told(source: str, text: str = "") -> Iterable[float]:
        return (line.time for line in record.lines if line.source == source and text in line.text)

    def born(kind: str) -> float:
        lives = [life.began for life in record.lives if life.kind == kind and life.began > blow.time]
        return min(lives, default=float("inf"))

    signs: dict[str, Callable[[], Iterable[float]]] = {
        chaos_records.REPLAY: lambda: (
            game.written for game in record.games if game.written > born(blow.kind)
        ),
        chaos_records.STORE: lambda: told("actors.weight_store"),
        chaos_records.RANK: lambda: (time for time, _ in restores(record)),
        chaos_records.LEARNER: lambda: (time for time, _ in restores(record)),
        chaos_records.EVALUATOR: lambda: (
            line.time
            for line in record.lines
            if line.source == "alphazero.evaluation.gate" and line.pid in reborn
        ),
        chaos_records.REPORTER: lambda: (
            sample.written for sample in record.samples if sample.written > born(blow.kind)
        ),
        chaos_records.LADDER: lambda: [born(blow.kind)] if born(blow.kind) < float("inf") else [],
        chaos_records.FULL_DISK: lambda: (game.written for game in record.games if game.written > blow.over),
        chaos_records.FROZEN: lambda: (game.written for game in record.games if game.written > blow.over),
    }
    return signs.get(blow.kind, lambda: _first_games(record))()


def _first_games(record: chaos_records.ChaosRecord) -> Iterable[float]:
    """Time of the first logged game of each self-play process."""
    first: dict[str, float] = {}
    for game in record.games:
        first[game.life] = min(game.written, first.get(game.life, game.written))
    return first.values()


def _checkpoint_at(record: chaos_records.ChaosRecord, time: float) -> int:
    return max((sample.checkpoint for sample in record.samples if sample.time < time), default=0)
