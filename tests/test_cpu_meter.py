"""Tests of CPU time by kind of work."""

from alphazero import cpu_meter


class _Clock:
    def __init__(self) -> None:
        self.now = 2.0

    def __call__(self) -> float:
        return self.now


def test_work_inside_other_work_counts_once():
    clock = _Clock()
    meter = cpu_meter.CpuMeter(clock)
    clock.now += 1
    with meter.of("steps"):
        clock.now += 3
        with meter.of("network"):
            clock.now += 5
        clock.now += 7
        assert meter.totals() == {"cpu_s": 18.0, "steps_cpu_s": 10.0, "network_cpu_s": 5.0}
    clock.now += 100
    with meter.of("network"):
        clock.now += 1
    assert meter.totals() == {"cpu_s": 119.0, "steps_cpu_s": 10.0, "network_cpu_s": 6.0}


def test_a_failure_ends_its_kind_of_work():
    clock = _Clock()
    meter = cpu_meter.CpuMeter(clock)
    try:
        with meter.of("steps"):
            raise ValueError
    except ValueError:
        clock.now += 1
    assert meter.totals()["steps_cpu_s"] == 0
