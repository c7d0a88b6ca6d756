"""Tests of valid control files in both formats: the settings that they give."""

from pathlib import Path

import pytest

from alphazero.competition.control_files import pairings, settings
from alphazero.competition.control_files.settings import (
    Compensation,
    GameSettings,
    HandicapStyle,
    Late,
    Matchup,
    PlayerSettings,
    Scorer,
)
from tests.competition.control_files.files import GOOD, GOOD_YAML, read

PLAYOFF = '''
competition_type = 'playoff'

description = """
Two levels of one engine, and another one.
"""

record_games = False
stderr_to_log = False
skip_player_checks = True

players = {
    # The weakest
    'pebble-l1' : Player("pebble --mode=gtp "
                         "--level=1"),
    'pebble-l2' : Player("pebble --mode=gtp --level=%d" % 2, is_reliable_scorer=False, allow_claim=True),
    'torrent' : Player("torrent --quiet",
                       cwd="work",
                       environ={'OMP_NUM_THREADS' : '1'},
                       discard_stderr=True,
                       sgf_player_name_from_gtp=False,
                       gtp_aliases={'gomill-cpu_time' : 'cputime'},
                       startup_gtp_commands=[
                           "ponder 0",
                           ["max_games", "5000"],
                       ]),
    'unused' : Player("nothing"),
}

board_size = 9
komi = 6

matchups = [
    Matchup('pebble-l1', 'torrent', board_size=13,
            handicap=2, handicap_style='free', komi=0,
            scorer='players', number_of_games=5),
    Matchup('pebble-l2', 'torrent', alternating=True, move_limit=200, id='b', name='the second'),
    Matchup('pebble-l1', 'pebble-l2', komi=0.5, scorer='internal',
            internal_scorer_handicap_compensation='short'),
]
'''

PLAYOFF_YAML = """
competition_type: playoff
description: |

  Two levels of one engine, and another one.
record_games: false
stderr_to_log: false
skip_player_checks: true
players:
  pebble-l1: pebble --mode=gtp --level=1
  pebble-l2:
    command: [pebble, --mode=gtp, --level=2]
    is_reliable_scorer: false
    allow_claim: true
  torrent:
    command: torrent --quiet
    cwd: work
    environ: {OMP_NUM_THREADS: "1"}
    discard_stderr: true
    sgf_player_name_from_gtp: false
    gtp_aliases: {gomill-cpu_time: cputime}
    startup_gtp_commands:
      - ponder 0
      - [max_games, "5000"]
  unused: nothing
board_size: 9
komi: 6
matchups:
  - players: [pebble-l1, torrent]
    board_size: 13
    handicap: 2
    handicap_style: free
    komi: 0
    scorer: players
    number_of_games: 5
  - player_1: pebble-l2
    player_2: torrent
    alternating: true
    move_limit: 200
    id: b
    name: the second
  - players: [pebble-l1, pebble-l2]
    komi: 0.5
    scorer: internal
    internal_scorer_handicap_compensation: short
"""


def playoff(folder):
    return settings.Competition(
        kind=settings.CompetitionKind.playoff,
        description="Two levels of one engine, and another one.",
        record_games=False,
        stderr_to_log=False,
        skip_player_checks=True,
        players={
            "pebble-l1": PlayerSettings(code="pebble-l1", command=("pebble", "--mode=gtp", "--level=1")),
            "pebble-l2": PlayerSettings(
                code="pebble-l2",
                command=("pebble", "--mode=gtp", "--level=2"),
                is_reliable_scorer=False,
                allow_claim=True,
            ),
            "torrent": PlayerSettings(
                code="torrent",
                command=("torrent", "--quiet"),
                cwd=folder / "work",
                environ={"OMP_NUM_THREADS": "1"},
                discard_stderr=True,
                sgf_player_name_from_gtp=False,
                gtp_aliases={"gomill-cpu_time": "cputime"},
                startup_gtp_commands=("ponder 0", "max_games 5000"),
            ),
        },
        matchups=(
            Matchup(
                id="0",
                name="pebble-l1 v torrent",
                player_1="pebble-l1",
                player_2="torrent",
                game=GameSettings(board_size=13, komi=0.0, handicap=2, handicap_style=HandicapStyle.free),
                number_of_games=5,
            ),
            Matchup(
                id="b",
                name="the second",
                player_1="pebble-l2",
                player_2="torrent",
                game=GameSettings(board_size=9, komi=6.0, move_limit=200),
                alternating=True,
            ),
            Matchup(
                id="2",
                name="pebble-l1 v pebble-l2",
                player_1="pebble-l1",
                player_2="pebble-l2",
                game=GameSettings(
                    board_size=9,
                    komi=0.5,
                    scorer=Scorer.internal,
                    internal_scorer_handicap_compensation=Compensation.short,
                ),
            ),
        ),
    )


def test_a_playoff_as_gomill_documents_it(tmp_path):
    assert read(tmp_path, PLAYOFF) == playoff(tmp_path)


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_the_same_in_yaml(tmp_path, suffix):
    assert read(tmp_path, PLAYOFF_YAML, suffix) == playoff(tmp_path)


def test_an_all_play_all_of_leela_zero(tmp_path):
    """Two Leela Zero players with start-up commands on 19x19, komi 6.5, 5 rounds."""
    competition = read(
        tmp_path,
        """
competition_type = 'allplayall'
players = {
    'old' : Player("~/leela-zero/leelaz --gtp --weights old.txt.gz --visits 100",
                   startup_gtp_commands=["time_settings 0 5 1"]),
    'new' : Player("./leelaz --gtp --weights new.txt.gz --visits 100",
                   startup_gtp_commands=["time_settings 0 5 1"]),
}
board_size = 19
komi = 6.5
rounds = 5
competitors = ['old', 'new']
""",
    )
    home = Path.home() / "leela-zero" / "leelaz"
    arguments = ("--gtp", "--weights", "old.txt.gz", "--visits", "100")
    assert competition.kind is settings.CompetitionKind.allplayall
    assert competition.players["old"].command == (str(home), *arguments)
    assert competition.players["new"].command[0] == str(tmp_path / "leelaz")
    assert competition.players["new"].startup_gtp_commands == ("time_settings 0 5 1",)
    assert competition.competitors == ("old", "new")
    assert competition.matchups == (
        Matchup(
            id="AvB",
            name="old v new",
            player_1="old",
            player_2="new",
            game=GameSettings(board_size=19, komi=6.5),
            alternating=True,
            number_of_games=5,
        ),
    )


def test_every_competitor_meets_every_other(tmp_path):
    text = """
competition_type: allplayall
players: {a: x, b: x, c: x, d: x}
competitors: [c, a, d]
board_size: 9
komi: 7
"""
    competition = read(tmp_path, text, ".yaml")
    assert [(match.id, match.player_1, match.player_2) for match in competition.matchups] == [
        ("AvB", "c", "a"),
        ("AvC", "c", "d"),
        ("BvC", "a", "d"),
    ]
    assert list(competition.players) == ["a", "c", "d"]
    assert all(match.number_of_games is None and match.alternating for match in competition.matchups)


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")]
)
def test_letters_of_competitors(index, letters):
    assert pairings.letters(index) == letters


def test_networks_openings_and_limits(tmp_path):
    text = """
competition_type: playoff
seed: 7
players:
  net: {weights: nets/a.txt.gz, visits: 400}
  none: {weights: none}
  book: {weights: "~/b.txt.gz"}
  engine: x
  idle: y
board_size: 5
komi: 0
alternating: true
opening_plies: 4
move_time_limit_s: 2.5
late: void
matchups:
  - {players: [net, engine], openings: book, game_time_limit_s: 60}
  - {players: [none, engine], openings: games, opening_plies: 2, late: forfeit}
"""
    (tmp_path / "games").mkdir()
    competition = read(tmp_path, text, ".yaml")
    assert competition.seed == 7
    assert list(competition.players) == ["net", "none", "book", "engine"]
    assert competition.players["net"] == PlayerSettings(
        code="net", weights=str(tmp_path / "nets/a.txt.gz"), visits=400
    )
    assert competition.players["none"].weights == "none"
    assert competition.players["book"].weights == str(Path.home() / "b.txt.gz")
    first, second = competition.matchups
    assert (first.openings, first.opening_plies) == ("book", 4)
    assert (second.openings, second.opening_plies) == (str(tmp_path / "games"), 2)
    assert (first.game.move_time_limit_s, first.game.game_time_limit_s, first.game.late) == (
        2.5,
        60,
        Late.void,
    )
    assert (second.game.game_time_limit_s, second.game.late) == (None, Late.forfeit)


def test_none_leaves_unset(tmp_path):
    text = """
competition_type = 'playoff'
description = None
number_of_games = None
handicap = None
board_size = 9
komi = 7
players = {
    'a': Player('x', cwd=None, environ=None, startup_gtp_commands=None, gtp_aliases=None),
    'b': Player('y'),
}
matchups = [Matchup('a', 'b', game_time_limit_s=None)]
"""
    competition = read(tmp_path, text)
    assert competition.description == ""
    assert competition.players["a"] == PlayerSettings(code="a", command=("x",))
    assert competition.matchups[0].game == GameSettings(board_size=9, komi=7.0)


def test_variables_of_its_own(tmp_path):
    """Variables that are used may resemble settings; unused ones must not."""
    text = """
competition_type = 'playoff'
engine = 'x --level=%d'
rounds = 20
komi2 = 5.5
note = 'not used, and unlike any setting'
players = {'a': Player(engine % 1), 'b': Player(engine % 2)}
matchups = [Matchup('a', 'b', board_size=9, komi=komi2, number_of_games=rounds)]
"""
    matchup = read(tmp_path, text).matchups[0]
    assert (matchup.game.komi, matchup.number_of_games) == (5.5, 20)


def test_yaml_may_use_anchors_and_merges(tmp_path):
    text = """
competition_type: playoff
players:
  a: &common {command: x --quiet, cwd: work, environ: {A: "1"}}
  b: {<<: *common, cwd: other}
  c: {<<: [{cwd: first}, *common]}
board_size: 9
komi: 7
matchups: [{players: [a, b]}, {players: [a, c]}]
"""
    players = read(tmp_path, text, ".yaml").players
    assert players["b"].command == players["c"].command == ("x", "--quiet")
    assert [players[code].cwd for code in "abc"] == [tmp_path / name for name in ("work", "other", "first")]


def test_yaml_dates_stay_text(tmp_path):
    text = GOOD_YAML + "description: 2026-11-21\n"
    assert read(tmp_path, text, ".yaml").description == "2026-11-21"


def test_a_byte_order_mark_is_ignored(tmp_path):
    assert read(tmp_path, "\ufeff" + GOOD).players.keys() == {"a", "b"}
