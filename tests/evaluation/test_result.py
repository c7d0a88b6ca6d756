"""Results of matches: metrics computed by hand, and files that sgfmill reads and scores the same way."""

import json
from pathlib import Path

import pytest
from sgfmill import boards, sgf

from alphazero.config import game as game_config
from alphazero.evaluation import ratings
from alphazero.evaluation import result as results

PASS = 25
RULES = game_config.GameConfig(size=5, komi=7)


def played(number: int, score: float, *moves: int, hit_limit: bool = False) -> results.PlayedGame:
    """Makes a game. a is Black in games with odd numbers. score: Black's."""
    return results.PlayedGame(
        number=number,
        a_is_black=number % 2 == 1,
        moves=(*moves, PASS, PASS),
        score=score,
        hit_limit=hit_limit,
    )


@pytest.fixture
def result() -> results.MatchResult:
    """a has a win and a loss as Black, and a win and a draw as White. Two games have the same moves."""
    games = (
        played(1, 18, 12),  # C3 owns the board: a wins
        played(2, -7, 12, 0, hit_limit=True),  # one stone each, so komi decides: a wins as White
        played(3, -7, 12, 0),  # a loses
        played(4, 0, 12, 1),  # a draw, which does not follow from the moves
    )
    return results.MatchResult(names=("new", "old"), config=RULES, games=games)


def test_counts_and_scores(result: results.MatchResult):
    assert (result.num_games, result.wins, result.draws, result.losses) == (4, 2, 1, 1)
    assert result.score == 0.625
    assert result.pair_scores == [2, 0.5]
    assert (result.num_distinct, result.num_at_limit) == (3, 1)
    assert result.elo == ratings.from_pairs([2, 0.5])
    assert [played.number for played in result.with_color(a_is_black=False)] == [2, 4]


def test_summary_and_report(result: results.MatchResult):
    assert result.summary().startswith("new against old 2-1-1 (wins-draws-losses), +89 Elo (95 %: ")
    lines = result.report().splitlines()
    assert lines[0] == result.summary()
    assert lines[2:] == [
        "board 5x5, komi 7, Tromp-Taylor rules",
        "4 games, 3 of them distinct, 1 ended by the move limit",
        "",
        "                     games  wins draws losses   score",
        "new                      4     2     1      1   62.5%",
        "  as Black               2     1     0      1   50.0%",
        "  as White               2     1     1      0   75.0%",
        "",
        "points of each pair: 2 0.5",
    ]


def test_the_folder(result: results.MatchResult, tmp_path: Path):
    result.write_folder(tmp_path / "match")
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    games = [f"match/games/000{number}.sgf" for number in (1, 2, 3, 4)]
    assert names == [*games, "match/report.txt", "match/result.json"]
    assert (tmp_path / "match" / "report.txt").read_text() == result.report()
    found = json.loads((tmp_path / "match" / "result.json").read_text())
    assert (found["a"], found["b"], found["opponent"]) == ("new", "old", "old")
    assert (found["games"], found["wins"], found["draws"], found["losses"]) == (4, 2, 1, 1)
    assert (found["score"], found["distinct_games"], found["games_at_limit"]) == (0.625, 3, 1)
    assert found["a_as_black"] == {"wins": 1, "draws": 0, "losses": 1}
    assert found["a_as_white"] == {"wins": 1, "draws": 1, "losses": 0}
    assert found["results"][1] == {"game": 2, "black": "old", "result": "W+7"}
    assert found["rules"]["komi"] == 7


def test_unbounded_intervals_are_valid_json(tmp_path: Path):
    games = (played(1, 1), played(2, -1))
    results.MatchResult(names=("new", "old"), config=RULES, games=games).write_folder(tmp_path)
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["elo"] == pytest.approx(ratings.from_score(0.75))
    assert found["elo_95"][1] is None


@pytest.mark.parametrize("index", [0, 1])
def test_sgf_files_state_rules_players_and_result(result: results.MatchResult, tmp_path: Path, index: int):
    """The files are replayed and scored by sgfmill's board."""
    result.write_folder(tmp_path)
    game = sgf.Sgf_game.from_bytes((tmp_path / "games" / f"000{index + 1}.sgf").read_bytes())
    root = game.get_root()
    assert (game.get_size(), game.get_komi(), root.get("RU")) == (5, 7, "Tromp-Taylor")
    assert (root.get("PB"), root.get("PW")) == (("new", "old"), ("old", "new"))[index]
    board = boards.Board(5)
    moves = [node.get_move() for node in game.get_main_sequence()[1:]]
    for color, point in moves:
        if point is not None:
            board.play(*point, color)
    score = board.area_score() - game.get_komi()
    assert score == result.games[index].score
    assert root.get("RE") == ("B+18", "W+7")[index]
    assert [color for color, _ in moves] == ["b", "w", "b", "w"][: len(moves)]
    assert moves[0] == ("b", (2, 2))
    assert ("move limit" in root.get("C")) == (index == 1)
