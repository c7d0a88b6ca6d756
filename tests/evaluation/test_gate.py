"""The gate: its decisions, their metrics and its files."""

import json

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import compose
from alphazero.config import game as game_config
from alphazero.evaluation import gate, gate_match, players
from alphazero.evaluation import result as results
from alphazero.net import leela
from alphazero.run_files import candidate as candidates
from alphazero.run_files import refused, run_folder
from tests.evaluation import networks


def outcome_of(match: results.MatchResult | None) -> gate.GateOutcome:
    candidate = candidates.Candidate(
        version=500, weights=networks.make_weights(size=5), games=10, positions=100
    )
    return gate.GateOutcome(candidate=candidate, is_promoted=False, match=match)


@pytest.mark.parametrize("num_at_limit", [0, 3])
def test_games_at_the_move_limit_are_reported(num_at_limit: int):
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
    metrics = outcome_of(match).metrics()
    assert (metrics["score"], metrics["limit_fraction"]) == (0.5, num_at_limit / 4)
    sentence = str(metrics["last"])
    assert sentence.startswith("step 500 refused, new against old 2-0-2")
    assert ("3 games at the move limit" in sentence) == (num_at_limit == 3)


def test_a_decision_without_a_match():
    assert outcome_of(None).metrics() == {"promoted": 0.0, "last": "step 500 refused"}


@pytest.mark.parametrize(("search", "loss"), [("none", "reinforce"), ("gumbel", "cross_entropy")])
def test_a_run_without_search_is_judged_without_one(tmp_path, monkeypatch, search: str, loss: str):
    config = compose.compose(
        ["conf=smoke", f"search={search}", f"training.policy_loss={loss}", "gate.num_games=2"]
    )
    algorithms = []
    make = players.SearchPlayer.__init__

    def spy(self, name, evaluator, search, rng):
        algorithms.append(search.algorithm.value)
        make(self, name, evaluator, search, rng)

    monkeypatch.setattr(players.SearchPlayer, "__init__", spy)
    newest = candidates.Candidate(version=5, weights=networks.make_weights(size=5), games=0, positions=0)
    judge = gate.Gate(config, run_folder.RunFolder(tmp_path))
    judge.start_with(newest)
    assert judge.judge(newest, should_stop=lambda: True) is None
    assert algorithms == (["none"] if search == "none" else ["puct"]) * 2


def candidate_of(version: int, seed: int = 0) -> candidates.Candidate:
    weights = networks.make_weights(size=5, seed=seed)
    return candidates.Candidate(version=version, weights=weights, games=10, positions=100)


def fake_match(scores):
    """Makes a fake of `match.play_match` whose pairs have these scores."""

    def played(a, b, config, first_moves, *, decided=None, **_):
        num_pairs = next((n for n in range(1, len(scores) + 1) if decided and decided(scores[:n])), None)
        games = []
        for pair, points in enumerate(scores[:num_pairs]):
            for number, share in ((1, min(points, 1)), (2, points - min(points, 1))):
                margin = (2 * share - 1) * (1 if number == 1 else -1)
                games.append(
                    results.PlayedGame(
                        number=2 * pair + number,
                        a_is_black=number == 1,
                        moves=(pair,),
                        score=margin,
                        hit_limit=False,
                    )
                )
        return results.MatchResult(names=(a.name, b.name), config=config, games=tuple(games))

    return played


def judge_with(tmp_path, monkeypatch, scores, *words: str):
    """Judges a candidate by a match with these scores of pairs; returns the outcome and the metrics."""
    config = compose.compose(["conf=smoke", "gate=sprt", *words])
    monkeypatch.setattr(gate_match.match, "play_match", fake_match(scores))
    judge = gate.Gate(config, run_folder.RunFolder(tmp_path))
    judge.start_with(candidate_of(0))
    metrics = []
    outcome = judge.judge(candidate_of(100, seed=1), on_progress=metrics.append)
    assert outcome is not None
    return outcome, metrics


def test_a_sequential_gate_promotes_at_its_first_decision(tmp_path, monkeypatch):
    words = ["gate.num_games=200", "gate.min_games=12", "gate.elo0=0", "gate.elo1=100"]
    outcome, metrics = judge_with(tmp_path, monkeypatch, [2.0, 1.5] * 50, *words)
    assert outcome.is_promoted and outcome.verdict is not None and outcome.match is not None
    assert outcome.match.num_games == 2 * outcome.verdict.num_pairs < 60
    assert [line["games"] for line in metrics] == [2 * n for n in range(1, len(metrics) + 1)]
    assert metrics[-1]["llr"] >= metrics[-1]["promoted_at"] > 0 > metrics[-1]["refused_at"]
    assert metrics[-2]["llr"] < metrics[-1]["promoted_at"]
    (certificate,) = (tmp_path / "weights" / "promoted").glob("0*.json")
    facts = json.loads(certificate.read_text())["match"]["sprt"]
    assert facts["decision"] == "better" and facts["elo1"] == 100
    assert facts["log_likelihood_ratio"] == outcome.verdict.log_likelihood_ratio >= facts["bounds"][1]
    assert json.loads((tmp_path / "matches/step-00000100/result.json").read_text())["sprt"] == facts
    assert "log-likelihood ratio +" in str(outcome.metrics()["last"])


def test_refused_candidates_are_kept_and_listed(tmp_path, monkeypatch):
    outcome, _ = judge_with(tmp_path, monkeypatch, [0.0] * 30)
    assert not outcome.is_promoted
    folder = tmp_path / "weights" / "refused"
    facts = json.loads((folder / "step-00000100.json").read_text())
    assert facts["match"]["sprt"]["decision"] == "not better" and facts["steps"] == 100
    kept = leela.read(folder / facts["file"])
    assert leela.to_text(kept) == leela.to_text(candidate_of(100, seed=1).weights)


def test_only_the_newest_refused_networks_are_kept(tmp_path):
    for version in (10, 20, 30):
        refused.keep(tmp_path, version, networks.make_weights(size=5), {"steps": version}, newest=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step-00000010.json", "step-00000020.json", "step-00000020.txt.gz",
        "step-00000030.json", "step-00000030.txt.gz",
    ]  # fmt: skip
    refused.keep(tmp_path, 40, networks.make_weights(size=5), {"steps": 40}, newest=0)
    assert not list(tmp_path.glob("*.txt.gz")) and len(list(tmp_path.glob("*.json"))) == 4


@pytest.mark.parametrize(("threshold", "passes"), [(0.5, True), (0.51, False), (0.0, True)])
def test_a_match_of_fixed_length_requires_a_share_of_the_points(tmp_path, monkeypatch, threshold, passes):
    words = ["gate=winrate", f"gate.threshold={threshold}"]
    outcome, metrics = judge_with(tmp_path, monkeypatch, [1.0] * 4, *words)
    assert (outcome.is_promoted, metrics) == (passes, [])


def test_the_next_candidate_meets_the_promoted_one(tmp_path, monkeypatch):
    seen = []
    planes = np.ones((1, leela.NUM_PLANES, 5, 5), np.uint8)

    def spy(self, name, evaluator, search, rng):
        self.name = name
        seen.append((name, evaluator.evaluate(evaluators.Inputs(planes))[0].tobytes()))

    monkeypatch.setattr(players.SearchPlayer, "__init__", spy)
    monkeypatch.setattr(gate_match.match, "play_match", fake_match([1.0] * 4))
    judge = gate.Gate(compose.compose(["conf=smoke", "gate=winrate"]), run_folder.RunFolder(tmp_path))
    judge.start_with(candidate_of(0))
    for version in (100, 200):
        outcome = judge.judge(candidate_of(version, seed=version))
        assert outcome is not None and outcome.is_promoted
    first, _, second, its_opponent = seen
    assert [name for name, _ in seen] == ["step-100", "step-0", "step-200", "step-100"]
    assert its_opponent == first != second
