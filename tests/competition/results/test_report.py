"""Tests of reports, worked out by hand from gomill's pages on results, playoffs and all-play-alls."""

import json
import textwrap

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.results import report
from alphazero.evaluation import ratings
from tests.competition.results.games import competition, matchup, played

CPU = {"cpu_s": {"b": 1.0, "w": 2.0}}
UNKNOWN_CPU = {"cpu_s": {"b": None, "w": None}}

ALTERNATING = [
    played("0", 7, "fuego-5k", "gnugo", "B+T", **UNKNOWN_CPU),
    played("0", 0, "gnugo", "fuego-5k", "B+R", **CPU),
    played("0", 1, "fuego-5k", "gnugo", "W+2.5", cpu_s={"b": 2.5, "w": 2.0}),
    played("0", 2, "gnugo", "fuego-5k", "0"),
    played("0", 3, "fuego-5k", "gnugo", "B+F", moves_sha256="0 0"),
    played("0", 4, "gnugo", "fuego-5k", "?"),
    played("0", 5, "fuego-5k", "gnugo", "Void"),
    played("0", 6, "gnugo", "fuego-5k", "W+"),
]
ALTERNATING_BLOCK = f"""\
gnugo v fuego-5k (8/10 games)
unknown results: 2 25.00%
board size: 9   komi: 7.5
           wins              black          white        forfeits avg cpu
gnugo       2.5 31.25%       1.5 37.50%     1   25.00%          2    1.50
fuego-5k    3.5 43.75%       2   50.00%     1.5 37.50%          0    2.25
                             3.5 43.75%     2.5 31.25%
distinct games: 7/8
gnugo against fuego-5k: {ratings.from_games(2, 1, 3)}
"""

FIXED = [played("h", number, "gnugo", "fuego-5k", "B+R", moves_sha256="same") for number in (1, 0)]
FIXED_BLOCK = f"""\
the handicap (2 games)
board size: 13   handicap: 2 (free)   komi: 0.0
           wins
gnugo         2 100.00%   (black)
fuego-5k      0   0.00%   (white)
distinct games: 1/2
gnugo against fuego-5k: {ratings.from_games(2, 0, 0)}
"""

GONE = [played("gone", 3, "gnugo", "pebble", "Void", cpu_s={"b": 100.0, "w": None})]
GONE_BLOCK = """\
gnugo v pebble (1 games)
unknown results: 1 100.00%
?? (missing from control file)
         wins                 avg cpu
gnugo       0 0.00%   (black)  100.00
pebble      0 0.00%   (white)    ----
distinct games: 1/1
"""

PLAYOFF = competition(
    matchup("0", ("gnugo", "fuego-5k"), alternating=True, number_of_games=10),
    matchup("not played", ("gnugo", "fuego-5k")),
    matchup(
        "h",
        ("gnugo", "fuego-5k"),
        name="the handicap",
        game=settings.GameSettings(
            board_size=13, komi=0.0, handicap=2, handicap_style=settings.HandicapStyle.free
        ),
    ),
    description="Two engines,\nseveral games.",
)
DESCRIPTIONS = {"gnugo": "GNU Go:3.8", "fuego-5k": "Fuego:1.1\nof 2011"}


def test_a_playoff():
    expected = "\n".join(
        [
            "playoff: cup\nTwo engines,\nseveral games.\n",
            ALTERNATING_BLOCK,
            FIXED_BLOCK,
            GONE_BLOCK,
            "player fuego-5k: Fuego:1.1\nof 2011\nplayer gnugo: GNU Go:3.8\n",
        ]
    )
    assert report.text(PLAYOFF, [*GONE, *FIXED, *ALTERNATING], DESCRIPTIONS, name="cup") == expected


def test_player_one_with_white_only():
    """The colours come from the games, as after a change of the control file."""
    results = [played("0", 0, "b", "a", "W+R", cpu_s={"b": 0.0, "w": 12345.678})]
    text = report.text(competition(matchup("0", ("a", "b"))), results, {}, name="cup")
    assert text.splitlines()[4:7] == [
        "    wins                   avg cpu",
        "a      1 100.00%   (white) 12345.68",
        "b      0   0.00%   (black)     0.00",
    ]


def test_a_removed_matchup_is_reported_from_black_of_its_first_game():
    results = [played("gone", 1, "b", "a", "B+R"), played("gone", 0, "a", "b", "B+R")]
    text = report.text(competition(matchup("0", ("a", "b"))), results, {}, name="cup")
    assert text.splitlines()[2] == "a v b (2 games)"


def test_without_games():
    assert report.text(competition(matchup("0", ("a", "b"))), [], {}, name="cup") == "playoff: cup\n"


def all_play_all(rounds):
    pairs = [("AvB", ("one", "two")), ("AvC", ("one", "six")), ("BvC", ("two", "six"))]
    matchups = [matchup(name, codes, alternating=True, number_of_games=rounds) for name, codes in pairs]
    return competition(*matchups, kind=settings.CompetitionKind.allplayall)


@pytest.mark.parametrize(("rounds", "progress"), [(2, "4/6 games played"), (None, "4 games played")])
def test_an_all_play_all(rounds, progress):
    results = [
        played("AvB", 0, "one", "two", "B+R"),
        played("AvB", 1, "two", "one", "B+R"),
        played("AvC", 0, "one", "six", "0"),
        played("AvC", 1, "six", "one", "?"),
    ]
    limit = "" if rounds is None else "/2"
    expected = f"""\
        allplayall: league

        {progress}

               A       B   C
        A one         1-1 0.5-0.5
        B two 1-1         0-0
        C six 0.5-0.5 0-0

        one v two (2{limit} games)
        board size: 9   komi: 7.5
              wins              black         white
        one      1 50.00%       1 100.00%     0 0.00%
        two      1 50.00%       1 100.00%     0 0.00%
                                2 100.00%     0 0.00%
        distinct games: 2/2
        one against two: {ratings.from_games(1, 0, 1)}

        one v six (2{limit} games)
        unknown results: 1 50.00%
        board size: 9   komi: 7.5
              wins              black          white
        one    0.5 25.00%       0.5 50.00%     0    0.00%
        six    0.5 25.00%       0    0.00%     0.5 50.00%
                                0.5 25.00%     0.5 25.00%
        distinct games: 2/2
        one against six: {ratings.from_games(0, 1, 0)}

        player one: The First
        """
    assert report.text(all_play_all(rounds), results, {"one": "The First"}, name="league") == textwrap.dedent(
        expected
    )


def test_pairs_of_an_opening_are_rated_together():
    """Only complete pairs count: game 3 has no result, and game 5 is still to be played."""
    results = [
        played("0", number, black, white, result, opening=number // 2)
        for number, (black, white, result) in enumerate(
            [("a", "b", "W+R"), ("b", "a", "W+R"), ("a", "b", "B+R"), ("b", "a", "?"), ("a", "b", "B+R")]
        )
    ]
    paired = competition(matchup("0", ("a", "b"), alternating=True, openings="/games"))
    last = report.text(paired, results, {}, name="cup").splitlines()[-1]
    assert last == f"a against b: {ratings.from_pairs([1.0])}, from pairs of games: 1"
    assert "against" not in report.text(paired, results[:1], {}, name="cup")
    single = competition(matchup("0", ("a", "b"), alternating=True))
    last = report.text(single, results, {}, name="cup").splitlines()[-1]
    assert last == f"a against b: {ratings.from_games(3, 0, 1)}"


def test_games_between_other_players_are_refused():
    results = [played("0", 4, "a", "c", "B+R")]
    with pytest.raises(ValueError) as error:
        report.text(competition(matchup("0", ("a", "b"))), results, {}, name="cup")
    assert str(error.value) == (
        "matchup 0: game 0_4 was between a and c, but the control file now has a and b"
    )


def test_json_has_the_same_facts():
    facts = report.as_json(PLAYOFF, [*GONE, *FIXED, *ALTERNATING], DESCRIPTIONS, name="cup")
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    alternating, not_played, fixed, gone = facts.pop("matchups")
    assert facts == {
        "competition": "cup",
        "competition_type": "playoff",
        "description": "Two engines,\nseveral games.",
        "games": 11,
        "expected_games": None,
        "competitors": [],
        "descriptions": DESCRIPTIONS,
    }
    assert alternating.pop("settings") == {
        "board_size": 9,
        "komi": 7.5,
        "handicap": None,
        "handicap_style": "fixed",
        "move_limit": 1000,
        "scorer": "players",
        "internal_scorer_handicap_compensation": "full",
        "move_time_limit_s": 600.0,
        "game_time_limit_s": None,
        "late": "forfeit",
        "alternating": True,
        "number_of_games": 10,
        "openings": "",
        "opening_plies": 6,
    }
    estimate = ratings.from_games(2, 1, 3)
    assert alternating == {
        "id": "0",
        "name": "gnugo v fuego-5k",
        "player_1": "gnugo",
        "player_2": "fuego-5k",
        "games": 8,
        "distinct_games": 7,
        "unknown_results": 2,
        "jigos": 1,
        "black_wins": 3.5,
        "white_wins": 2.5,
        "players": {
            "gnugo": {
                "total": {"games": 8, "wins": 2.5},
                "black": {"games": 4, "wins": 1.5},
                "white": {"games": 4, "wins": 1.0},
                "forfeits": 2,
                "average_cpu_s": 1.5,
            },
            "fuego-5k": {
                "total": {"games": 8, "wins": 3.5},
                "black": {"games": 4, "wins": 2.0},
                "white": {"games": 4, "wins": 1.5},
                "forfeits": 0,
                "average_cpu_s": 2.25,
            },
        },
        "rating": {"elo": estimate.elo, "low": estimate.low, "high": estimate.high, "pairs": None},
    }
    assert (not_played["games"], not_played["rating"]) == (0, None)
    assert (fixed["rating"]["high"], fixed["settings"]["handicap_style"]) == (None, "free")
    assert (gone["settings"], gone["player_2"]) == (None, "pebble")


def test_json_of_a_finished_all_play_all():
    facts = report.as_json(all_play_all(2), [], {}, name="league")
    assert (facts["expected_games"], facts["competitors"]) == (6, ["one", "two", "six"])
