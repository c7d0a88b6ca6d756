"""Tests of competitions as JSON, which are read back unchanged."""

import json
from pathlib import Path

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.results import saved
from tests.competition.playing import game_settings, matchup, playoff

PLAYER = settings.PlayerSettings(
    code="c",
    command=("gnugo", "--mode", "gtp"),
    cwd=Path("/tmp"),
    environ={"A": "b"},
    startup_gtp_commands=("time_settings 0 5 1",),
    gtp_aliases={"gomill-cpu_time": "cputime"},
    allow_claim=True,
)
GAME = game_settings(
    handicap=3,
    handicap_style=settings.HandicapStyle.free,
    scorer=settings.Scorer.internal,
    game_time_limit_s=60.0,
    late=settings.Late.void,
)
COMPETITION = playoff(
    matchup("a", "c", game=GAME, number_of_games=None), matchup(matchup_id="1", openings="book"),
    players=[PLAYER], description="a trial", seed=7,
)  # fmt: skip


def test_round_trip():
    text = json.dumps(saved.to_json(COMPETITION))
    assert saved.from_json(json.loads(text)) == COMPETITION


@pytest.mark.parametrize("data", [{}, [], None, {"kind": "tea"}, {"colour": 1}])
def test_other_data_are_refused(data):
    with pytest.raises(ValueError):
        saved.from_json(data)


def test_settings_of_another_version_are_refused():
    data = saved.to_json(COMPETITION)
    data["matchups"][0]["game"]["rules"] = "japanese"
    with pytest.raises(ValueError, match="not a competition: Object contains unknown field `rules`"):
        saved.from_json(data)
