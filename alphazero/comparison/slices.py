"""Two forks of a run that take turns on the same cores until both have had the same time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphazero import files
from alphazero.comparison import contenders
from alphazero.comparison import fork as forks
from alphazero.report import status

_PLAN = "comparison.json"


def compare(
    asked: contenders.ComparisonSettings, folder: Path, should_stop: Callable[[], bool], say: contenders.Say
) -> contenders.Contenders | None:
    """Plays the missing turns of both forks, which are in `folder`; None if `should_stop` ended them.

    Raises ValueError with one line if the source holds no run that has been running, if `folder` holds
    another comparison, and for mistakes in the settings.
    """
    start, sides = _begin(asked, folder)
    for name, end in turns(start, asked.minutes, asked.num_slices):
        if sides[name].minutes < end:
            if not sides[name].play_until(end, should_stop):
                return None
            say(f"{name}: {sides[name].minutes - start:.1f} of {asked.minutes:g} minutes")
    return contenders.Contenders(
        *(_finished(sides[name], words) for name, words in zip(sides, asked.words, strict=True))
    )


def turns(start: float, minutes: float, count: int) -> list[tuple[str, float]]:
    """Names of the sides in the order of their turns, each with the running time at which its turn ends.

    The sides change places in every round, so that neither is always the later one.
    """
    ends = [start + minutes * (number + 1) / count for number in range(count)]
    orders = (contenders.NAMES, contenders.NAMES[::-1])
    return [(name, end) for number, end in enumerate(ends) for name in orders[number % 2]]


def _begin(asked: contenders.ComparisonSettings, folder: Path) -> tuple[float, dict[str, forks.Fork]]:
    """The run's minutes at the fork, and both forks: new ones, or those of the interrupted comparison."""
    path = folder / _PLAN
    now = status.minutes_so_far(asked.source)
    start = _start_of(asked, path)
    if start is None:
        if now <= 0:
            raise ValueError(f"{asked.source}: holds no run that has been running")
        if any((folder / name).exists() for name in contenders.NAMES):
            raise ValueError(f"{folder}: holds forks of an unknown comparison; choose another --output")
        start = now
    places = {name: folder / name for name in contenders.NAMES}
    # All mistakes are found before anything is written.
    configs = {
        name: forks.settings(asked.source, places[name], words, start + asked.minutes)
        for name, words in zip(contenders.NAMES, asked.words, strict=True)
    }
    files.write_atomic(path, json.dumps({**_identity(asked), "start": start}, indent=1).encode())
    for name, place in places.items():
        if not place.exists():
            if now != start:
                raise ValueError(
                    f"{asked.source}: has gone on since the comparison began; choose another --output"
                )
            forks.make(asked.source, place, configs[name])
    return start, {name: forks.Fork(place) for name, place in places.items()}


def _identity(asked: contenders.ComparisonSettings) -> dict[str, Any]:
    """What a resumed comparison must have in common with the interrupted one."""
    words = [list(side) for side in asked.words]
    return {"source": str(asked.source), "words": words, "minutes": asked.minutes, "slices": asked.num_slices}


def _start_of(asked: contenders.ComparisonSettings, path: Path) -> float | None:
    """The start in the file of a comparison; None without one. ValueError if it is another comparison."""
    if not path.exists():
        return None
    kept = _read(path)
    start = kept.pop("start", None)
    if not isinstance(start, float) or kept != _identity(asked):
        raise ValueError(f"{path.parent}: holds another comparison; choose another --output")
    return start


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (TypeError, ValueError):
        raise ValueError(f"{path}: is damaged; choose another --output") from None


def _finished(one: forks.Fork, words: tuple[str, ...]) -> contenders.Contender:
    now = status.last(one.folder)
    facts = {"minutes": now.minutes, "games": now.games, "positions": now.positions, "steps": now.step}
    return contenders.Contender(words=words, weights=one.network(), game=one.config.game, facts=facts)
