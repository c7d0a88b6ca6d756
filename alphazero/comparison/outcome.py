"""The match at the end of a comparison, its line of text and its JSON."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alphazero import files
from alphazero.comparison import contenders
from alphazero.evaluation import network_match
from alphazero.evaluation import result as results
from alphazero.net import inference

_RESULT = "result.json"


def play(
    asked: contenders.ComparisonSettings,
    sides: contenders.Contenders,
    folder: Path,
    should_stop: Callable[[], bool] = lambda: False,
) -> str | None:
    """Plays the match; writes its games and the result to `folder`, and returns the result in one line.

    Returns None if `should_stop` ended it.
    """
    a, b = (
        network_match.Entrant(
            f"{name}: {side.name}",
            inference.make_evaluator(side.weights, size=side.game.size, batch=min(64, asked.pairs)),
            asked.simulations,
        )
        for name, side in zip(contenders.NAMES, sides, strict=True)
    )
    played = network_match.play(
        a,
        b,
        sides.a.game,
        pairs=asked.pairs,
        opening_plies=asked.opening_plies,
        seed=asked.seed,
        should_stop=should_stop,
    )
    if played is None:
        return None
    shutil.rmtree(folder / "match", ignore_errors=True)  # of an earlier match with more games
    played.write_folder(folder / "match")
    facts = _facts(asked, sides, played)
    files.write_atomic(folder / _RESULT, json.dumps(facts).encode())
    return line(asked, sides, played)


def line(
    asked: contenders.ComparisonSettings, sides: contenders.Contenders, played: results.MatchResult
) -> str:
    """The result in one line: the settings, the difference in Elo with its interval, and Elo per hour."""
    per_hour = played.elo.elo / (asked.minutes / 60)
    return (
        f"{sides.a.name} against {sides.b.name}, {asked.minutes:g} minutes each: {played.elo}, "
        f"{per_hour:+.0f} Elo per hour; {played.wins}-{played.draws}-{played.losses} (wins-draws-losses)"
    )


def _facts(
    asked: contenders.ComparisonSettings, sides: contenders.Contenders, played: results.MatchResult
) -> dict[str, Any]:
    return {
        "source": str(asked.source),
        "minutes": asked.minutes,
        "simulations": asked.simulations,
        "elo_per_hour": played.elo.elo / (asked.minutes / 60),
        "sides": {
            name: {"settings": list(side.words), **side.facts}
            for name, side in zip(contenders.NAMES, sides, strict=True)
        },
        "match": played.facts(),
    }
