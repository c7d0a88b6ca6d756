"""Self-play with fake evaluators: the records agree with the games."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, life, rules, scoring
from alphazero.search import lockstep
from alphazero.selfplay import worker as workers

SIZE = 5
PASS = SIZE * SIZE


@pytest.fixture(scope="module")
def finished():
    return play_games(config_for(), evaluators.HashedEvaluator(SIZE), moves=120)


def config_for(**selfplay):
    config = schema.Config()
    config.game.size = SIZE
    config.game.move_limit = 60
    config.search.num_simulations = 8
    config.search.num_considered = 4
    config.selfplay.num_games = 8
    config.selfplay.early_games = 0
    config.selfplay.opening_policy_plies = 3
    config.selfplay.opening_sampled_plies = 6
    config.selfplay.no_pass_plies = 6
    for name, value in selfplay.items():
        setattr(config.selfplay, name, value)
    return config


def play_games(config, network, moves, seed=0):
    rng = np.random.default_rng(seed)
    worker = workers.SelfPlayWorker(config, network, name="test", rng=rng, weights=7)
    games = []
    for _ in range(moves):
        games += worker.play_move()
    return games


def test_records_replay_to_their_result(finished):
    assert len(finished) >= 8
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    for record in finished:
        replayed = game_kernels.new_games(1, config_for().game)
        for move in record.moves:
            assert game_kernels.play(tables, replayed, scratch, 0, int(move)) == rules.OK
        assert record.score == record.ownership.sum() - record.komi
        if replayed[0].over:
            assert record.end in ("passes", "resign", "limit")
            margin = scoring.area_score(tables, replayed[0].stones, scratch)
            assert record.ownership.sum() == margin
        else:
            assert record.end in ("settled", "resign")
            owner = np.zeros(SIZE * SIZE, np.int8)
            assert life.is_settled(tables, replayed[0].stones, life.make_scratch(SIZE * SIZE), owner)
            assert np.array_equal(record.ownership, owner)
        if not record.is_resigned:
            assert record.winner == np.sign(record.score)
            assert record.num_played == len(record.moves)


def test_settled_games_end_unless_resignation_is_disabled(finished):
    """A game ends at the first check at which it is settled."""
    ends = [record.end for record in finished]
    assert ends.count("settled") >= 3
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    life_scratch, owner = life.make_scratch(SIZE * SIZE), np.zeros(SIZE * SIZE, np.int8)
    for record in finished:
        replayed = game_kernels.new_games(1, config_for().game)
        settled_plies = []
        for ply, move in enumerate(record.moves[: record.num_played], start=1):
            game_kernels.play(tables, replayed, scratch, 0, int(move))
            is_checked = ply >= 2 * SIZE and ply % 2 == 0 and not replayed[0].over
            if is_checked and life.is_settled(tables, replayed[0].stones, life_scratch, owner):
                settled_plies.append(ply)
        if record.may_resign:
            assert settled_plies == ([len(record.moves)] if record.end == "settled" else [])
        else:
            assert record.end in ("passes", "limit")
    never = play_games(config_for(adjudicate=False), evaluators.HashedEvaluator(SIZE), moves=60)
    assert never and not any(record.end == "settled" for record in never)


def test_names_versions_and_openings(finished):
    assert len({record.game_id for record in finished}) == len(finished)
    for record in finished:
        assert record.oldest_weights == record.newest_weights == 7
        unsearched = int(np.argmax(record.has_target))
        assert unsearched <= 3
        assert record.has_target[unsearched:].all()
        assert np.isnan(record.root_values[:unsearched]).all()
        assert not (record.moves[:6] == PASS).any()
        assert (record.policy[:6, PASS] == 0).all()


def test_a_hopeless_player_resigns_and_the_game_is_played_out():
    config = config_for(no_resign_fraction=0.0, resign_turns=2, resign_threshold=-0.5)
    games = play_games(config, BlackIsLost(), moves=60)
    resigned = [record for record in games if record.is_resigned]
    assert resigned
    for record in resigned:
        assert record.winner == -1
        assert len(record.moves) > record.num_played
        searched = record.root_values[~np.isnan(record.root_values)]
        assert record.num_played <= 3 + 2 * 2 and searched.min() < -0.5


def test_games_are_not_resigned_if_resignation_is_disabled():
    config = config_for(no_resign_fraction=1.0, resign_turns=2, resign_threshold=-0.5)
    assert not any(record.is_resigned for record in play_games(config, BlackIsLost(), moves=80))


class BlackIsLost(evaluators.HashedEvaluator):
    """Evaluates every position as lost for Black (plane 16 is 1 if Black is to move)."""

    def __init__(self):
        super().__init__(SIZE)

    def evaluate(self, inputs):
        logits = super().evaluate(inputs).logits
        black_to_move = inputs.planes[:, 16, 0, 0] == 1
        return evaluators.Outputs(logits, np.where(black_to_move, -0.95, 0.95).astype(np.float32))


def test_early_games_have_smaller_searches():
    config = config_for(early_games=10, early_simulations=2, early_considered=2)
    worker = workers.SelfPlayWorker(
        config, evaluators.HashedEvaluator(SIZE), name="test", rng=np.random.default_rng(0)
    )
    while worker.work.simulations == 0:
        worker.play_move()
    before = worker.work.simulations
    worker.play_move()
    early = worker.work.simulations - before
    worker.set_total_games(10)
    for _ in range(12):
        before = worker.work.simulations
        worker.play_move()
        if worker.work.simulations - before > 2 * 8:
            return
    pytest.fail(f"the search did not grow from {early} simulations a move")


def test_cheap_searches_choose_moves_without_policy_targets(monkeypatch):
    """Each move has one search: full with noise, or cheap without. Only full ones give a policy."""
    searches = []
    search = lockstep.LockstepSearch.search

    def spy(self, indices, network, options):
        searches.append((indices.tolist(), options.num_simulations, options.num_considered, options.is_noisy))
        return search(self, indices, network, options)

    monkeypatch.setattr(lockstep.LockstepSearch, "search", spy)
    config = config_for(
        full_search_fraction=0.4, cheap_simulations=3, cheap_considered=2, opening_policy_plies=0
    )
    worker = workers.SelfPlayWorker(
        config, evaluators.HashedEvaluator(SIZE), name="test", rng=np.random.default_rng(0)
    )
    games, kinds = [], []
    for _ in range(60):
        searches.clear()
        games += worker.play_move()
        assert sorted(index for indices, *_ in searches for index in indices) == list(range(8))
        assert {tuple(how) for _, *how in searches} <= {(8, 4, True), (3, 2, False)}
        kinds += [how[0] for indices, *how in searches for _ in indices]
    assert 0.3 < np.mean(np.array(kinds) == 8) < 0.5
    # A search whose root is decided by a winning pass makes no simulations.
    assert 0.95 * sum(kinds) < worker.work.simulations <= sum(kinds)
    assert games
    shares = [record.has_policy.mean() for record in games]
    assert 0.25 < np.mean(shares) < 0.55
    for record in games:
        assert record.has_target.all() and record.num_simulations == 8


def test_every_move_is_searched_in_full_by_default(finished):
    for record in finished:
        assert np.array_equal(record.has_policy, record.has_target)


def test_new_weights_are_named_in_the_record():
    config = config_for()
    rng = np.random.default_rng(0)
    worker = workers.SelfPlayWorker(config, evaluators.HashedEvaluator(SIZE), name="test", rng=rng, weights=1)
    worker.play_move()
    worker.set_weights(evaluators.HashedEvaluator(SIZE, seed=2), weights=5)
    games = []
    while not games:
        games = worker.play_move()
    assert games[0].oldest_weights == 1 and games[0].newest_weights == 5


def test_without_a_search_the_drawn_moves_are_the_targets():
    config = config_for(opening_policy_plies=0, opening_sampled_plies=3, temperature_early=4.0)
    config.search.algorithm = search_config.Algorithm.none
    network = evaluators.HashedEvaluator(SIZE)
    rng = np.random.default_rng(0)
    worker = workers.SelfPlayWorker(config, network, name="bare", rng=rng)
    games = []
    while len(games) < 30:
        games += worker.play_move()
    assert worker.work.simulations == 0
    assert worker.work.evaluations <= worker.work.moves, "one for each move, none if a pass wins"
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    for record in games:
        replayed = game_kernels.new_games(1, config.game)
        for ply in range(record.num_played):
            move = int(record.moves[ply])
            assert np.array_equal(record.policy[ply], np.eye(PASS + 1, dtype=np.float16)[move])
            chance = np.exp(-record.surprise[ply])
            assert 0 < chance <= 1 + 1e-6
            assert game_kernels.play(tables, replayed, scratch, 0, move) == rules.OK
        assert record.has_policy.all() and record.num_simulations == 0
        assert not (record.moves[:6] == PASS).any()
        assert (np.abs(record.root_values) <= 1).all()


@pytest.mark.parametrize("forced_playouts", [0.0, 2.0])
def test_puct_self_play_has_visit_shares_as_targets(forced_playouts):
    config = config_for()
    config.search.algorithm = search_config.Algorithm.puct
    config.search.forced_playouts = forced_playouts
    games = play_games(config, evaluators.HashedEvaluator(SIZE), moves=70)
    assert games
    for record in games:
        sums = record.policy[record.has_policy].astype(np.float64).sum(axis=1)
        np.testing.assert_allclose(sums, 1, atol=5e-3)
