"""The status as text and as a file."""

import pytest

from alphazero.report import status

FULL = status.Status(
    minutes=12.34,
    first_move_s=11.26,
    games=1234,
    ends={"passes": 700, "resign": 500, "settled": 30, "limit": 4},
    recent_ends={"passes": 0.615, "resign": 0.35, "settled": 0.03, "limit": 0.005},
    mean_length=83.6,
    positions=98765,
    games_per_hour=456.7,
    positions_per_s=89.1,
    simulations_per_s=9300.4,
    actors=2,
    window=20000,
    step=500,
    losses={"policy_loss": 2.5, "value_loss": 0.625},
    replay_ratio=3.7,
    last_gate="step 500 promoted, 24-16",
    promotions=2,
    weights=500,
    backend="openvino cpu int8",
    waiting_for="learner: games",
    game_age_s=3.0,
    step_age_s=600.0,
    promotion_age_s=9000.0,
)


def test_line():
    assert FULL.line() == (
        "12.3 min | first move after 11.3 s | games 1234 (457/h)"
        " | ends passes 61.5% resign 35.0% settled 3.0% limit 0.5%"
        " | moves 84 | positions 98765 (89/s) | simulations/s 9300 | window 20000"
        " | step 500 | policy_loss 2.500 value_loss 0.625 | ratio 3.70 | promotions 2 | best 500"
        " | gate: step 500 promoted, 24-16 | waiting: learner: games"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("running", "12.3 min  (first move after 11.3 s)"),
        ("games", "1,234  (457/h, newest 3 s ago)"),
        ("games end", "two passes 61.5%, resigned 35.0%, settled 3.0%, move limit 0.5% (4 so far); 84 moves"),
        ("network on", "openvino cpu int8"),
        ("learner", "step 500  (newest 10 min ago)"),
        ("losses", "policy 2.500  value 0.625"),
        ("promotions", "2  (newest 2.5 h ago, best network 500)"),
        ("waiting for", "learner: games"),
    ],
)
def test_rows(name, value):
    assert dict(FULL.rows())[name] == value


def test_rows_before_anything_happened():
    rows = dict(status.Status().rows())
    assert rows["running"] == "0.0 min  (no move yet)"
    assert rows["games"] == "0  (0/h, newest not yet)"
    assert rows["games end"] == rows["last gate"] == rows["losses"] == rows["waiting for"] == "-"


def test_file_reads_back(tmp_path):
    path = tmp_path / "status.json"
    FULL.save(path)
    assert status.Status.load(path) == FULL


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"surprise": 1}'])
def test_minutes_of_a_folder_without_a_readable_status(tmp_path, text):
    if text is not None:
        (tmp_path / "status.json").write_text(text)
    assert status.minutes_so_far(tmp_path) == 0.0


def test_minutes_of_earlier_sessions(tmp_path):
    FULL.save(tmp_path / "status.json")
    assert status.minutes_so_far(tmp_path) == 12.34
