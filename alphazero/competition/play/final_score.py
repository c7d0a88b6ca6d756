"""The result of a game that ended by two passes."""

from collections.abc import Mapping
from dataclasses import dataclass

from alphazero.competition.control_files import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalScore:
    """Winner and result, as in `record.GameResult`."""

    winner: str | None
    """"b", "w", or None."""
    result: str
    detail: str = ""


UNKNOWN = "?"


def from_points(points: float) -> FinalScore:
    """The result for a margin. points: Black's area minus White's, komi and compensation."""
    if points == 0:
        return FinalScore(winner=None, result="0")
    winner = "b" if points > 0 else "w"
    return FinalScore(winner=winner, result=f"{winner.upper()}+{abs(points):.10g}")


def compensation(kind: settings.Compensation, num_stones: int) -> int:
    """White's points in compensation for `num_stones` handicap stones."""
    if num_stones == 0 or kind is settings.Compensation.no:
        return 0
    return num_stones if kind is settings.Compensation.full else num_stones - 1


def from_scores(scores: Mapping[str, str]) -> FinalScore:
    """The result from the players' answers to `final_score`. scores: answers by colour.

    Answers in any other format are ignored. The margin is unknown if an answer has none, if its margin is
    not a positive number, or if two answers differ in it.
    """
    parsed = [score for score in map(_parse, scores.values()) if score is not None]
    winners, margins = {winner for winner, _ in parsed}, {margin for _, margin in parsed}
    if not parsed:
        return FinalScore(winner=None, result=UNKNOWN, detail="no score reported")
    if len(winners) > 1:
        return FinalScore(winner=None, result=UNKNOWN, detail="players disagreed")
    winner, margin = winners.pop(), margins.pop() if len(margins) == 1 else None
    if winner is None:
        return from_points(0)
    if margin is None:
        return FinalScore(winner=winner, result=f"{winner.upper()}+", detail="unknown margin")
    return from_points(margin if winner == "b" else -margin)


def _parse(score: str) -> tuple[str | None, float | None] | None:
    """Winner (None for jigo) and margin (None if unknown); None if the answer is not a score."""
    text = score.strip().upper()
    if text == "0":
        return None, 0.0
    if text[:2] not in ("B+", "W+"):
        return None
    try:
        margin = float(text[2:])
    except ValueError:
        margin = 0.0
    return text[0].lower(), margin if 0 < margin < float("inf") else None
