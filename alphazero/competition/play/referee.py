"""Referee of one game between two sides, by gomill's rules."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alphazero.competition.control_files import settings
from alphazero.competition.play import final_score, opening_moves, sides
from alphazero.competition.results import record
from alphazero.config import game as game_config
from alphazero.go import handicap, play, rules


@dataclass(slots=True, kw_only=True)
class Transcript:
    """Stones, moves and comments of a game."""

    stones: list[int] = field(default_factory=list)
    """Points of Black's handicap."""
    moves: list[tuple[int, int]] = field(default_factory=list)
    """Colour and action of each move that both sides accepted, without illegal and rejected ones."""
    comments: dict[int, str] = field(default_factory=dict)
    """Number of moves played -> the sides' comments at that time."""

    @property
    def moves_sha256(self) -> str:
        """Hash of the moves, which identifies equal games."""
        text = " ".join(f"{color}:{action}" for color, action in self.moves)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedGame:
    """A game that counts."""

    transcript: Transcript
    end: record.End
    winner: str | None
    result: str
    detail: str = ""
    scores: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidGame:
    """A game that does not count."""

    transcript: Transcript
    reason: str


def play_game(
    black: sides.Side,
    white: sides.Side,
    game: settings.GameSettings,
    opening: opening_moves.OpeningMoves = opening_moves.NONE,
) -> CountedGame | VoidGame:
    """Starts both sides and plays; the caller closes them.

    opening: handicap stones and legal moves that are sent to both sides.
    """
    referee = _Referee({rules.BLACK: black, rules.WHITE: white}, game)
    return referee.set_up(opening) or referee.play()


class _Referee:
    def __init__(self, both: Mapping[int, sides.Side], game: settings.GameSettings) -> None:
        self._sides = both
        self._game = game
        self._transcript = Transcript()
        # The referee adds komi itself, as the board accepts only half points.
        self._board = play.Game(game.board_size, 0.0, ko=game_config.Ko.simple, suicide=True)

    def set_up(self, opening: opening_moves.OpeningMoves) -> VoidGame | None:
        """Starts the sides and sends the handicap and the opening; returns the game if that makes it void."""
        for side in self._sides.values():
            try:
                side.start()
            except sides.SideFailed as failure:
                return self._void(side, failure)
        return self._place_handicap() or self._open(opening)

    def play(self) -> CountedGame | VoidGame:
        """Plays from the first move that a side chooses to the end."""
        ending = None
        while ending is None:
            ending = self._is_at_limit() or self._turn(self._board.to_play)
        return ending

    def _place_handicap(self) -> VoidGame | None:
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
        self._transcript.stones = sorted(points)

    def _open(self, opening: opening_moves.OpeningMoves) -> VoidGame | None:
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
            self._transcript.moves.append((color, action))
        assert not self._board.is_over, "an opening must not end the game"
        return None

    def _turn(self, color: int) -> CountedGame | VoidGame | None:
        """Requests a move and plays it; None if the game continues."""
        mover = self._sides[color]
        try:
            reply = mover.genmove()
        except sides.SideFailed as failure:
            return self._failed(color, failure)
        if isinstance(reply.move, sides.Word):
            self._add_comment(color, reply.comment)
            return self._give_up(color, reply.move)
        try:
            self._board.play(reply.move, color)
        except ValueError as error:
            self._add_comment(color, reply.comment)
            # A diagram follows the first line.
            return self._forfeit(color, f"illegal move: {str(error).splitlines()[0]}")
        return self._send_move(color, reply.move, reply.comment)

    def _send_move(self, color: int, action: int, comment: str) -> CountedGame | VoidGame | None:
        """Sends a legal move to the opponent, and ends the game if it was the last move."""
        is_over = self._board.is_over
        try:
            self._sides[3 - color].play(color, action)
        except sides.SideFailed as failure:
            # A second pass and the move limit end the game even if the opponent fails at this move.
            if not is_over and len(self._transcript.moves) + 1 < self._game.move_limit:
                self._add_comment(color, comment)
                return self._failed(3 - color, failure)
        self._transcript.moves.append((color, action))
        if comment:
            self._transcript.comments[len(self._transcript.moves)] = comment
        return self._count() if is_over else None

    def _failed(self, color: int, failure: sides.SideFailed) -> CountedGame | VoidGame:
        """The ending that a failure of this colour's side leads to."""
        side = self._sides[color]
        if isinstance(failure, sides.Rejection):
            return self._forfeit(3 - color, f"{side.code} {failure}")
        if isinstance(failure, sides.Forfeit):
            return self._forfeit(color, str(failure))
        if isinstance(failure, sides.TooLate) and self._game.late is settings.Late.forfeit:
            return self._forfeit(color, str(failure), "T")
        return self._void(side, failure)

    def _forfeit(self, loser: int, reason: str, mark: str = "F") -> CountedGame:
        detail = f"forfeit by {self._sides[loser].code}: {reason}"
        return self._won(3 - loser, record.End.forfeit, mark, detail)

    def _give_up(self, color: int, word: sides.Word) -> CountedGame:
        if word is sides.Word.resign:
            return self._won(3 - color, record.End.resign, "R")
        return self._won(color, record.End.claim, "", "claim")

    def _won(self, color: int, end: record.End, mark: str, detail: str = "") -> CountedGame:
        winner = _letter(color)
        result = f"{winner.upper()}+{mark}"
        return CountedGame(transcript=self._transcript, end=end, winner=winner, result=result, detail=detail)

    def _is_at_limit(self) -> CountedGame | None:
        if len(self._transcript.moves) < self._game.move_limit:
            return None
        end = record.End.limit
        return CountedGame(
            transcript=self._transcript, end=end, winner=None, result="Void", detail="hit move limit"
        )

    def _count(self) -> CountedGame:
        """Scores the game after two passes."""
        scores = {}
        if self._game.scorer is settings.Scorer.internal:
            kind = self._game.internal_scorer_handicap_compensation
            compensation = final_score.compensation(kind, len(self._transcript.stones))
            found = final_score.from_points(self._board.score() - self._game.komi - compensation)
        else:
            answers = {_letter(color): side.final_score() for color, side in self._sides.items()}
            scores = {letter: answer for letter, answer in answers.items() if answer is not None}
            found = final_score.from_scores(scores)
        return CountedGame(
            transcript=self._transcript,
            end=record.End.passes,
            winner=found.winner,
            result=found.result,
            detail=found.detail,
            scores=scores,
        )

    def _void(self, side: sides.Side, failure: sides.SideFailed) -> VoidGame:
        return VoidGame(transcript=self._transcript, reason=f"{side.code}: {failure}")

    def _add_comment(self, color: int, comment: str) -> None:
        """Adds a comment without a move of its own to the last move."""
        if comment:
            number = len(self._transcript.moves)
            before = self._transcript.comments.get(number)
            text = f"{self._sides[color].code}: {comment}"
            self._transcript.comments[number] = f"{before}\n{text}" if before else text


def _letter(color: int) -> str:
    return rules.COLOR_NAMES[color][0]
