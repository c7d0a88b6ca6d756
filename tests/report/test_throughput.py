"""The balance of players and learner: by hand, and compared with the replay store that enforces it."""

import pytest

from alphazero.config import game as game_config
from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import store
from alphazero.report import throughput
from alphazero.report.throughput import Bottleneck
from tests.data import games


def balance(players, positions, samples, ratio=4.0):
    return throughput.players_fed(
        players,
        player_positions_per_s=positions,
        samples_per_s=samples,
        replay_ratio=ratio,
    )


# players, positions/s of each, samples/s -> capacity, fed, bottleneck, positions/s, self-play, learner
CASES = [
    (64, 100, 2960, 7.4, 7, Bottleneck.learner, 740, 7.4 / 64, 1),
    (2, 100, 2960, 7.4, 2, Bottleneck.self_play, 200, 1, 2 / 7.4),
    (8, 10, 320, 8, 8, Bottleneck.self_play, 80, 1, 1),
    (3, 1000, 2000, 0.5, 0, Bottleneck.learner, 500, 0.5 / 3, 1),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_balance_by_hand(case):
    players, positions, samples, capacity, fed, bottleneck, pace, self_play, learner = case
    found = balance(players, positions, samples)
    assert (found.fed, found.bottleneck) == (fed, bottleneck)
    assert found.capacity == pytest.approx(capacity)
    assert found.positions_per_s == pytest.approx(pace)
    assert (found.self_play_fraction, found.learner_fraction) == pytest.approx((self_play, learner))


def test_text():
    assert balance(64, 100, 2960).text() == (
        "the learner feeds 7 of 64 players: self-play pauses 88% of the time"
    )
    assert balance(3, 1000, 2000).text() == (
        "the learner feeds less than one of 3 players: self-play pauses 83% of the time"
    )
    assert balance(1, 100, 2960).text() == (
        "the learner waits for games 86% of the time: it could feed 7.4 players and has 1"
    )
    assert balance(3, 0.1, 1.2).text() == (
        "the learner waits for games 0% of the time: it could feed 3.0 players and has 3"
    )


RATIO, LEAD, BATCH, SECONDS = 2.0, 100, 4, 400


def paces_in_store(folder, players, games_per_s, batches_per_s):
    """Positions/s of the run, and the fractions of the time in which players and the learner work.

    A game of `make_record` has 4 positions. As in a run, players pause while the store requires it, and the
    learner trains on the batches that the store grants.
    """
    config = schema.Config(
        game=game_config.GameConfig(size=3),
        replay=replay_config.ReplayConfig(min_window=1000, max_window=1000, held_out_fraction=0.1),
        training=training_config.TrainingConfig(
            replay_ratio=RATIO, max_lead_positions=LEAD, min_positions=8, batch_size=BATCH
        ),
    )
    replay = store.ReplayStore(config, folder)
    played = trained = 0
    for second in range(SECONDS):
        if not replay.should_wait():
            played += 1
            names = [f"{second}-{number}" for number in range(players * games_per_s)]
            replay.add_games([games.make_record(game_id=name) for name in names], "actor")
        trained += sum(replay.request_batches(1, BATCH) is not None for _ in range(batches_per_s))
    return replay.counters.positions / SECONDS, played / SECONDS, trained / SECONDS / batches_per_s


@pytest.mark.parametrize(("players", "games_per_s", "batches_per_s"), [(5, 2, 6), (1, 1, 6), (2, 3, 3)])
def test_the_replay_store_couples_both_sides_as_computed(tmp_path, players, games_per_s, batches_per_s):
    pace, self_play, learner = paces_in_store(tmp_path, players, games_per_s, batches_per_s)
    found = balance(players, 4 * games_per_s, BATCH * batches_per_s, RATIO)
    assert pace == pytest.approx(found.positions_per_s, rel=0.05)
    assert self_play == pytest.approx(found.self_play_fraction, rel=0.05)
    assert learner == pytest.approx(found.learner_fraction, rel=0.05)
