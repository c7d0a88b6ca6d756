"""One game between two sides, by gomill's rules: who may do what, and how it ends."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alphazero.competition import opening as openings
from alphazero.competition import record, settings, sides, verdict
from alphazero.config import game as game_config
from alphazero.engine import handicap
from alphazero.go import play as board_play
from alphazero.go import rules


@dataclass(slots=True, kw_only=True)
class Course:
    """What happened on the board."""

    stones: list[int] = field(default_factory=list)
    """Points of Black's handicap."""
    moves: list[tuple[int, int]] = field(default_factory=list)
    """Colour and action of each move that both sides took; an illegal or rejected one is not among them."""
    comments: dict[int, str] = field(default_factory=dict)
    """What a side said, after so many moves."""

    @property
    def moves_sha256(self) -> str:
        """Tells equal games."""
        text = " ".join(f"{color}:{action}" for color, action in self.moves)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A game that counts."""

    course: Course
    end: record.End
    winner: str | None
    result: str
    detail: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """A game that does not count."""

    course: Course
    reason: str


def play(
    black: sides.Side,
    white: sides.Side,
    game: settings.GameSettings,
    opening: openings.Opening = openings.NONE,
) -> Outcome | Void:
    """Starts both sides and plays; closing them is left to the caller.

    opening: handicap stones and legal moves that both are told.
    """
    table = _Table({rules.BLACK: black, rules.WHITE: white}, game)
    return table.set_up(opening) or table.play()


class _Table:
    def __init__(self, both: Mapping[int, sides.Side], game: settings.GameSettings) -> None:
        self._sides = both
        self._game = game
        self._course = Course()
        # Komi is ours to count: the board takes only halves of points.
        self._board = board_play.Game(game.board_size, 0.0, ko=game_config.Ko.simple, suicide=True)

    def set_up(self, opening: openings.Opening) -> Void | None:
        """All that comes before the first move that a side chooses."""
        for side in self._sides.values():
            try:
                side.start()
            except sides.SideFailed as failure:
                return self._void(side, failure)
        return self._place_handicap() or self._open(opening)

    def play(self) -> Outcome | Void:
        """The game from the first move that a side chooses."""
        ending = None
        while ending is None:
            ending = self._is_at_limit() or self._turn(self._board.to_play)
        return ending

    def _place_handicap(self) -> Void | None:
        count = self._game.handicap
        if count is None:
            return None
        side, black, white = self._sides[rules.BLACK], self._sides[rules.BLACK], self._sides[rules.WHITE]
        try:
            if self._game.handicap_style is settings.HandicapStyle.fixed:
                points = handicap.fixed_points(self._game.board_size, count)
                self._set_stones(points)
                for side in (black, white):
                    side.place_fixed(points)
            else:
                points = black.place_free(count)
                self._set_stones(points)
                side = white
                white.set_free(points)
        except sides.SideFailed as failure:
            return self._void(side, failure)
        return None

    def _set_stones(self, points: Sequence[int]) -> None:
        try:
            self._board.set_up(list(points), [], rules.WHITE)
        except ValueError as error:
            raise sides.Broken(f"handicap stones: {str(error).splitlines()[0]}") from None
        self._course.stones = sorted(points)

    def _open(self, opening: openings.Opening) -> Void | None:
        if opening.stones:
            self._set_stones(opening.stones)
            for side in self._sides.values():
                try:
                    side.set_free(opening.stones)
                except sides.SideFailed as failure:
                    return self._void(side, failure)
        for action in opening.moves:
            color = self._board.to_play
            self._board.play(action, color)
            for side in self._sides.values():
                try:
                    side.play(color, action)
                except sides.SideFailed as failure:
                    return self._void(side, failure)
            self._course.moves.append((color, action))
        assert not self._board.is_over, "an opening leaves something to play"
        return None

    def _turn(self, color: int) -> Outcome | Void | None:
        """Asks for a move and plays it; None if the game goes on."""
        mover = self._sides[color]
        try:
            reply = mover.genmove()
        except sides.SideFailed as failure:
            return self._failed(color, failure)
        if isinstance(reply.move, sides.Word):
            self._say(color, reply.comment)
            return self._give_up(color, reply.move)
        try:
            self._board.play(reply.move, color)
        except ValueError as error:
            self._say(color, reply.comment)
            # Behind the first line comes a diagram.
            return self._forfeit(color, f"illegal move: {str(error).splitlines()[0]}")
        return self._tell(color, reply.move, reply.comment)

    def _tell(self, color: int, action: int, comment: str) -> Outcome | Void | None:
        """Tells the opponent of a legal move, and ends the game if that was its last."""
        is_over = self._board.is_over
        try:
            self._sides[3 - color].play(color, action)
        except sides.SideFailed as failure:
            # Two passes end a game whatever anybody thinks of the second, and so does the limit.
            if not is_over and len(self._course.moves) + 1 < self._game.move_limit:
                self._say(color, comment)
                return self._failed(3 - color, failure)
        self._course.moves.append((color, action))
        if comment:
            self._course.comments[len(self._course.moves)] = comment
        return self._count() if is_over else None

    def _failed(self, color: int, failure: sides.SideFailed) -> Outcome | Void:
        """What a failure of this colour means."""
        side = self._sides[color]
        if isinstance(failure, sides.Rejection):
            return self._forfeit(3 - color, f"{side.code} {failure}")
        if isinstance(failure, sides.Forfeit):
            return self._forfeit(color, str(failure))
        if isinstance(failure, sides.TooLate) and self._game.late is settings.Late.forfeit:
            return self._forfeit(color, str(failure), "T")
        return self._void(side, failure)

    def _forfeit(self, loser: int, reason: str, mark: str = "F") -> Outcome:
        detail = f"forfeit by {self._sides[loser].code}: {reason}"
        return self._won(3 - loser, record.End.forfeit, mark, detail)

    def _give_up(self, color: int, word: sides.Word) -> Outcome:
        if word is sides.Word.resign:
            return self._won(3 - color, record.End.resign, "R")
        return self._won(color, record.End.claim, "", "claim")

    def _won(self, color: int, end: record.End, mark: str, detail: str = "") -> Outcome:
        winner = _letter(color)
        result = f"{winner.upper()}+{mark}"
        return Outcome(course=self._course, end=end, winner=winner, result=result, detail=detail)

    def _is_at_limit(self) -> Outcome | None:
        if len(self._course.moves) < self._game.move_limit:
            return None
        end = record.End.limit
        return Outcome(course=self._course, end=end, winner=None, result="Void", detail="hit move limit")

    def _count(self) -> Outcome:
        """After two passes."""
        scores = {}
        if self._game.scorer is settings.Scorer.internal:
            kind = self._game.internal_scorer_handicap_compensation
            compensation = verdict.compensation(kind, len(self._course.stones))
            found = verdict.from_points(self._board.score() - self._game.komi - compensation)
        else:
            answers = {_letter(color): side.final_score() for color, side in self._sides.items()}
            scores = {letter: answer for letter, answer in answers.items() if answer is not None}
            found = verdict.from_scores(scores)
        return Outcome(
            course=self._course,
            end=record.End.passes,
            winner=found.winner,
            result=found.result,
            detail=found.detail,
            scores=scores,
        )

    def _void(self, side: sides.Side, failure: sides.SideFailed) -> Void:
        return Void(course=self._course, reason=f"{side.code}: {failure}")

    def _say(self, color: int, comment: str) -> None:
        """Keeps what came with the end of the game beside the last move."""
        if comment:
            number = len(self._course.moves)
            before = self._course.comments.get(number)
            told = f"{self._sides[color].code}: {comment}"
            self._course.comments[number] = f"{before}\n{told}" if before else told


def _letter(color: int) -> str:
    return rules.COLOR_NAMES[color][0]
