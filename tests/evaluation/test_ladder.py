"""The ladder of a run's folder: pairings, stored games and ratings."""

import json

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import compose
from alphazero.engine_client import gtp_client
from alphazero.evaluation import gtp_player, ladder
from alphazero.evaluation import result as results
from alphazero.run_files import promotion
from tests.evaluation import networks

SIZE = 5


def make_ladder(folder, *words):
    config = compose.compose(
        ["conf=smoke", "ladder.gnugo=/nowhere/gnugo", "ladder.num_simulations=8", *words]
    )
    made = ladder.Ladder(config, folder)
    made.add_promoted()
    return made


def promote(folder, count, first=0):
    promotions = promotion.Promotions(folder / "weights" / "promoted")
    for number in range(first, first + count):
        weights = networks.make_weights(seed=number, size=SIZE)
        promotions.promote(weights, {"steps": 100 * (number + 1), "games": 0, "positions": 0})


@pytest.fixture(autouse=True)
def quick_networks(monkeypatch):
    """Replaces networks by hashed evaluators, which are fast. Each network gets another seed."""
    made = []

    def make(weights, **_):
        made.append(weights)
        return evaluators.HashedEvaluator(SIZE, len(made))

    monkeypatch.setattr(ladder.inference, "make_evaluator", make)


def test_without_networks_only_the_uniform_player_is_there(tmp_path):
    made = make_ladder(tmp_path)
    assert made.names == ["uniform"]
    assert (made.num_games, made.num_wanted) == (0, 0)
    assert [(rung.name, rung.elo.elo, rung.games) for rung in made.rungs()] == [("uniform", 0, 0)]


def test_newcomers_meet_the_newest_placed_network_first(tmp_path):
    promote(tmp_path, 3)
    made = make_ladder(tmp_path)
    pairs = []
    for _ in range(3):
        pairs.append(made._next_pair())
        assert made.play()
    assert pairs == [("00001", "uniform"), ("00002", "00001"), ("00003", "00002")]
    assert made.num_games == 24 and made.num_wanted == 48
    promote(tmp_path, 1, first=3)
    made.add_promoted()
    assert made._next_pair() == ("00004", "00003")


def test_evaluators_are_loaded_again_instead_of_made(tmp_path, monkeypatch):
    """Making one measures all backends, which costs time and memory for each."""
    made, loaded = [], []

    class Reloadable(evaluators.HashedEvaluator):
        def load(self, weights):
            loaded.append(weights)

    def make(weights, **_):
        made.append(Reloadable(SIZE, len(made)))
        return made[-1]

    monkeypatch.setattr(ladder.inference, "make_evaluator", make)
    monkeypatch.setattr(ladder, "_MOST_EVALUATORS", 2)
    promote(tmp_path, 3)
    played = make_ladder(tmp_path)
    first, second = played._evaluator_of("00001"), played._evaluator_of("00002")
    assert played._evaluator_of("00001") is first and not loaded
    assert played._evaluator_of("00003") is second, "the one that was not used for longest"
    assert (len(made), len(loaded)) == (2, 1)
    assert played._evaluator_of("00001") is first and len(loaded) == 1


def test_games_are_kept_and_counted_once(tmp_path):
    promote(tmp_path, 2)
    made = make_ladder(tmp_path)
    for _ in range(3):
        made.play()
    path = tmp_path / "ladder" / "games.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"a": "00001", "b": "uni')  # a kill in the middle of a line
    again = make_ladder(tmp_path)
    assert again.num_games == made.num_games == 24 == len(whole.splitlines())
    assert again.report() == made.report()
    again.play()
    assert make_ladder(tmp_path).num_games == 32


def test_a_game_behind_half_a_line_counts(tmp_path):
    promote(tmp_path, 1)
    made = make_ladder(tmp_path)
    path = tmp_path / "ladder" / "games.jsonl"
    path.parent.mkdir()
    path.write_text('{"a": "00001", "b": "uni')
    game = results.PlayedGame(number=1, a_is_black=True, moves=(25, 25), score=3.0, hit_limit=False)
    played = results.MatchResult(names=("a", "b"), config=made._config.game, games=(game,))
    made._games.append("00001", "uniform", played)
    assert make_ladder(tmp_path).num_games == made.num_games == 1


def test_a_new_file_of_games_is_read_from_its_start(tmp_path):
    promote(tmp_path, 1)
    made, other = make_ladder(tmp_path), make_ladder(tmp_path)
    made.play()
    made.play()
    other.play()
    assert other.num_games == 24
    (tmp_path / "ladder" / "games.jsonl").unlink()
    made.play()
    other.play()
    assert made.num_games == 8 and other.num_games == 16


def test_games_of_other_settings_are_another_ladder(tmp_path):
    promote(tmp_path, 1)
    make_ladder(tmp_path).play()
    assert make_ladder(tmp_path, "ladder.num_simulations=16").num_games == 0
    assert make_ladder(tmp_path).num_games == 8


def test_a_stopped_match_does_not_count(tmp_path):
    promote(tmp_path, 1)
    made = make_ladder(tmp_path)
    assert not made.play(should_stop=lambda: True)
    assert made.num_games == 0 and not (tmp_path / "ladder" / "games.jsonl").exists()


def test_two_processes_do_not_play_at_once_and_see_each_other_s_games(tmp_path):
    promote(tmp_path, 1)
    made, other = make_ladder(tmp_path), make_ladder(tmp_path)
    with made._games.alone(), pytest.raises(BlockingIOError, match="another process plays this ladder"):
        other.play()
    made.play()
    other.play()
    assert other.num_games == 16


def test_ratings_are_written_and_shown(tmp_path):
    promote(tmp_path, 2)
    made = make_ladder(tmp_path)
    for _ in range(4):
        made.play()
    made.write_ratings()
    facts = json.loads((tmp_path / "ladder" / "ratings.json").read_text())
    assert {player["player"] for player in facts["players"]} == {"uniform", "00001", "00002"}
    assert sum(player["games"] for player in facts["players"]) == 2 * made.num_games
    assert sum(player["points"] for player in facts["players"]) == made.num_games
    by_name = {player["player"]: player for player in facts["players"]}
    assert by_name["uniform"]["elo_95"] == [0, 0] and by_name["00002"]["step"] == 200
    assert np.diff(by_name["00001"]["elo_95"])[0] > 0
    report = made.report()
    assert "fixed" in report and "00002" in report and "200" in report


class FakeGnugo(gtp_player.GtpPlayer):
    """GNU Go that always passes, or is lost."""

    is_lost = False

    def choose(self, indices):
        if self.is_lost:
            raise gtp_client.EngineLost("gnugo: ended by signal SIGSEGV")
        return np.full(len(indices), SIZE * SIZE)


def test_gnu_go_takes_part_if_installed_and_is_left_out_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder.gtp_player, "GtpPlayer", FakeGnugo)
    monkeypatch.setattr(ladder.gtp_player, "find_gnugo", lambda name: name)
    promote(tmp_path, 1)
    made = make_ladder(tmp_path, "ladder.gnugo_levels=[3]")
    assert made.names == ["uniform", "gnugo-3", "00001"]
    made.play()
    assert "gnugo-3" in {rung.name for rung in made.rungs()}
    monkeypatch.setattr(FakeGnugo, "is_lost", True)
    before = made.num_games
    while "gnugo-3" not in made._next_pair():
        made.play()
    assert not made.play()
    assert made.num_games >= before
    while made.num_games < before + 32:
        made.play()
    assert "gnugo-3" in {rung.name for rung in made.rungs()}
