"""Who has won a game that two passes ended."""

from collections.abc import Mapping
from dataclasses import dataclass

from alphazero.competition import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """As `record.GameResult` has it."""

    winner: str | None
    """"b", "w", or None."""
    result: str
    detail: str = ""


UNKNOWN = "?"


def from_points(points: float) -> Verdict:
    """points: Black's, White's, komi and compensation taken off."""
    if points == 0:
        return Verdict(winner=None, result="0")
    winner = "b" if points > 0 else "w"
    return Verdict(winner=winner, result=f"{winner.upper()}+{abs(points):.10g}")


def compensation(kind: settings.Compensation, num_stones: int) -> int:
    """Points that White gets for so many handicap stones."""
    if num_stones == 0 or kind is settings.Compensation.no:
        return 0
    return num_stones if kind is settings.Compensation.full else num_stones - 1


def from_scores(scores: Mapping[str, str]) -> Verdict:
    """scores: by colour, what players answered to `final_score`.

    Answers of another form count as none. One that names only the winner, or no positive number, leaves
    the margin open, as do two with different margins.
    """
    told = [score for score in map(_parse, scores.values()) if score is not None]
    winners, margins = {winner for winner, _ in told}, {margin for _, margin in told}
    if not told:
        return Verdict(winner=None, result=UNKNOWN, detail="no score reported")
    if len(winners) > 1:
        return Verdict(winner=None, result=UNKNOWN, detail="players disagreed")
    winner, margin = winners.pop(), margins.pop() if len(margins) == 1 else None
    if winner is None:
        return from_points(0)
    if margin is None:
        return Verdict(winner=winner, result=f"{winner.upper()}+", detail="unknown margin")
    return from_points(margin if winner == "b" else -margin)


def _parse(score: str) -> tuple[str | None, float | None] | None:
    """Winner and margin, each None where there is none; None for an answer that says neither."""
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
