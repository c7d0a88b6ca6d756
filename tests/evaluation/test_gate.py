"""What the gate tells about its decisions."""

import pytest

from alphazero.config import compose
from alphazero.config import game as game_config
from alphazero.data import run_folder
from alphazero.evaluation import candidate as candidates
from alphazero.evaluation import gate, players
from alphazero.evaluation import result as results
from tests.evaluation import networks


def outcome_of(match: results.MatchResult | None) -> gate.Outcome:
    candidate = candidates.Candidate(
        version=500, weights=networks.make_weights(size=5), games=10, positions=100
    )
    return gate.Outcome(candidate=candidate, is_promoted=False, match=match)


@pytest.mark.parametrize("num_at_limit", [0, 3])
def test_games_at_the_move_limit_are_told(num_at_limit: int):
    games = tuple(
        results.PlayedGame(
            number=number,
            a_is_black=number % 2 == 1,
            moves=(number, 25, 25),
            score=18,
            hit_limit=number <= num_at_limit,
        )
        for number in range(1, 5)
    )
    match = results.MatchResult(names=("new", "old"), config=game_config.GameConfig(size=5), games=games)
    figures = outcome_of(match).figures()
    assert (figures["score"], figures["limit_fraction"]) == (0.5, num_at_limit / 4)
    sentence = str(figures["last"])
    assert sentence.startswith("step 500 refused, new against old 2-0-2")
    assert ("3 games at the move limit" in sentence) == (num_at_limit == 3)


def test_a_decision_without_a_match():
    assert outcome_of(None).figures() == {"promoted": 0.0, "last": "step 500 refused"}


@pytest.mark.parametrize(("search", "loss"), [("none", "reinforce"), ("gumbel", "cross_entropy")])
def test_a_run_without_search_is_judged_without_one(tmp_path, monkeypatch, search: str, loss: str):
    config = compose.compose(
        ["conf=smoke", f"search={search}", f"training.policy_loss={loss}", "gate.num_games=2"]
    )
    algorithms = []
    make = players.Player.__init__

    def spy(self, name, evaluator, search, rng):
        algorithms.append(search.algorithm.value)
        make(self, name, evaluator, search, rng)

    monkeypatch.setattr(players.Player, "__init__", spy)
    newest = candidates.Candidate(version=5, weights=networks.make_weights(size=5), games=0, positions=0)
    judge = gate.Gate(config, run_folder.RunFolder(tmp_path))
    judge.start_with(newest)
    assert judge.judge(newest, should_stop=lambda: True) is None
    assert algorithms == (["none"] if search == "none" else ["puct"]) * 2
