"""The bench command: its arguments, the form of its measurements, and one short run of everything."""

import json

import pytest

from alphazero import bench
from alphazero.benchmarks import measurement
from alphazero.net import hardware

BAD_ARGUMENTS = [
    ([], "the following arguments are required"),
    (["learn"], "invalid choice: 'learn'"),
    (["net", "--net", "c32b4"], "c32b4: must be blocks and filters, such as b4c32"),
    (["net", "--net", "b0c32"], "net.blocks=0"),
    (["search", "--games", "0"], "argument --games: 0"),
    (["net", "--seconds", "0"], "argument --seconds: 0"),
    (["gtp", "--threads", "0"], "argument --threads: 0"),
    (["gtp", "--leaf-batch", "0"], "argument --leaf-batch: 0"),
    (["learner", "--ranks", "0"], "argument --ranks: 0"),
    (["net", "--visits", "7", "--simulations", "7"], "--simulations: not allowed with argument --visits"),
]


@pytest.mark.parametrize(("arguments", "reason"), BAD_ARGUMENTS)
def test_bad_arguments_are_one_line_and_exit_code_2(arguments, reason, capsys):
    with pytest.raises(SystemExit) as exit_:
        bench.main(arguments)
    assert exit_.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert reason in captured.err


def test_an_absent_device_is_named(monkeypatch, capsys):
    def refuse(device):
        raise ValueError(f"device={device.value}: not here")

    monkeypatch.setattr(hardware, "pick_device", refuse)
    with pytest.raises(SystemExit) as exit_:
        bench.main(["board", "--device", "cuda"])
    assert exit_.value.code == 2
    assert capsys.readouterr().err == "alphazero bench: device=cuda: not here\n"


def test_a_bug_is_not_reported_as_bad_arguments(monkeypatch):
    def measure(options):
        raise ValueError("a bug")
        yield

    monkeypatch.setitem(bench.BENCHMARKS, "board", measure)
    with pytest.raises(ValueError, match="a bug"):
        bench.main(["board"])


def test_measurements_are_printed_one_by_one(monkeypatch, capsys):
    measured = measurement.Measurement(
        name="a.b", value=30.0, unit="things/s", limit=40.0, setup={"cores": 1}
    )
    calls = []

    def measure(options):
        calls.append(options)
        yield measured

    monkeypatch.setitem(bench.BENCHMARKS, "net", measure)
    engine = ["--threads", "3", "--leaf-batch", "5"]
    assert bench.main(["net", "net", "--json", "--simulations", "7", "--net", "b1c2", *engine]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    printed = json.loads(lines[0])
    assert {key: printed[key] for key in ("name", "value", "unit", "limit", "ratio")} == {
        "name": "a.b",
        "value": 30.0,
        "unit": "things/s",
        "limit": 40.0,
        "ratio": 0.75,
    }
    assert printed["setup"]["cores"] == 1
    assert calls[0].num_simulations == 7
    assert (calls[0].num_threads, calls[0].leaf_batch) == (3, 5)
    assert [net.name for net in calls[0].nets] == ["b1c2"]
    bench.main(["net", "--visits", "9"])
    assert calls[-1].num_simulations == 9
    bench.main(["net"])
    assert calls[-1].num_simulations == 32
    assert (calls[-1].num_threads, calls[-1].leaf_batch) == (1, 8), "the engine's own defaults"
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split() == ["a.b", "30", "things/s", "limit", "40", "75.0", "%", "cores", "1"]


@pytest.mark.slow
def test_everything_is_measured(capsys):
    sizes = ["--size", "5", "--games", "4", "--simulations", "4", "--seconds", "0.05"]
    sizes += ["--net", "b1c4", "kata-b1c8"]
    assert bench.main([*bench.BENCHMARKS, *sizes, "--json"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [measured["name"] for measured in printed]
    assert {"board.5x5", "search.5x5", "net.b1c4.torch", "selfplay.b1c4", "learner.b1c4", "gtp.b1c4"} <= set(
        names
    )
    assert {"net.kata-b1c8.torch", "selfplay.kata-b1c8", "learner.kata-b1c8"} <= set(names)
    for measured in printed:
        is_compared = measured["name"].startswith("net.kata-")
        assert ("of b1c4" in measured["setup"]) == is_compared
        assert measured["value"] > 0
        assert measured["ratio"] == pytest.approx(measured["value"] / measured["limit"])
    assert max(measured["ratio"] for measured in printed if measured["name"].startswith("net.")) == 1
