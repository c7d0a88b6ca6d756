"""Judges the record of a chaos run: what must hold, and how long everyone took to come back."""

import bisect
import collections
import itertools
import statistics
from collections.abc import Callable, Iterable

from tools.chaos import record as records

_LATE_S = 1.0
"""Reports travel for so long at most before they count as older than what is on disk."""


def verify(record: records.Record, wants_promotion: bool) -> dict[str, list[str]]:
    """Complaints for each thing that must hold; a list is empty where it does.

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


def games(record: records.Record) -> list[str]:
    """Games that are missing or twice in the log, against those seen and those counted at each moment."""
    times = collections.Counter(game.id for game in record.games)
    complaints = [f"{id} is {count} times in the log" for id, count in times.items() if count > 1]
    complaints += [f"{id} was in the log and is gone" for id in record.seen if id not in times]
    first = {}
    for game in record.games:
        first[game.id] = min(game.written, first.get(game.id, game.written))
    written = sorted(first.values())
    for sample in record.samples:
        there = bisect.bisect_right(written, sample.written)
        if there < sample.games:
            complaints.append(f"status.json counted {sample.games} games when the log had {there}")
    return complaints


def counters(record: records.Record) -> list[str]:
    """Counted games, promotions and checkpoints that became fewer."""
    complaints = []
    for name in ("games", "promotions", "checkpoint"):
        for before, after in itertools.pairwise(record.samples):
            if getattr(after, name) < getattr(before, name):
                complaints.append(f"{name} fell from {getattr(before, name)} to {getattr(after, name)}")
    return complaints


def steps(record: records.Record) -> list[str]:
    """Returns of the learner to a step before a checkpoint that was on disk by then."""
    complaints = []
    for time, step in restores(record):
        known = _checkpoint_at(record, time)
        if step < known:
            complaints.append(f"the learner went on from step {step}, checkpoint {known} was there")
    for before, after in itertools.pairwise(record.samples):
        known = _checkpoint_at(record, before.written - _LATE_S)
        if after.step < before.step and after.step < known:
            complaints.append(f"step fell from {before.step} to {after.step}, checkpoint {known} was there")
    return complaints


def promotions(record: records.Record) -> list[str]:
    """Networks whose number or step is not above the one before; promotions that vanished."""
    complaints = []
    for before, after in itertools.pairwise(record.networks):
        if after.number <= before.number or after.steps <= before.steps:
            complaints.append(
                f"number {after.number} of step {after.steps} follows {before.number} of step {before.steps}"
            )
    numbers = {network.number for network in record.networks}
    gone = [name for name in record.promoted if int(name.partition("-")[0]) not in numbers]
    return complaints + [f"promoted {name} is gone" for name in gone]


def networks(record: records.Record) -> list[str]:
    """Promoted files that are not what their certificates say."""
    return [f"number {each.number}: {each.trouble}" for each in record.networks if each.trouble]


def versions(record: records.Record) -> list[str]:
    """Games that began with an older network than one begun before in the same life, or ended with one."""
    complaints = [
        f"{game.id} began with {game.oldest} and ended with {game.newest}"
        for game in record.games
        if game.newest < game.oldest
    ]
    lives: dict[str, list[records.Game]] = collections.defaultdict(list)
    for game in record.games:
        lives[game.life].append(game)
    for played in lives.values():
        for before, after in itertools.pairwise(sorted(played, key=lambda game: game.number)):
            if after.oldest < before.oldest:
                complaints.append(f"{after.id} began with {after.oldest}, {before.id} with {before.oldest}")
    return complaints


def progress(record: records.Record, wants_promotion: bool) -> list[str]:
    """What did not grow after the last kill."""
    names = ["games", "checkpoint"] + ["promotions"] * wants_promotion
    if not record.kills or not record.samples:
        return ["nothing was killed, or nothing was seen"]
    last = max(kill.time for kill in record.kills)
    before = [sample for sample in record.samples if sample.time <= last] or record.samples[:1]
    end = record.samples[-1]
    stuck = [name for name in names if getattr(end, name) <= max(getattr(each, name) for each in before)]
    return [f"{name} stayed at {getattr(end, name)}" for name in stuck]


def restores(record: records.Record) -> list[tuple[float, int]]:
    """When a learner went on from which step, by what it said in the log."""
    said = [line for line in record.lines if "learner goes on from step " in line.text]
    return [(line.time, int(line.text.rpartition(" ")[2])) for line in said]


def recoveries(record: records.Record) -> dict[str, list[float | None]]:
    """Seconds from each blow to its victim's next work, None where the run ended before that."""
    found: dict[str, list[float | None]] = {}
    for blow in record.blows:
        back = next(iter(sorted(time for time in _signs(record, blow) if time > blow.time)), None)
        found.setdefault(blow.kind, []).append(None if back is None else back - blow.time)
    return found


def table(recovered: dict[str, list[float | None]]) -> list[tuple[str, int, float, float, int]]:
    """Kind, blows, median and worst seconds of those that came back, and how many did not."""
    rows = []
    for kind in records.KILLS + records.FAULTS:
        seconds = [each for each in recovered.get(kind, []) if each is not None]
        if kind in recovered:
            middle, worst = (statistics.median(seconds), max(seconds)) if seconds else (0.0, 0.0)
            rows.append((kind, len(recovered[kind]), middle, worst, len(recovered[kind]) - len(seconds)))
    return rows


def _signs(record: records.Record, blow: records.Blow) -> Iterable[float]:
    """Moments at which somebody worked whom the blow had stopped, some of them perhaps before it."""
    reborn = {life.pid: life.began for life in record.lives if life.began > blow.time}

    def told(source: str, text: str = "") -> Iterable[float]:
        return (line.time for line in record.lines if line.source == source and text in line.text)

    def born(kind: str) -> float:
        lives = [life.began for life in record.lives if life.kind == kind and life.began > blow.time]
        return min(lives, default=float("inf"))

    signs: dict[str, Callable[[], Iterable[float]]] = {
        records.REPLAY: lambda: (game.written for game in record.games if game.written > born(blow.kind)),
        records.STORE: lambda: told("actors.weight_store"),
        records.RANK: lambda: (time for time, _ in restores(record)),
        records.LEARNER: lambda: (time for time, _ in restores(record)),
        records.EVALUATOR: lambda: (
            line.time
            for line in record.lines
            if line.source == "alphazero.evaluation.gate" and line.pid in reborn
        ),
        records.REPORTER: lambda: (
            sample.written for sample in record.samples if sample.written > born(blow.kind)
        ),
        records.LADDER: lambda: [born(blow.kind)] if born(blow.kind) < float("inf") else [],
        records.FULL_DISK: lambda: (game.written for game in record.games if game.written > blow.over),
        records.FROZEN: lambda: (game.written for game in record.games if game.written > blow.over),
    }
    return signs.get(blow.kind, lambda: _first_games(record))()


def _first_games(record: records.Record) -> Iterable[float]:
    """When each life of a self-play actor had its first game in the log."""
    first: dict[str, float] = {}
    for game in record.games:
        first[game.life] = min(game.written, first.get(game.life, game.written))
    return first.values()


def _checkpoint_at(record: records.Record, time: float) -> int:
    return max((sample.checkpoint for sample in record.samples if sample.time < time), default=0)
