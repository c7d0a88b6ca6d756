"""Tests of the smoke run's check, on runs that only a reporter wrote."""

import pytest

from alphazero.report import reporter
from tools import smoke_table, summary

FALLING, RISING = [3.0, 2.0, 1.0], [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("losses", "num_promoted", "reasons"),
    [
        (FALLING, 1, []),
        (RISING, 1, ["the policy's loss did not fall"]),
        (FALLING, 0, ["no network was promoted"]),
        ([], 0, ["the policy's loss did not fall", "no network was promoted"]),
    ],
)
def test_exit_code_and_reasons(tmp_path, capsys, losses, num_promoted, reasons):
    out = reporter.Reporter(tmp_path)
    for step, loss in enumerate(losses, 1):
        out.record("learner", {"policy_loss": loss}, step)
    out.close()
    promoted = tmp_path / "weights" / "promoted"
    promoted.mkdir(parents=True)
    for number in range(num_promoted):
        (promoted / f"{number:05d}-abcdefab.json").write_text("{}")
    assert smoke_table.main(tmp_path) == (1 if reasons else 0)
    output = capsys.readouterr()
    assert output.err == "".join(f"{tmp_path}: {reason}\n" for reason in reasons)
    assert f"promoted: {num_promoted}" in output.out


def test_summary_has_losses_and_promotions(tmp_path):
    out = reporter.Reporter(tmp_path)
    for step in range(1, 17):
        out.record("learner", {"policy_loss": 17.0 - step, "value_loss": 1.0, "rate": 0.1}, step)
    out.close()
    promoted = tmp_path / "weights" / "promoted"
    promoted.mkdir(parents=True)
    for name in ("00001-aaaaaaaa.json", "00002-bbbbbbbb.json", "latest.json", "00002-bbbbbbbb.txt.gz"):
        (promoted / name).write_text("{}")
    found = summary.summarize(tmp_path)
    assert [(row.first_step, row.last_step) for row in found.rows] == [(s, s + 1) for s in range(1, 17, 2)]
    assert found.rows[0].losses == {"policy_loss": 15.5, "value_loss": 1.0}
    assert found.fell("policy_loss")
    assert not found.fell("value_loss")
    assert found.promotions == ["00001-aaaaaaaa", "00002-bbbbbbbb"]
    assert "1-2         15.5000          1.0000" in found.text()
    names = ["policy_loss", "score_deviation_loss"]
    rows = [summary.Row(first_step=1, last_step=2, losses=dict.fromkeys(names, 0.5))]
    heading = summary.Summary(rows=rows, promotions=[]).text().splitlines()[0]
    assert heading.split() == ["steps", *names], "columns of long names run together"
    assert summary.Row(first_step=3, last_step=3, losses={}).steps == "3"
