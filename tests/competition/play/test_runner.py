"""Tests of the runner with sides that need no processes: order of games, halting and stopping."""

import threading
import time

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.play import game_runner, opening_moves, runner, sides, stopping
from alphazero.competition.results import ledger
from tests.competition.play.scripted import ScriptedSide
from tests.competition.playing import game_settings, matchup, playoff

INTERNAL = game_settings(scorer=settings.Scorer.internal)


def quick(matchups=1, number_of_games=4, **options):
    pairs = [
        matchup(matchup_id=str(index), number_of_games=number_of_games, game=INTERNAL)
        for index in range(matchups)
    ]
    return playoff(*pairs, skip_player_checks=True, **options)


class FakeSides:
    """A factory of scripted sides. failures: player and game id -> failures of its attempts, in order."""

    def __init__(self, failures=None, replies=()):
        self.failures = failures or {}
        self.replies = replies
        self.contexts = []
        self.sides = []
        self.results = []

    def make_side(self, player, context):
        self.contexts.append(context)
        attempts = self.failures.get((player.code, context.game_id), [])
        failures = {"start": attempts.pop(0)} if attempts else {}
        self.sides.append(ScriptedSide(player.code, self.replies, failures=failures))
        return self.sides[-1]

    @property
    def factories(self):
        return game_runner.Factories(make_side=self.make_side)


def run(folder, competition, made, **options):
    events = []
    with ledger.Ledger(folder, "trial", competition) as book:
        try:
            runner.run(competition, book, on_event=events.append, factories=made.factories, **options)
        finally:
            made.results = book.contents.results
    return events


def ids(made):
    return [game.game_id for game in made.results]


def test_all_games_are_played(tmp_path):
    made = FakeSides()
    events = run(tmp_path, quick(2, 2), made)
    assert ids(made) == ["0_0", "1_0", "0_1", "1_1"]
    assert events[0] == "1/4 game 0_0: b beat a W+2.5"
    assert all(side.calls[-1] == "close" for side in made.sides)
    assert "a v b (2/2 games)" in (tmp_path / "report.txt").read_text()
    assert (tmp_path / "report.json").exists()
    assert sorted(path.name for path in (tmp_path / "games").iterdir()) == [
        f"{name}.sgf" for name in sorted(ids(made))
    ]


def test_a_finished_competition_does_nothing(tmp_path):
    run(tmp_path, quick(), FakeSides())
    made = FakeSides()
    assert run(tmp_path, quick(), made) == []
    assert made.contexts == []
    run(tmp_path, quick(number_of_games=5), made)
    assert ids(made) == ["0_0", "0_1", "0_2", "0_3", "0_4"]


def test_the_number_of_games_in_a_run_is_limited(tmp_path):
    made = FakeSides()
    for expected in (3, 6, 8):
        run(tmp_path, quick(2, 4), made, most_games=3, jobs=2)
        assert len(made.results) == expected


def test_a_void_game_is_played_again(tmp_path):
    made = FakeSides({("a", "0_1"): [sides.Broken("ended")]})
    events = run(tmp_path, quick(), made)
    assert ids(made) == ["0_0", "0_1", "0_2", "0_3"]
    assert events[1] == "game 0_1 is void: a: ended"


def test_void_games_that_are_not_in_a_row(tmp_path):
    made = FakeSides({("a", "0_1"): [sides.Broken("ended")], ("b", "0_2"): [sides.Broken("ended")]})
    run(tmp_path, quick(), made)
    assert len(made.results) == 4


def test_two_void_games_in_a_row_halt(tmp_path):
    made = FakeSides({("a", "0_1"): [sides.Broken("ended")] * 2})
    with pytest.raises(
        runner.Halted, match=r"^halted: 2 games in a row of matchup 0 are void; the last: a: ended$"
    ):
        run(tmp_path, quick(2), made)
    assert ids(made) == ["0_0", "1_0"]
    run(tmp_path, quick(2), made)
    assert len(made.results) == 8


def test_slots(tmp_path):
    made = FakeSides()
    run(tmp_path, quick(), made)
    assert {context.slot for context in made.contexts} == {None}
    made = FakeSides()
    run(tmp_path, quick(number_of_games=12), made, jobs=3)
    assert {context.slot for context in made.contexts} <= {0, 1, 2}
    for game_id in {context.game_id for context in made.contexts}:
        assert len({context.slot for context in made.contexts if context.game_id == game_id}) == 1


class Slow(ScriptedSide):
    """A side whose genmove blocks until `may_go_on` is set or the side is aborted."""

    def __init__(self, code, may_go_on):
        super().__init__(code)
        self.may_go_on = may_go_on
        self.is_aborted = threading.Event()

    def genmove(self):
        while not self.may_go_on.wait(0.01):
            if self.is_aborted.is_set():
                raise sides.Broken("killed")
        return super().genmove()

    def abort(self):
        self.is_aborted.set()


class FakeSlowSides(FakeSides):
    def __init__(self):
        super().__init__()
        self.may_go_on = threading.Event()

    def make_side(self, player, context):
        self.contexts.append(context)
        return Slow(player.code, self.may_go_on)


def test_games_are_played_at_once(tmp_path):
    made = FakeSlowSides()

    def should_stop():
        if len(made.contexts) == 6:
            made.may_go_on.set()
        return stopping.Stop.no

    run(tmp_path, quick(number_of_games=3), made, jobs=3, should_stop=should_stop)
    assert len(made.results) == 3


def test_the_first_request_waits_for_games(tmp_path):
    made = FakeSlowSides()

    def should_stop():
        if len(made.contexts) < 4:
            return stopping.Stop.no
        made.may_go_on.set()
        return stopping.Stop.after_games

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, quick(), made, jobs=2, should_stop=should_stop)
    assert sorted(ids(made)) == ["0_0", "0_1"]


def test_the_second_request_aborts_games(tmp_path):
    made = FakeSlowSides()

    def should_stop():
        return stopping.Stop.no if len(made.contexts) < 4 else stopping.Stop.at_once

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, quick(), made, jobs=2, should_stop=should_stop)
    assert ids(made) == []
    assert not (tmp_path / "void.jsonl").exists()
    made.may_go_on.set()
    run(tmp_path, quick(), made)
    assert ids(made) == ["0_0", "0_1", "0_2", "0_3"]


class LostScorer(Slow):
    """A side that is aborted during final_score and returns no score."""

    def genmove(self):
        return ScriptedSide.genmove(self)

    def final_score(self):
        self.is_aborted.wait(10)


def test_a_game_that_was_given_up_while_it_was_counted_is_played_again(tmp_path):
    made = FakeSlowSides()
    made.make_side = lambda player, context: LostScorer(player.code, made.may_go_on)
    competition = playoff(matchup(number_of_games=1), skip_player_checks=True)
    began = time.monotonic()

    def should_stop():
        return stopping.Stop.at_once if time.monotonic() > began + 0.3 else stopping.Stop.no

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, competition, made, should_stop=should_stop)
    assert ids(made) == []


def test_a_request_after_the_last_game_has_no_effect(tmp_path):
    made = FakeSides()
    stops = {True: stopping.Stop.after_games, False: stopping.Stop.no}
    run(tmp_path, quick(number_of_games=1), made, should_stop=lambda: stops[len(made.contexts) == 2])
    assert ids(made) == ["0_0"]


def test_an_error_aborts_all_games(tmp_path):
    made = FakeSlowSides()

    def make_side(player, context):
        if context.game_id == "0_1":
            raise ValueError("players.a.weights: there is no such file")
        return Slow(player.code, made.may_go_on)

    made.make_side = make_side
    began = time.monotonic()
    with pytest.raises(ValueError, match="no such file"):
        run(tmp_path, quick(), made, jobs=2)
    assert time.monotonic() - began < 5
    assert ids(made) == []


def test_each_pair_shares_an_opening(tmp_path):
    competition = playoff(matchup(openings="book", number_of_games=4, game=INTERNAL), skip_player_checks=True)
    made, asked = FakeSides(), []

    def make_opening(matchup, index):
        asked.append(index)
        return opening_moves.OpeningMoves(moves=(index, 24 - index))

    factories = game_runner.Factories(make_side=made.make_side, make_opening=make_opening)
    with ledger.Ledger(tmp_path, "trial", competition) as book:
        runner.run(competition, book, factories=factories)
        games = book.contents.results
    assert asked == [0, 0, 1, 1]
    assert [(game.black, game.opening) for game in games] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert games[0].moves_sha256 == games[1].moves_sha256 != games[2].moves_sha256


def test_openings_without_a_factory_are_refused(tmp_path):
    competition = playoff(matchup(openings="book"), skip_player_checks=True)
    with pytest.raises(ValueError, match=r"^matchups\.0\.openings=book: openings are not available here$"):
        run(tmp_path, competition, FakeSides())


def test_games_are_not_recorded(tmp_path):
    run(tmp_path, quick(record_games=False), FakeSides())
    assert not (tmp_path / "games").exists()


def test_players_are_checked_in_their_first_matchup(tmp_path):
    competition = playoff(
        matchup("a", "b", game=game_settings(board_size=7), number_of_games=0),
        matchup("a", "c", matchup_id="1", game=game_settings(board_size=5), number_of_games=1),
    )
    made = FakeSides()
    run(tmp_path, competition, made)
    checks = [(context.game_id, context.game.board_size) for context in made.contexts[:2]]
    assert checks == [("startup-check", 5)] * 2
    assert [context.game_id for context in made.contexts[2:]] == ["1_0"] * 2
