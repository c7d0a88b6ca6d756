"""Tests of the chaos checks on made-up records: each violation is found, and a good run has none."""

import dataclasses
import random

import pytest

from tools.chaos import __main__, killer, verify, watch, world
from tools.chaos import record as chaos_records

KILL = 100.0


def game(number, written, life="selfplay000-aa", oldest=0, newest=0):
    return chaos_records.LoggedGame(id=f"{life}-{number:06d}", written=written, oldest=oldest, newest=newest)


def sample(time, games=1, step=0, checkpoint=0, promotions=1):
    return chaos_records.RunSample(
        time=time, written=time, games=games, step=step, promotions=promotions, checkpoint=checkpoint
    )


def line(time, text, pid=1, source="actors.learner"):
    return chaos_records.LogLine(time=time, pid=pid, source=source, text=text)


def good():
    """A run in which the learner was killed once and came back."""
    return chaos_records.ChaosRecord(
        blows=[chaos_records.Blow(time=KILL, kind=chaos_records.LEARNER, pid=7)],
        samples=[
            sample(90, games=2, step=39, checkpoint=20),
            sample(110, games=3, step=22, checkpoint=20),
            sample(120, games=4, step=45, checkpoint=40, promotions=2),
        ],
        games=[
            game(0, 80, oldest=0, newest=20),
            game(1, 85, oldest=20, newest=20),
            game(3, 105, oldest=30, newest=40),
            game(2, 115, oldest=20, newest=40),
        ],
        seen={"selfplay000-aa-000000": 81.0},
        lines=[line(104.5, "the learner goes on from step 20")],
        networks=[
            chaos_records.PromotedNetwork(number=1, steps=20),
            chaos_records.PromotedNetwork(number=3, steps=40),
        ],
        promoted={"00001-abcdefab.json": "abcdefab"},
    )


def broken(change):
    made = good()
    change(made)
    return {name: reasons for name, reasons in verify.verify(made, True).items() if reasons}


def test_a_good_run_has_no_violations():
    assert broken(lambda made: None) == {}


STAYS, RISES = "every counted game stays, exactly once", "promoted numbers and steps rise"
BACK, STEP = "counters never run back", "step never falls behind the last checkpoint"
VERSIONS, PROGRESS = "versions rise in each life of self-play", "progress after the last kill"


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        (lambda made: made.games.append(made.games[0]), STAYS, "000000 is 2 times in the log"),
        (lambda made: made.games.pop(0), STAYS, "000000 was in the log and is gone"),
        (lambda made: made.games.pop(1), STAYS, "counted 2 games when the log had 1"),
        (
            lambda made: made.samples.insert(2, sample(115, games=2, checkpoint=20)),
            BACK,
            "games fell from 3 to 2",
        ),
        (
            lambda made: made.samples.append(sample(130, games=4, checkpoint=20, promotions=2)),
            BACK,
            "checkpoint fell from 40 to 20",
        ),
        (lambda made: made.samples.append(sample(130, 4, 45, 40, 1)), BACK, "promotions fell from 2 to 1"),
        (
            lambda made: made.lines.append(line(125, "the learner goes on from step 20")),
            STEP,
            "went on from step 20, checkpoint 40 was there",
        ),
        (
            lambda made: made.samples.extend([sample(125, 4, 45, 40, 2), sample(130, 4, 39, 40, 2)]),
            STEP,
            "step fell from 45 to 39, checkpoint 40 was there",
        ),
        (
            lambda made: made.networks.append(chaos_records.PromotedNetwork(number=3, steps=60)),
            RISES,
            "number 3 of step 60 follows 3 of step 40",
        ),
        (
            lambda made: made.networks.append(chaos_records.PromotedNetwork(number=4, steps=40)),
            RISES,
            "number 4 of step 40 follows",
        ),
        (
            lambda made: made.promoted.update({"00002-abcdefab.json": ""}),
            RISES,
            "00002-abcdefab.json is gone",
        ),
        (
            lambda made: made.networks.append(
                chaos_records.PromotedNetwork(number=4, steps=60, trouble="torn")
            ),
            "promoted files match their certificates",
            "number 4: torn",
        ),
        (
            lambda made: made.games.append(game(4, 119, oldest=20, newest=40)),
            VERSIONS,
            "000004 began with 20",
        ),
        (lambda made: made.games.append(game(5, 119, oldest=40, newest=20)), VERSIONS, "ended with 20"),
        (lambda made: made.failures.append("ended with 1"), "the run goes on by itself", "ended with 1"),
    ],
)
def test_each_violation_is_found(change, name, words):
    found = broken(change)
    assert name in found
    assert words in "; ".join(found[name])


@pytest.mark.parametrize("name", ["games", "checkpoint", "promotions"])
def test_a_run_that_stopped_is_found(name):
    def change(made):
        stuck = getattr(made.samples[0], name)
        made.samples = [dataclasses.replace(each, **{name: stuck}) for each in made.samples]

    assert broken(change) == {PROGRESS: [f"{name} stayed at {getattr(good().samples[0], name)}"]}


def test_short_runs_need_no_promotion():
    made = good()
    made.samples = [dataclasses.replace(each, promotions=1) for each in made.samples]
    assert verify.progress(made, wants_promotion=False) == []


def test_other_lives_may_begin_with_older_networks():
    def change(made):
        made.games.append(game(0, 119, life="selfplay000-bb", oldest=20, newest=40))

    assert broken(change) == {}


BLOWS = {
    chaos_records.LEARNER: 4.5,
    chaos_records.RANK: 4.5,
    chaos_records.STORE: 7.0,
    chaos_records.EVALUATOR: 9.0,
    chaos_records.REPORTER: 10.0,
    chaos_records.REPLAY: 5.0,
    chaos_records.LADDER: 3.0,
    chaos_records.SELF_PLAY: 19.0,
    chaos_records.DRIVER: 19.0,
    chaos_records.NODE: 19.0,
    chaos_records.FULL_DISK: 15.0,
}


@pytest.mark.parametrize("kind", BLOWS)
def test_recoveries_are_timed_to_the_next_work(kind):
    made = good()
    made.blows = [chaos_records.Blow(time=KILL, kind=kind, over=110.0)]
    made.games.append(game(0, 119, life="selfplay000-bb", oldest=40, newest=40))
    made.lives = [
        chaos_records.Life(kind=each, pid=70 + number, began=103.0) for number, each in enumerate(BLOWS)
    ]
    evaluator = made.lives[list(BLOWS).index(chaos_records.EVALUATOR)].pid
    made.lines += [
        line(102.0, "step 40 refused", pid=1, source="alphazero.evaluation.gate"),
        line(109.0, "step 40 refused", pid=evaluator, source="alphazero.evaluation.gate"),
        line(107.0, "the weight store begins with version 20", source="actors.weight_store"),
    ]
    found = verify.recoveries(made)
    assert found == {kind: [pytest.approx(BLOWS[kind])]}
    assert verify.table(found) == [(kind, 1, pytest.approx(BLOWS[kind]), pytest.approx(BLOWS[kind]), 0)]


def test_actors_that_never_came_back_are_counted():
    made = good()
    made.blows.append(chaos_records.Blow(time=119.5, kind=chaos_records.LEARNER))
    assert verify.table(verify.recoveries(made)) == [(chaos_records.LEARNER, 2, 4.5, 4.5, 1)]


def test_every_kind_is_in_a_large_deck():
    cards = killer.deck(32, 2, random.Random(0))
    assert len(cards) == 34 and set(cards) == {*chaos_records.KILLS, *chaos_records.FAULTS}
    assert cards == killer.deck(32, 2, random.Random(0)) != killer.deck(32, 2, random.Random(1))
    short = killer.deck(8, 0, random.Random(0))
    assert len(short) == 8 and {
        chaos_records.NODE,
        chaos_records.DRIVER,
        chaos_records.REPLAY,
        chaos_records.STORE,
    } <= set(short)


def test_only_living_actors_are_killed():
    cards = [chaos_records.NODE, chaos_records.LADDER, chaos_records.STORE, chaos_records.LADDER]
    assert killer.take(cards, lambda kind: kind == chaos_records.LADDER) == chaos_records.LADDER
    assert cards == [chaos_records.NODE, chaos_records.STORE, chaos_records.LADDER]
    assert killer.take(cards, lambda kind: False) is None


def test_log_lines_are_read(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text(
        "2026-11-22 10:00:00,500 INFO 12 actors.learner: the learner goes on from step 40\n"
        "Traceback (most recent call last):\n"
        "2026-11-22 10:00:01,500 WARNING 13 actors.supervision: learner died\n"
    )
    first, second = watch.read_lines(path)
    assert (first.pid, first.source, second.text) == (12, "actors.learner", "learner died")
    assert second.time - first.time == pytest.approx(1.0)
    assert verify.restores(chaos_records.ChaosRecord(lines=[first, second])) == [(first.time, 40)]


def test_a_full_disk_is_full_and_then_free_again(tmp_path, monkeypatch):
    sizes = []
    monkeypatch.setattr(world, "_write_until_full", lambda file, data: sizes.append(len(data)))
    world.FullDisk(tmp_path).fill(0.01)
    assert sizes == [1 << 20, 1 << 12] and list(tmp_path.iterdir()) == []


def test_descendants_are_found(monkeypatch):
    parents = {1: 0, 2: 1, 3: 2, 4: 3, 5: 1}
    monkeypatch.setattr(world, "_pids", lambda: list(parents))
    monkeypatch.setattr(world, "_parent", parents.__getitem__)
    assert sorted(world.descendants([2, 9])) == [2, 3, 4]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("ray::SelfPlayActor.run", chaos_records.SELF_PLAY),
        ("ray::LearnerRank", chaos_records.RANK),
        ("ray::evaluator:EvaluatorActor.__init__", chaos_records.EVALUATOR),
        ("ray::weight store:WeightStore", chaos_records.STORE),
        ("ray::IDLE", None),
        ("python -m ReplayBuffer", None),
    ],
)
def test_processes_are_recognized_by_their_titles(title, kind):
    assert world.kind_of(title) == kind


@pytest.mark.parametrize(("why_not", "words"), [("needs root", "needs root"), ("", "is not empty")])
def test_a_reason_why_it_is_impossible_is_one_line(why_not, words, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.delenv("ALPHAZERO_CHAOS", raising=False)
    monkeypatch.setattr(__main__, "why_not", lambda: why_not)
    assert __main__.main(["--folder", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
