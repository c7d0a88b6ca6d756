"""Order, halting and stopping, with sides that need no processes."""

import threading
import time

import pytest

from alphazero.competition import ledger, opening, runner, settings, sides, stopping, table
from tests.competition.playing import game_settings, matchup, playoff
from tests.competition.scripted import ScriptedSide

INTERNAL = game_settings(scorer=settings.Scorer.internal)


def quick(matchups=1, number_of_games=4, **options):
    pairs = [
        matchup(matchup_id=str(index), number_of_games=number_of_games, game=INTERNAL)
        for index in range(matchups)
    ]
    return playoff(*pairs, skip_player_checks=True, **options)


class House:
    """Makes sides; `troubles` of a game are used up by its attempts, one list for each."""

    def __init__(self, troubles=None, replies=()):
        self.troubles = troubles or {}
        self.replies = replies
        self.seats = []
        self.sides = []
        self.results = []

    def make_side(self, player, seat):
        self.seats.append(seat)
        attempts = self.troubles.get((player.code, seat.game_id), [])
        troubles = {"start": attempts.pop(0)} if attempts else {}
        self.sides.append(ScriptedSide(player.code, self.replies, troubles=troubles))
        return self.sides[-1]

    @property
    def supply(self):
        return table.Supply(make_side=self.make_side)


def run(folder, competition, house, **options):
    events = []
    with ledger.Ledger(folder, "trial", competition) as book:
        try:
            runner.run(competition, book, on_event=events.append, supply=house.supply, **options)
        finally:
            house.results = book.contents.results
    return events


def ids(house):
    return [game.game_id for game in house.results]


def test_all_games_are_played(tmp_path):
    house = House()
    events = run(tmp_path, quick(2, 2), house)
    assert ids(house) == ["0_0", "1_0", "0_1", "1_1"]
    assert events[0] == "1/4 game 0_0: b beat a W+2.5"
    assert all(side.calls[-1] == "close" for side in house.sides)
    assert "a v b (2/2 games)" in (tmp_path / "report.txt").read_text()
    assert (tmp_path / "report.json").exists()
    assert sorted(path.name for path in (tmp_path / "games").iterdir()) == [
        f"{name}.sgf" for name in sorted(ids(house))
    ]


def test_a_finished_competition_does_nothing(tmp_path):
    run(tmp_path, quick(), House())
    house = House()
    assert run(tmp_path, quick(), house) == []
    assert house.seats == []
    run(tmp_path, quick(number_of_games=5), house)
    assert ids(house) == ["0_0", "0_1", "0_2", "0_3", "0_4"]


def test_so_many_games_and_no_more(tmp_path):
    house = House()
    for expected in (3, 6, 8):
        run(tmp_path, quick(2, 4), house, most_games=3, jobs=2)
        assert len(house.results) == expected


def test_a_void_game_is_played_again(tmp_path):
    house = House({("a", "0_1"): [sides.Broken("ended")]})
    events = run(tmp_path, quick(), house)
    assert ids(house) == ["0_0", "0_1", "0_2", "0_3"]
    assert events[1] == "game 0_1 is void: a: ended"


def test_void_games_that_are_not_in_a_row(tmp_path):
    house = House({("a", "0_1"): [sides.Broken("ended")], ("b", "0_2"): [sides.Broken("ended")]})
    run(tmp_path, quick(), house)
    assert len(house.results) == 4


def test_two_void_games_in_a_row_halt(tmp_path):
    house = House({("a", "0_1"): [sides.Broken("ended")] * 2})
    with pytest.raises(
        runner.Halted, match=r"^halted: 2 games in a row of matchup 0 are void; the last: a: ended$"
    ):
        run(tmp_path, quick(2), house)
    assert ids(house) == ["0_0", "1_0"]
    run(tmp_path, quick(2), house)
    assert len(house.results) == 8


def test_slots(tmp_path):
    house = House()
    run(tmp_path, quick(), house)
    assert {seat.slot for seat in house.seats} == {None}
    house = House()
    run(tmp_path, quick(number_of_games=12), house, jobs=3)
    assert {seat.slot for seat in house.seats} <= {0, 1, 2}
    for game_id in {seat.game_id for seat in house.seats}:
        assert len({seat.slot for seat in house.seats if seat.game_id == game_id}) == 1


class Slow(ScriptedSide):
    """Thinks until it is aborted, or until everybody may go on."""

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


class SlowHouse(House):
    def __init__(self):
        super().__init__()
        self.may_go_on = threading.Event()

    def make_side(self, player, seat):
        self.seats.append(seat)
        return Slow(player.code, self.may_go_on)


def test_games_are_played_at_once(tmp_path):
    house = SlowHouse()

    def should_stop():
        if len(house.seats) == 6:
            house.may_go_on.set()
        return stopping.Stop.no

    run(tmp_path, quick(number_of_games=3), house, jobs=3, should_stop=should_stop)
    assert len(house.results) == 3


def test_the_first_request_waits_for_games(tmp_path):
    house = SlowHouse()

    def should_stop():
        if len(house.seats) < 4:
            return stopping.Stop.no
        house.may_go_on.set()
        return stopping.Stop.after_games

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, quick(), house, jobs=2, should_stop=should_stop)
    assert sorted(ids(house)) == ["0_0", "0_1"]


def test_the_second_request_gives_games_up(tmp_path):
    house = SlowHouse()

    def should_stop():
        return stopping.Stop.no if len(house.seats) < 4 else stopping.Stop.at_once

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, quick(), house, jobs=2, should_stop=should_stop)
    assert ids(house) == []
    assert not (tmp_path / "void.jsonl").exists()
    house.may_go_on.set()
    run(tmp_path, quick(), house)
    assert ids(house) == ["0_0", "0_1", "0_2", "0_3"]


class LostScorer(Slow):
    """An engine that is killed while it counts knows no score."""

    def genmove(self):
        return ScriptedSide.genmove(self)

    def final_score(self):
        self.is_aborted.wait(10)


def test_a_game_that_was_given_up_while_it_was_counted_is_played_again(tmp_path):
    house = SlowHouse()
    house.make_side = lambda player, seat: LostScorer(player.code, house.may_go_on)
    competition = playoff(matchup(number_of_games=1), skip_player_checks=True)
    began = time.monotonic()

    def should_stop():
        return stopping.Stop.at_once if time.monotonic() > began + 0.3 else stopping.Stop.no

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, competition, house, should_stop=should_stop)
    assert ids(house) == []


def test_a_request_that_comes_too_late_is_no_interruption(tmp_path):
    house = House()
    stops = {True: stopping.Stop.after_games, False: stopping.Stop.no}
    run(tmp_path, quick(number_of_games=1), house, should_stop=lambda: stops[len(house.seats) == 2])
    assert ids(house) == ["0_0"]


def test_a_mistake_ends_all_games(tmp_path):
    house = SlowHouse()

    def make_side(player, seat):
        if seat.game_id == "0_1":
            raise ValueError("players.a.weights: there is no such file")
        return Slow(player.code, house.may_go_on)

    house.make_side = make_side
    began = time.monotonic()
    with pytest.raises(ValueError, match="no such file"):
        run(tmp_path, quick(), house, jobs=2)
    assert time.monotonic() - began < 5
    assert ids(house) == []


def test_openings_are_made_for_pairs(tmp_path):
    competition = playoff(matchup(openings="book", number_of_games=4, game=INTERNAL), skip_player_checks=True)
    house, asked = House(), []

    def make_opening(matchup, index):
        asked.append(index)
        return opening.Opening(moves=(index, 24 - index))

    supply = table.Supply(make_side=house.make_side, make_opening=make_opening)
    with ledger.Ledger(tmp_path, "trial", competition) as book:
        runner.run(competition, book, supply=supply)
        games = book.contents.results
    assert asked == [0, 0, 1, 1]
    assert [(game.black, game.opening) for game in games] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert games[0].moves_sha256 == games[1].moves_sha256 != games[2].moves_sha256


def test_openings_need_somebody_else(tmp_path):
    competition = playoff(matchup(openings="book"), skip_player_checks=True)
    with pytest.raises(ValueError, match=r"^matchups\.0\.openings=book: openings cannot be had here$"):
        run(tmp_path, competition, House())


def test_no_record_of_games(tmp_path):
    run(tmp_path, quick(record_games=False), House())
    assert not (tmp_path / "games").exists()


def test_players_are_tried_out_in_their_first_matchup(tmp_path):
    competition = playoff(
        matchup("a", "b", game=game_settings(board_size=7), number_of_games=0),
        matchup("a", "c", matchup_id="1", game=game_settings(board_size=5), number_of_games=1),
    )
    house = House()
    run(tmp_path, competition, house)
    checks = [(seat.game_id, seat.game.board_size) for seat in house.seats[:2]]
    assert checks == [("startup-check", 5)] * 2
    assert [seat.game_id for seat in house.seats[2:]] == ["1_0"] * 2
