"""Calibration of anchors from a competition."""

import pytest

from alphazero.competition.control_files import control
from alphazero.competition.results import ledger, record
from alphazero.evaluation import anchors
from tools import calibrate

CONTROL = """
competition_type: playoff
board_size: 5
komi: 2.5
players:
  anchor-1: {weights: %s, visits: 4}
  gnugo-10: gnugo --mode gtp --level 10
matchups:
  - {players: [anchor-1, gnugo-10], number_of_games: 4, alternating: true}
"""


def contents(tmp_path, weights="a1.txt.gz"):
    (tmp_path / "a1.txt.gz").write_bytes(b"")
    path = tmp_path / "calibration.yaml"
    path.write_text(CONTROL % weights)
    found = ledger.Contents(name="calibration", competition=control.read(path))
    for number, result in enumerate(["W+R", "B+3.5", "0", "?"]):
        colors = ("anchor-1", "gnugo-10") if number % 2 == 0 else ("gnugo-10", "anchor-1")
        found.results.append(
            record.GameResult(
                game_id=f"0_{number}",
                matchup_id="0",
                number=number,
                black=colors[0],
                white=colors[1],
                end=record.End.passes,
                winner={"W": "w", "B": "b"}.get(result[0]),
                result=result,
                num_moves=30,
                moves_sha256=str(number),
            )
        )
    return found


def test_known_results_are_summed_by_pair(tmp_path):
    calibration = calibrate.of_competition(contents(tmp_path), tmp_path)
    assert calibration == anchors.Calibration(
        size=5,
        komi=2.5,
        anchors={"anchor-1": anchors.Anchor(file="a1.txt.gz", simulations=4)},
        results=[anchors.PairResult(a="anchor-1", b="gnugo-10", games=3, points=0.5)],
    )
    head, *lines = calibrate.table(anchors.Anchors(tmp_path, calibration))
    assert head.split() == ["player", "Elo", "95", "%", "games"]
    assert [line.split()[0] for line in lines] == ["gnugo-10", "anchor-1"]


def test_an_anchor_outside_of_the_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^anchor-1: .* has no weight file called 'b.txt.gz'$"):
        calibrate.of_competition(contents(tmp_path, "b.txt.gz"), tmp_path)
