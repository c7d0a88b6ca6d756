"""Tests of the smoke run's check, on runs that only a reporter wrote."""

import pytest

from alphazero.report import reporter
from tools import smoke_table

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
