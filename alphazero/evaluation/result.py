"""Results of matches, and their files."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphazero import files
from alphazero.config import game as game_config
from alphazero.evaluation import ratings
from alphazero.go import rules, sgf


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedGame:
    """One finished game of a match between players a and b."""

    number: int
    """Number from 1, in the order in which the games started."""
    a_is_black: bool
    moves: tuple[int, ...]
    """Actions, including the opening's."""
    score: float
    """Black's area minus White's minus komi."""
    hit_limit: bool
    """Whether the game ended at the move limit and not by two passes."""

    @property
    def points(self) -> float:
        """Player a's points: 1, 0.5 or 0."""
        outcome = float(np.sign(self.score))
        return 0.5 + 0.5 * (outcome if self.a_is_black else -outcome)

    @property
    def result_text(self) -> str:
        """The result in SGF's notation: B+3, W+0.5, or 0 for a draw."""
        if self.score == 0:
            return "0"
        return f"{'B' if self.score > 0 else 'W'}+{abs(self.score):g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchResult:
    """A finished match, from the perspective of player a."""

    names: tuple[str, str]
    """Names of a and b."""
    config: game_config.GameConfig
    games: tuple[PlayedGame, ...]
    """In the order in which they started; games 1 and 2 are the first pair."""

    @property
    def num_games(self) -> int:
        """Number of games."""
        return len(self.games)

    @property
    def wins(self) -> int:
        """Number of games that a won."""
        return _count(self.games, 1)

    @property
    def draws(self) -> int:
        """Number of drawn games."""
        return _count(self.games, 0.5)

    @property
    def losses(self) -> int:
        """Number of games that b won."""
        return _count(self.games, 0)

    @property
    def score(self) -> float:
        """a's share of the points, with half a point for a draw."""
        return sum(played.points for played in self.games) / max(1, len(self.games))

    @property
    def pair_scores(self) -> list[float]:
        """a's points, 0 to 2, of each pair of games with the same opening."""
        pairs = zip(self.games[::2], self.games[1::2], strict=True)
        return [first.points + second.points for first, second in pairs]

    @property
    def num_distinct(self) -> int:
        """Number of games that differ from each other in at least one move."""
        return len({played.moves for played in self.games})

    @property
    def elo(self) -> ratings.Estimate:
        """a's rating minus b's."""
        return ratings.from_pairs(self.pair_scores)

    @property
    def num_at_limit(self) -> int:
        """Number of games that ended at the move limit and were scored as they stood."""
        return sum(played.hit_limit for played in self.games)

    def with_color(self, *, a_is_black: bool) -> list[PlayedGame]:
        """Returns the games in which a had this colour."""
        return [played for played in self.games if played.a_is_black == a_is_black]

    def summary(self) -> str:
        """Formats one line, such as "new against old 25-3-12 (wins-draws-losses), +117 Elo (95 %: ...)"."""
        a, b = self.names
        return f"{a} against {b} {self.wins}-{self.draws}-{self.losses} (wins-draws-losses), {self.elo}"

    def write_folder(self, path: Path, facts: Mapping[str, Any] | None = None) -> None:
        """Writes games/*.sgf, report.txt and, last, result.json. facts: further entries of result.json."""
        for played in self.games:
            files.write_atomic(path / "games" / f"{played.number:04d}.sgf", self.sgf(played))
        files.write_atomic(path / "report.txt", self.report().encode())
        text = json.dumps(self.as_json() | dict(facts or {}), indent=1, allow_nan=False)
        files.write_atomic(path / "result.json", f"{text}\n".encode())

    def report(self) -> str:
        """Formats a readable report of the match."""
        lines = [
            self.summary(),
            "",
            f"board {self.config.size}x{self.config.size}, komi {self.config.komi:g}, "
            f"{sgf.name_rules(self.config)} rules",
            f"{self.num_games} games, {self.num_distinct} of them distinct, "
            f"{self.num_at_limit} ended by the move limit",
            "",
            f"{'':20} {'games':>5} {'wins':>5} {'draws':>5} {'losses':>6} {'score':>7}",
        ]
        for label, games in (
            (self.names[0], self.games),
            ("  as Black", self.with_color(a_is_black=True)),
            ("  as White", self.with_color(a_is_black=False)),
        ):
            tally = [_count(games, points) for points in (1, 0.5, 0)]
            score = (tally[0] + 0.5 * tally[1]) / max(1, len(games))
            lines.append(
                f"{label:20} {len(games):5} {tally[0]:5} {tally[1]:5} {tally[2]:6} {100 * score:6.1f}%"
            )
        pairs = [f"{points:g}" for points in self.pair_scores]
        return "\n".join([*lines, "", f"points of each pair: {' '.join(pairs)}"]) + "\n"

    def as_json(self) -> dict[str, Any]:
        """Returns everything but the moves. Unbounded ends of the interval are None."""
        return {
            "a": self.names[0],
            "b": self.names[1],
            **self.facts(),
            "distinct_games": self.num_distinct,
            "games_at_limit": self.num_at_limit,
            "a_as_black": _tally(self.with_color(a_is_black=True)),
            "a_as_white": _tally(self.with_color(a_is_black=False)),
            "pair_scores": self.pair_scores,
            "rules": self.config.rules,
            "results": [
                {"game": played.number, "black": self._colors(played)[0], "result": played.result_text}
                for played in self.games
            ],
        }

    def facts(self) -> dict[str, Any]:
        """Returns the match's entry in a certificate: opponent, score, games and rating difference."""
        elo = self.elo
        return {
            "opponent": self.names[1],
            "games": self.num_games,
            **_tally(self.games),
            "score": self.score,
            "elo": elo.elo,
            "elo_95": [bound if math.isfinite(bound) else None for bound in (elo.low, elo.high)],
        }

    def sgf(self, played: PlayedGame) -> bytes:
        """Formats the game as SGF, with its rules and score."""
        black, white = self._colors(played)
        colors = (rules.BLACK, rules.WHITE)
        return sgf.write(
            sgf.SgfGame(
                size=self.config.size,
                komi=self.config.komi,
                moves=[(colors[ply % 2], action) for ply, action in enumerate(played.moves)],
                result=played.result_text,
                black_name=black,
                white_name=white,
                rules=sgf.name_rules(self.config),
                comments={0: self._rules_text(played)},
                info={"GN": f"game {played.number} of {self.num_games}"},
            )
        )

    def _rules_text(self, played: PlayedGame) -> str:
        end = "Ended by the move limit." if played.hit_limit else "Ended by two passes."
        return f"{sgf.describe_rules(self.config)} {end}"

    def _colors(self, played: PlayedGame) -> tuple[str, str]:
        """Returns the names of Black and White."""
        a, b = self.names
        return (a, b) if played.a_is_black else (b, a)


def _count(games: Sequence[PlayedGame], points: float) -> int:
    """Returns the number of games in which a has these points."""
    return sum(played.points == points for played in games)


def _tally(games: Sequence[PlayedGame]) -> dict[str, int]:
    return {name: _count(games, points) for name, points in (("wins", 1), ("draws", 0.5), ("losses", 0))}
