"""Measurements and rates."""

import json

import pytest

from alphazero.benchmarks import measurement, settings


class Clock:
    """A clock that only work advances."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(("seconds", "runs"), [(10.0, 5), (9.5, 5), (0.0, 1)])
def test_rate_is_work_divided_by_the_time_of_the_clock(seconds, runs):
    clock = Clock()
    count = []

    def work():
        clock.now += 2.0
        count.append(1)
        return 30

    assert measurement.rate(work, seconds, clock) == 15.0
    assert len(count) == runs


def test_numbers_that_json_cannot_hold_are_refused():
    measured = measurement.Measurement(name="a", value=float("nan"), unit="b/s", limit=1.0)
    with pytest.raises(ValueError):
        measured.json()


def test_a_measurement_has_its_machine_and_time():
    measured = measurement.Measurement(name="a", value=1.0, unit="b/s", limit=2.0)
    setup = json.loads(measured.json())["setup"]
    assert setup["machine"] == measurement.machine()
    assert setup["time"].endswith("Z")


@pytest.mark.parametrize(("name", "shape"), [("b4c32", (4, 32)), ("b20c256", (20, 256))])
def test_names_of_nets(name, shape):
    net = settings.parse_net(name)
    assert (net.blocks, net.filters) == shape
    assert net.name == name
