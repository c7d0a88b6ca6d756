"""The option `--simulations` of the tools, whose other name is `--visits`."""

import pytest

from tools import compare_policy_gradient, play_gnugo, simulate_cluster

TOOLS = {
    "play_gnugo": lambda words: play_gnugo._make_parser().parse_args(["net.txt", *words]),
    "compare_policy_gradient": lambda words: compare_policy_gradient._make_parser().parse_args(
        ["a.txt", "b.txt", *words]
    ),
    "simulate_cluster": simulate_cluster._parse,
}


@pytest.mark.parametrize("parse", TOOLS.values(), ids=TOOLS)
def test_visits_are_simulations(parse, capsys):
    assert parse(["--visits", "9"]).simulations == parse(["--simulations", "9"]).simulations == 9
    with pytest.raises(SystemExit) as exit_:
        parse(["--visits", "9", "--simulations", "9"])
    assert exit_.value.code == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1 and "--simulations: not allowed with argument --visits" in errors
