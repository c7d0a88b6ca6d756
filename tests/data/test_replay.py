"""The replay window, compared with replayed games and with formulas in plain numpy."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphazero import jit
from alphazero.config import game as game_config
from alphazero.config import replay as replay_config
from alphazero.data import packed_inputs, replay
from alphazero.data import record as records
from alphazero.data import rows as data_rows
from alphazero.data import targets as game_targets
from alphazero.go import board, features, game_kernels, geometry, input_families, rules, symmetry
from tests.data import games

SIZE, POINTS = 5, 25
GEOMETRY, SCRATCH = geometry.make(SIZE), board.make_scratch(POINTS)


def random_game(rng: np.random.Generator, *, moves: int = 30, targets: float = 1.0) -> records.GameRecord:
    """A random legal 5x5 game with random targets at a fraction of its positions."""
    config = game_config.GameConfig(size=SIZE, move_limit=moves)
    position, legal = game_kernels.new_games(1, config, 64), np.zeros(POINTS + 1, np.bool_)
    played = []
    while not position[0].over:
        game_kernels.legal_actions(GEOMETRY, position, 0, legal)
        played.append(int(rng.choice(np.flatnonzero(legal))))
        game_kernels.play(GEOMETRY, position, SCRATCH, 0, played[-1])
    count = len(played)
    policy = rng.dirichlet(np.full(POINTS + 1, 0.3), count).astype(np.float16)
    values = rng.uniform(-1, 1, count).astype(np.float32)
    is_unsearched = rng.random(count) >= targets
    policy[is_unsearched], values[is_unsearched] = 0, np.nan
    return games.make_record(
        game_id=str(rng.random()),
        size=SIZE,
        move_limit=moves,
        moves=np.array(played, np.int16),
        num_played=count,
        policy=policy,
        root_values=values,
        ownership=rng.integers(-1, 2, POINTS).astype(np.int8),
        end="limit",
    )


def window_of(max_window: int = 1000) -> replay.ReplayWindow:
    config = replay_config.ReplayConfig(min_window=max_window, max_window=max_window)
    return replay.ReplayWindow(SIZE, config)


def planes_of(record: records.GameRecord) -> np.ndarray:
    """[T, 18, P] planes by `features.planes` of the game, replayed here."""
    config = game_config.GameConfig(size=SIZE, suicide=record.suicide)
    position = game_kernels.new_games(1, config, 64)
    planes = np.zeros((record.num_played, features.NUM_PLANES, POINTS), np.uint8)
    for ply in range(record.num_played):
        features.planes(GEOMETRY, position, np.zeros(1, np.int64), planes[ply : ply + 1])
        status = game_kernels.play(GEOMETRY, position, SCRATCH, 0, int(record.moves[ply]))
        assert status == rules.OK
    return planes


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), targets=st.sampled_from([0.1, 0.5, 1.0]))
def test_batches_hold_what_the_rules_and_the_records_say(seed: int, targets: float):
    """Every target of two games in every symmetry: planes, policy, ownership and value."""
    rng = np.random.default_rng(seed)
    window, played = window_of(), [random_game(rng, targets=targets) for _ in range(2)]
    expected = []
    for record in played:
        assert window.add(record) == record.num_targets
        planes, values = planes_of(record), game_targets.values(record, replay_config.ReplayConfig())
        for ply in np.flatnonzero(record.has_target):
            owner = record.ownership if ply % 2 == 0 else -record.ownership
            expected.append((planes[ply], record.policy[ply].astype(np.float32), owner, values[ply]))
    assert window.positions == len(window) == len(expected)
    for s in range(symmetry.NUM_SYMMETRIES) if expected else []:
        batch = window.gather(np.arange(len(expected)), np.full(len(expected), s))
        for row, (planes, policy, owner, value) in enumerate(expected):
            shown = input_families.LEELA.unpack(batch.planes, SIZE)[row].reshape(features.NUM_PLANES, POINTS)
            assert np.array_equal(shown, symmetry.apply(planes, s, SIZE))
            assert np.allclose(batch.policy[row], symmetry.apply(policy, s, SIZE) / policy.sum())
            assert np.array_equal(batch.auxiliary["ownership"][row], symmetry.apply(owner, s, SIZE))
            assert batch.value[row] == value


def test_planes_and_owners_are_those_of_the_player_to_move():
    """3x3: White to move after Black A1. Black ends with the left column, White with the rest."""
    owner = np.array([1, -1, -1] * 3, np.int8)
    record = games.make_record(
        moves=np.array([0, 1], np.int16),
        num_played=2,
        policy=games.one_hot([0, 1], 10),
        root_values=np.zeros(2, np.float32),
        ownership=owner,
        end="limit",
    )
    window = replay.ReplayWindow(3, replay_config.ReplayConfig(min_window=10, max_window=10))
    assert window.add(record) == 2
    batch = window.gather(np.array([1]), np.array([symmetry.IDENTITY]))
    planes = input_families.LEELA.unpack(batch.planes, 3)[0]
    assert planes[:8].sum() == 0  # White has no stone yet
    assert planes[8, 0].tolist() == [1, 0, 0]  # Black's stone, bottom row first
    assert planes[9:16].sum() == 0
    assert (planes[16].sum(), planes[17].sum()) == (0, 9)
    assert batch.auxiliary["ownership"][0].tolist() == (-owner).tolist()
    assert batch.policy[0].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert batch.weight.tolist() == [1]


def test_a_game_is_replayed_by_its_own_ko_rule():
    """The last move repeats the board after Black's first move, six moves earlier."""
    moves = np.array([0, 2, 1, 3, 0, 1, 0], np.int16)
    settings = {
        "size": 2,
        "moves": moves,
        "num_played": 7,
        "policy": games.one_hot(moves.tolist(), 5),
        "root_values": np.zeros(7, np.float32),
        "ownership": np.ones(4, np.int8),
        "end": "limit",
    }
    window = replay.ReplayWindow(2, replay_config.ReplayConfig(min_window=10, max_window=10))
    with pytest.raises(ValueError, match="move 7, A1: it would repeat an earlier position"):
        window.add(games.make_record(**settings))
    assert window.add(games.make_record(**settings, ko="simple")) == 7


def test_cheaply_searched_positions_are_targets_without_a_policy():
    policy = games.one_hot([4, 0, 9, 9], 10)
    policy[1] = 0
    record = games.make_record(policy=policy)
    window = replay.ReplayWindow(3, replay_config.ReplayConfig(min_window=10, max_window=10))
    assert window.add(record) == record.num_targets == 4
    batch = window.gather(np.arange(4), np.zeros(4, np.int64))
    assert batch.policy.sum(axis=1).tolist() == [1, 0, 1, 1]
    assert batch.value[1] == game_targets.values(record, replay_config.ReplayConfig())[1]
    assert batch.auxiliary["ownership"][1].tolist() == (-record.ownership).tolist()


@pytest.mark.parametrize(("outcome", "score"), [(0.75, 0.15), (1.0, 0.0), (0.0, 0.5), (0.5, 1.0)])
def test_value_targets(outcome: float, score: float):
    """White wins by 7; the formula is written out again for each ply."""
    record = games.make_record()
    assert (record.winner, record.score) == (-1, -7)
    config = replay_config.ReplayConfig(outcome_weight=outcome, score_weight=score, score_scale=5.0)
    black = (1 - score) * -1 + score * np.tanh(-7 / 5)
    roots = [0.5, -0.25, 0.0, 1.0]
    expected = [
        outcome * sign * black + (1 - outcome) * root
        for sign, root in zip([1, -1, 1, -1], roots, strict=True)
    ]
    assert game_targets.values(record, config) == pytest.approx(expected)


def test_draws_have_value_zero():
    config = replay_config.ReplayConfig(outcome_weight=1.0)
    assert game_targets.values(games.make_record(komi=0.0), config) == pytest.approx([0, 0, 0, 0])


def test_the_window_grows_with_the_positions():
    rng = np.random.default_rng(0)
    config = replay_config.ReplayConfig(min_window=40, max_window=100, window_share=0.5)
    window = replay.ReplayWindow(SIZE, config)
    lengths = []
    for _ in range(10):
        window.add(random_game(rng))
        expected = min(window.positions, max(40, min(100, window.positions // 2)))
        lengths.append(len(window))
        assert len(window) == expected
    assert window.positions > 250
    assert lengths[-1] == 100


@pytest.mark.parametrize("family", [input_families.LEELA, input_families.KATAGO])
@pytest.mark.parametrize("size", [2, 5, 9, 19])
def test_the_bytes_of_a_window_are_those_of_its_arrays(size: int, family: input_families.InputFamily):
    config = replay_config.ReplayConfig(min_window=70, max_window=70)
    window = replay.ReplayWindow(size, config, family=family)
    arrays = [*window._entries, *window._targets.values(), *window._inputs]
    assert 70 * replay.bytes_per_target(size, family) == sum(array.nbytes for array in arrays)


def test_the_byte_budget_shortens_the_window(caplog: pytest.LogCaptureFixture):
    gib = 50 * replay.bytes_per_target(SIZE) / 2**30
    config = replay_config.ReplayConfig(min_window=60, max_window=100)
    config.max_gib = gib + 1e-9
    window = replay.ReplayWindow(SIZE, config)
    assert window.capacity == 50 and sum(array.nbytes for array in window._targets.values()) < gib * 2**30
    (line,) = caplog.messages
    assert "room for 50 positions of 5x5" in line and "replay.max_window=100" in line
    rng = np.random.default_rng(0)
    for _ in range(10):
        window.add(random_game(rng))
    assert len(window) == 50
    newest = window.gather(np.arange(window.positions - 50, window.positions), np.zeros(50, np.int64))
    assert np.isfinite(newest.value).all() and (newest.policy.sum(axis=1) > 0.9).all()


def test_within_the_budget_there_is_no_message(caplog: pytest.LogCaptureFixture):
    assert window_of(100).capacity == 100
    assert caplog.messages == []


def test_exactly_the_window_is_drawn():
    rng = np.random.default_rng(0)
    window = replay.ReplayWindow(
        SIZE, replay_config.ReplayConfig(min_window=20, max_window=1000, window_share=0.1, outcome_weight=0)
    )
    played = [random_game(rng) for _ in range(20)]
    for record in played:
        window.add(record)
    newest = np.concatenate([record.root_values for record in played])[-len(window) :]
    drawn = window.sample(5000, rng).value
    assert set(drawn.tolist()) == set(newest.tolist())
    assert 20 <= len(window) < window.positions


def test_symmetries_are_drawn_evenly():
    record = random_game(np.random.default_rng(3))
    window = window_of()
    window.add(record)
    rng = np.random.default_rng(0)
    batch = window.sample(4000, rng)
    again = np.random.default_rng(0)
    numbers, drawn = again.integers(0, len(window), 4000), again.integers(0, 8, 4000)
    assert np.array_equal(batch.planes, window.gather(numbers, drawn).planes)
    assert np.bincount(drawn).min() > 400


def test_surprising_positions_are_drawn_by_their_weights():
    rng = np.random.default_rng(0)
    config = replay_config.ReplayConfig(
        min_window=1000, max_window=1000, surprise_weight=0.8, outcome_weight=0
    )
    window, record = replay.ReplayWindow(SIZE, config), random_game(rng)
    record.surprise[:] = rng.exponential(size=record.num_played)
    window.add(record)
    weights = game_targets.draw_weights(record, config).astype(np.float64)
    drawn = window._draw(40_000, rng)
    shares = np.bincount(drawn, minlength=len(weights)) / len(drawn)
    assert weights.max() > 2 * weights.min()
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.006)


def test_replies_scores_and_short_term_values_belong_to_their_positions():
    """A reply is the policy of the next ply, turned alike.

    There is none before a gap, the game's end or a cheap search.
    """
    rng = np.random.default_rng(4)
    config = replay_config.ReplayConfig(min_window=1000, max_window=1000)
    window = replay.ReplayWindow(SIZE, config)
    played = [random_game(rng, targets=0.7) for _ in range(2)]
    played[1].policy[np.flatnonzero(played[1].has_target)[3]] = 0  # a cheap search
    expected = []
    for record in played:
        window.add(record)
        scores, short = game_targets.scores(record, config), game_targets.short_term_values(record, config)
        for ply in np.flatnonzero(record.has_target):
            later = record.policy[ply + 1] if ply + 1 < record.num_played else np.zeros(POINTS + 1)
            expected.append((scores[ply], short[ply], later.astype(np.float32)))
    batch = window.gather(np.arange(len(expected)), np.full(len(expected), 3))
    found = batch.auxiliary
    assert 0 < np.count_nonzero(found["reply"].sum(axis=1)) < len(expected) - 2
    for row, (score, short, reply) in enumerate(expected):
        assert found["score"][row] == score
        assert np.array_equal(found["short_term"][row], short)
        assert np.allclose(found["reply"][row], symmetry.apply(reply, 3, SIZE) / max(reply.sum(), 1e-9))


def test_batches_have_the_configured_optional_fields():
    record, config = random_game(np.random.default_rng(4)), replay_config.ReplayConfig()
    whole = replay.ReplayWindow(SIZE, config)
    whole.add(record)
    numbers, symmetries = np.arange(5), np.arange(5)
    for name in game_targets.optional_fields():
        window = replay.ReplayWindow(SIZE, config, {name})
        window.add(record)
        batch = window.gather(numbers, symmetries)
        assert data_rows.known(batch) == {name}
        assert np.array_equal(batch.auxiliary[name], whole.gather(numbers, symmetries).auxiliary[name])


def test_staleness_is_the_mean_age_of_the_networks():
    window, rng = window_of(), np.random.default_rng(0)
    assert window.staleness == 0
    records_, versions = [random_game(rng) for _ in range(3)], [100, 200, 500]
    for record, version in zip(records_, versions, strict=True):
        window.add(dataclasses.replace(record, oldest_weights=0, newest_weights=version))
    ages = np.repeat([400, 300, 0], [record.num_targets for record in records_])
    assert window.staleness == pytest.approx(ages.mean())


def test_new_games_overwrite_old_ones_completely():
    """A small window that is overwritten several times, compared with one that holds all positions."""
    rng = np.random.default_rng(0)
    small, large = window_of(64), window_of(4000)
    for _ in range(60):
        record = random_game(rng, targets=0.6)
        small.add(record)
        large.add(record)
        count = len(small)
        assert count == min(64, small.positions)
        numbers = np.arange(small.positions - count, small.positions)
        symmetries = rng.integers(0, 8, count)
        found = data_rows.arrays(small.gather(numbers, symmetries))
        for name, expected in data_rows.arrays(large.gather(numbers, symmetries)).items():
            assert np.array_equal(found[name], expected)


def test_skipped_positions_count():
    window = window_of(100)
    window.skip(5000)
    assert (window.positions, len(window)) == (5000, 0)
    record = random_game(np.random.default_rng(0))
    window.add(record)
    assert (window.positions, len(window)) == (5000 + record.num_targets, record.num_targets)
    assert window.sample(10, np.random.default_rng(0)).planes.shape == (
        10,
        input_families.LEELA.num_packed_bytes(SIZE),
    )


def test_moves_of_a_play_out_are_not_replayed():
    record = games.make_record(
        moves=np.array([4, 0, 9, 4], np.int16),
        num_played=3,
        policy=games.one_hot([4, 0, 9], 10),
        root_values=np.zeros(3, np.float32),
        end="resign",
    )
    window = replay.ReplayWindow(3, replay_config.ReplayConfig(min_window=10, max_window=10))
    assert window.add(record) == 3


def test_illegal_games_are_refused_and_change_nothing():
    window = window_of(100)
    illegal = games.make_record(
        game_id="bad",
        size=SIZE,
        move_limit=30,
        moves=np.array([0, 1, 1], np.int16),
        num_played=3,
        policy=games.one_hot([0, 1, 1], 26),
        root_values=np.zeros(3, np.float32),
        ownership=np.zeros(25, np.int8),
        end="limit",
    )
    with pytest.raises(ValueError, match="game bad: move 3, B1: the point is occupied"):
        window.add(illegal)
    with pytest.raises(ValueError, match="game game-1: size 3, expected 5"):
        window.add(games.make_record())
    assert (window.positions, len(window)) == (0, 0)


def test_kernels_are_compiled_once_for_each_layout():
    window = window_of(100)
    window.add(random_game(np.random.default_rng(0)))
    window.sample(3, np.random.default_rng(0))
    kernels = packed_inputs._turn, packed_inputs._replay
    before = [jit.num_signatures(kernel) for kernel in kernels]
    window.add(random_game(np.random.default_rng(1), moves=17))
    window.sample(5, np.random.default_rng(0))
    assert [jit.num_signatures(kernel) for kernel in kernels] == before
