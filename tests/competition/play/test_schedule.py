"""Tests of the order of games, worked out by hand."""

import pytest

from alphazero.competition.play import schedule
from tests.competition.playing import matchup, playoff, result


def order(competition, count, results=(), under_way=()):
    """Ids of the next games, if none of them ends."""
    under_way, found = list(under_way), []
    for _ in range(count):
        fixture = schedule.next_fixture(competition, results, under_way)
        if fixture is None:
            break
        found.append(fixture.game_id)
        under_way.append((fixture.matchup.id, fixture.number))
    return " ".join(found)


def test_matchups_take_turns():
    competition = playoff(
        matchup(matchup_id="x", number_of_games=2), matchup(matchup_id="y", number_of_games=2)
    )
    assert order(competition, 9) == "x_0 y_0 x_1 y_1"


def test_the_smallest_share_comes_first():
    competition = playoff(
        matchup(matchup_id="x", number_of_games=2), matchup(matchup_id="y", number_of_games=4)
    )
    assert order(competition, 9) == "x_0 y_0 y_1 x_1 y_2 y_3"


def test_endless_matchups_keep_up_with_the_largest():
    endless = matchup(matchup_id="x", number_of_games=None)
    assert order(playoff(endless), 3) == "x_0 x_1 x_2"
    assert order(playoff(endless, matchup(matchup_id="y", number_of_games=2)), 6) == "x_0 y_0 x_1 y_1 x_2 x_3"


def test_a_matchup_without_games_is_skipped():
    competition = playoff(
        matchup(matchup_id="x", number_of_games=0), matchup(matchup_id="y", number_of_games=1)
    )
    assert order(competition, 9) == "y_0"


def test_games_that_are_missing_come_first():
    competition = playoff(matchup(number_of_games=12))
    assert order(competition, 3, [result(0), result(2)], [("0", 3)]) == "0_01 0_04 0_05"


def test_results_beyond_the_number_leave_nothing_to_do():
    assert order(playoff(matchup(number_of_games=2)), 9, [result(0), result(1), result(2)]) == ""


@pytest.mark.parametrize(
    ("total", "game_id"),
    [(None, "0_7"), (8, "0_7"), (10, "0_7"), (11, "0_07"), (100, "0_07"), (101, "0_007")],
)
def test_names_are_equally_long(total, game_id):
    assert schedule.Fixture(matchup(number_of_games=total), 7).game_id == game_id


@pytest.mark.parametrize(
    ("options", "colors", "openings"),
    [
        ({}, "ab ab ab ab", [None] * 4),
        ({"alternating": True}, "ab ba ab ba", [None] * 4),
        ({"openings": "book"}, "ab ba ab ba", [0, 0, 1, 1]),
    ],
)
def test_colors_and_openings(options, colors, openings):
    fixtures = [schedule.Fixture(matchup(**options), number) for number in range(4)]
    assert " ".join(fixture.black + fixture.white for fixture in fixtures) == colors
    assert [fixture.opening for fixture in fixtures] == openings


def test_two_voids_in_a_row_reach_the_limit():
    voids = schedule.VoidCount()
    assert not voids.game_is_void("x")
    assert not voids.game_is_void("y")
    voids.game_counts("x")
    assert not voids.game_is_void("x")
    assert voids.game_is_void("y")
    assert voids.game_is_void("x")


def test_number_of_games():
    assert playoff(matchup(matchup_id="x"), matchup(matchup_id="y", number_of_games=3)).num_games == 5
    assert playoff(matchup(number_of_games=None)).num_games is None
