"""Games with a teacher's answers: policies, values, komi, the division of games, and the windows' targets."""

import dataclasses

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import compose
from alphazero.data import gamelog, store
from alphazero.go import input_families, katago_inputs, play
from alphazero.supervised import teacher_games
from tests.data import games

KOMI = 7.0


def answer(evaluator, *records, komi=KOMI):
    teacher = teacher_games.Teacher(evaluator, 3, komi)
    return teacher.answer([teacher.replay(record) for record in records])


def softmax(logits):
    raised = np.exp(logits - logits.max())
    return raised / raised.sum()


class CountingEvaluator:
    """Prefers low actions. Its value says how many stones the player to move has more than the opponent."""

    def __init__(self, family):
        self.family = family

    def evaluate(self, inputs):
        own, other = (0, 8) if self.family is input_families.LEELA else (1, 2)
        stones = inputs.planes.reshape(*inputs.planes.shape[:2], -1).sum(axis=2, dtype=np.float32)
        logits = np.tile(-np.arange(10, dtype=np.float32), (len(inputs.planes), 1))
        return evaluators.Outputs(logits, (stones[:, own] - stones[:, other]) / 10)


class KomiEvaluator:
    """Its value is KataGo's input of komi."""

    family = input_families.KATAGO_FAST

    def evaluate(self, inputs):
        count = len(inputs.planes)
        return evaluators.Outputs(np.zeros((count, 10), np.float32), inputs.globals[:, katago_inputs.KOMI])


def test_policies_give_nothing_to_points_with_stones():
    logits = np.log(np.array([[8, 1, 2, 3, 2]], np.float32))
    stones = np.array([[True, False, False, False]])
    assert teacher_games.policy_of(logits, stones) == pytest.approx(np.array([[0, 1, 2, 3, 2]]) / 8)


@pytest.mark.parametrize("family", [input_families.LEELA, input_families.KATAGO_FAST, input_families.KATAGO])
def test_answers_take_the_place_of_the_searchs(family):
    """The game is Black 4, White 0, pass, pass. Every position is answered, also one without a search."""
    root_values = np.array([np.nan, -0.25, 0.0, 1.0], np.float32)
    policy = games.one_hot([4, 0, 9, 9], 10)
    policy[0] = 0
    record = games.make_record(root_values=root_values, policy=policy)
    (answered,) = answer(CountingEvaluator(family), record)
    assert answered.root_values == pytest.approx([0, -0.1, 0, 0])
    preferences = -np.arange(10.0)
    for ply, taken in enumerate(([], [4], [0, 4], [0, 4])):
        expected = preferences.copy()
        expected[taken] = -np.inf
        assert answered.policy[ply] == pytest.approx(softmax(expected), abs=1e-3)
        assert answered.policy[ply, taken].tolist() == [0] * len(taken)
    unchanged = [field.name for field in dataclasses.fields(record)]
    for name in set(unchanged) - {"policy", "root_values"}:
        assert np.array_equal(getattr(answered, name), getattr(record, name), equal_nan=name == "surprise")


def test_games_get_their_own_answers():
    """Compared with a replay by other means, for two games in one call."""
    evaluator = evaluators.HashedEvaluator(3)
    moves = [[4, 0, 9, 9], [1, 2, 5, 8, 9, 9]]
    records = [
        games.make_record(game_id=f"{len(each)}", moves=np.array(each, np.int16), num_played=len(each),
                          policy=games.one_hot(each, 10), root_values=np.zeros(len(each), np.float32))
        for each in moves
    ]  # fmt: skip
    for record, answered in zip(records, answer(evaluator, *records), strict=True):
        game = play.Game(3, KOMI)
        for ply, move in enumerate(record.moves.tolist()):
            planes, _ = input_families.encode_game(input_families.LEELA, game)
            outputs = evaluator.evaluate(evaluators.Inputs(planes))
            assert answered.root_values[ply] == outputs.values[0]
            free = np.append(game.stones.ravel()[:9] == 0, True)
            expected = softmax(np.where(free, outputs.logits[0].astype(float), -np.inf))
            assert answered.policy[ply] == pytest.approx(expected, abs=1e-3)
            game.play(move)


def test_the_teacher_answers_for_one_komi():
    (answered,) = answer(KomiEvaluator(), games.make_record(komi=2.0), komi=0.5)
    assert answered.komi == 0.5
    assert np.sign(answered.root_values).tolist() == [-1, 1, -1, 1]
    assert np.abs(answered.root_values) == pytest.approx([0.5 / 20] * 4)


def test_another_komi_changes_who_has_won():
    record = games.make_record(ownership=np.ones(9, np.int8), komi=8.5)
    assert (record.score, record.winner) == (0.5, 1)
    moved = teacher_games.at_komi(record, 9.5)
    assert (moved.komi, moved.score, moved.winner) == (9.5, -0.5, -1)
    resigned = games.make_record(ownership=np.ones(9, np.int8), komi=7.0, end="resign", winner=-1)
    assert teacher_games.at_komi(resigned, 7.0).winner == -1
    assert teacher_games.at_komi(resigned, 6.5).winner == 1


@pytest.fixture
def config():
    return compose.compose(["conf=9x9", "net=b2c16", "game.size=3", "replay.held_out_fraction=0.3"])


def collect(folder, config, evaluator=None, limit_s=1e9, skipped=None):
    teacher = teacher_games.Teacher(evaluator or CountingEvaluator(input_families.LEELA), 3, KOMI)
    on_corruption = [].append if skipped is None else skipped.append
    return teacher_games.collect(folder, teacher, config, limit_s, lambda: False, on_corruption)


def test_collected_games(tmp_path, config):
    log = gamelog.GameLog(tmp_path)
    names = [f"game-{number}" for number in range(40)]
    log.append_many([games.make_record(game_id=name) for name in names], "actor")
    log.append(games.make_record(game_id="illegal", moves=np.array([4, 4, 9, 9], np.int16)), "actor")
    skipped = []
    found = collect(tmp_path, config, skipped=skipped)
    held_out = sum(store.is_held_out(name, 0.3) for name in names)
    assert 4 < held_out < 20
    assert (found.num_games, found.num_held_out_games, found.is_complete) == (40, held_out, True)
    assert (len(found.training), len(found.held_out)) == (4 * (40 - held_out), 4 * held_out)
    assert len(skipped) == 1 and "illegal" in str(skipped[0])

    numbers, symmetries = np.arange(4), np.zeros(4, np.int64)
    teachers = np.array([0, -0.1, 0, 0])
    assert found.held_out.gather(numbers, symmetries).value == pytest.approx(teachers)
    # White is ahead by 7 points. Half of the value is the teacher's, half the outcome as `replay.*` says.
    outcome = (0.85 + 0.15 * np.tanh(7 / 10)) * np.array([-1, 1, -1, 1])
    batch = found.training.gather(numbers, symmetries)
    assert batch.value == pytest.approx((teachers + outcome) / 2)
    assert batch.policy.argmax(axis=1).tolist() == [0, 0, 1, 1]
    assert set(batch.auxiliary) == {"ownership"}


def test_the_newest_games_come_first(tmp_path, config, monkeypatch):
    """Three parts of games; after the first one, the time is used up, or the window is full."""
    log = gamelog.GameLog(tmp_path)
    monkeypatch.setattr(teacher_games, "_POSITIONS_AT_ONCE", 400)
    per_part = 100
    names = [f"game-{number}" for number in range(3 * per_part)]
    log.append_many([games.make_record(game_id=name) for name in names], "actor")
    found = collect(tmp_path, config, limit_s=0)
    assert (found.num_games, found.is_complete) == (per_part, False)
    newest = sum(store.is_held_out(name, 0.3) for name in names[-per_part:])
    assert found.num_held_out_games == newest
    short = dataclasses.replace(config.replay, min_window=100, max_window=200, held_out_fraction=0.0)
    found = collect(tmp_path, dataclasses.replace(config, replay=short))
    assert (len(found.training), found.num_games, found.is_complete) == (200, 50, True)


@pytest.mark.parametrize("name", ["nothing", "other"])
def test_no_games(tmp_path, config, name):
    if name == "other":
        record = games.make_record(size=2, moves=np.array([0, 4, 4], np.int16), num_played=3,
                                   policy=games.one_hot([0, 4, 4], 5), ownership=np.ones(4, np.int8),
                                   root_values=np.zeros(3, np.float32))  # fmt: skip
        gamelog.GameLog(tmp_path).append(record, "actor")
    with pytest.raises(ValueError, match=r"^SOURCE=.*: has no readable game of 3x3 to train on$"):
        collect(tmp_path, config)
