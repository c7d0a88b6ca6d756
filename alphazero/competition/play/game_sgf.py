"""The SGF file of a game, with moves, comments, players and times."""

import datetime
from collections.abc import Mapping

from alphazero.competition.play import referee, schedule, sides
from alphazero.competition.results import record
from alphazero.config import game as game_config
from alphazero.go import rules, sgf

_RULES = game_config.GameConfig(ko=game_config.Ko.simple, suicide=True)


def write(
    name: str,
    fixture: schedule.Fixture,
    transcript: referee.Transcript,
    ending: record.GameResult | str,
    both: Mapping[int, sides.Side],
    date: datetime.datetime,
) -> bytes:
    """The content of the file.

    name: of the competition. ending: the result, or the reason of a void game, whose result is "Void".
    both: the sides by colour, closed.
    """
    is_void = isinstance(ending, str)
    comments = {0: "\n".join(_opening_lines(fixture, both, date))}
    if not is_void and transcript.moves:
        _add(comments, 0, f"Result: {describe(ending)}")
    for num_moves, comment in transcript.comments.items():
        _add(comments, num_moves, comment)
    _add(comments, len(transcript.moves), f"void: {ending}" if is_void else "\n".join(_closing_lines(ending)))
    return sgf.write(
        sgf.SgfGame(
            size=fixture.matchup.game.board_size,
            komi=fixture.matchup.game.komi,
            moves=transcript.moves,
            black_setup=transcript.stones,
            to_play=rules.WHITE if transcript.stones else rules.BLACK,
            result="Void" if is_void else ending.result,
            black_name=both[rules.BLACK].name,
            white_name=both[rules.WHITE].name,
            rules=sgf.name_rules(_RULES),
            comments=comments,
            info={
                "DT": date.date().isoformat(),
                "EV": f"{name} ({fixture.matchup.name})",
                "GN": f"{name} {fixture.game_id}",
            },
        )
    )


def describe(game: record.GameResult) -> str:
    """One line with both players and the result."""
    if game.winner is None:
        line = f"{game.black} (b) vs {game.white} (w) {'jigo' if game.is_jigo else game.result}"
    else:
        winner, loser = (game.black, game.white) if game.winner == "b" else (game.white, game.black)
        line = f"{winner} beat {loser} {game.result}"
    return line + (f" ({game.detail})" if game.detail else "")


def _add(comments: dict[int, str], num_moves: int, text: str) -> None:
    before = comments.get(num_moves)
    comments[num_moves] = f"{before}\n{text}" if before else text


def _closing_lines(game: record.GameResult) -> list[str]:
    codes = {"b": game.black, "w": game.white}
    scores = [f"{codes[letter]} final_score: {score}" for letter, score in game.scores.items()]
    return [describe(game), *scores]


def _opening_lines(
    fixture: schedule.Fixture, both: Mapping[int, sides.Side], date: datetime.datetime
) -> list[str]:
    lines = [f"Game id {fixture.game_id}", f"Date {date:%Y-%m-%d %H:%M}"]
    if fixture.opening is not None:
        lines.append(f"Opening {fixture.opening}, {fixture.matchup.opening_plies} moves")
    for color, side in both.items():
        cpu = "" if side.cpu_s is None else f", CPU time {side.cpu_s:.2f} s"
        lines += [
            f"{rules.COLOR_NAMES[color].capitalize()} {side.code}: {side.description}",
            f"{side.code} time: {side.seconds:.2f} s{cpu}",
        ]
    return lines
