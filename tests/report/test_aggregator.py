"""Rates, ages and means worked out by hand, with a clock that only the test moves."""

import pytest

from alphazero.report import aggregator


def report_every_second(merged, source, totals, start=0.0):
    for second, total in enumerate(totals):
        merged.record(source, {"simulations": total}, start + second)


def test_rates_are_summed_and_means_taken_over_actors():
    merged = aggregator.MetricsAggregator()
    report_every_second(merged, "selfplay000", [0, 100, 200])
    report_every_second(merged, "selfplay001", [500, 530, 560])
    merged.record("selfplay000", {"batch": 10}, 2.0)
    merged.record("selfplay001", {"batch": 30}, 2.0)
    metrics = merged.metrics("selfplay", 2.0)
    assert metrics["simulations_per_s"] == pytest.approx(100 + 30)
    assert metrics["batch"] == 20
    assert merged.status(2.0).actors == 2


def test_silent_actor_is_not_counted():
    merged = aggregator.MetricsAggregator()
    report_every_second(merged, "selfplay000", [0, 100])
    report_every_second(merged, "selfplay001", [0, 100], start=aggregator.SILENT_S)
    now = aggregator.SILENT_S + 1.5
    assert merged.status(now).actors == 1
    assert merged.metrics("selfplay", now)["simulations_per_s"] == pytest.approx(100 / 1.5)


def test_an_actor_that_is_starting_may_be_silent():
    merged = aggregator.MetricsAggregator()
    merged.record("selfplay000", {"waiting_for": "kernels"}, 0.0)
    merged.record("selfplay001", {"simulations": 1}, 0.0)
    merged.record("selfplay001", {"waiting_for": "the learner"}, 1.0)
    now = aggregator.SILENT_S + 2
    assert merged.status(now).waiting_for == "selfplay: kernels"
    merged.record("selfplay000", {"simulations": 1}, now)
    assert merged.status(now).waiting_for == ""
    assert merged.status(now + aggregator.SILENT_S + 1).actors == 0


def test_the_first_move_is_the_earliest_of_all_actors():
    merged = aggregator.MetricsAggregator()
    merged.record("selfplay000", {"waiting_for": "kernels"}, 0.0)
    assert merged.status(0.0).first_move_s is None
    merged.record("selfplay001", {"first_move_s": 12.5}, 1.0)
    merged.record("selfplay000", {"first_move_s": 11.5}, 2.0)
    merged.record("selfplay000", {"simulations": 9}, 3.0)
    assert merged.status(500.0).first_move_s == 11.5


@pytest.mark.parametrize(
    ("points", "now", "expected"),
    [
        ([(0, 7)], 5, 0),
        ([(0, 0), (10, 50)], 10, 5),
        ([(0, 0), (10, 50)], 20, 2.5),  # silence lowers it
        ([(0, 90), (5, 100), (6, 0), (10, 8)], 10, 2),  # a total that fell: its source was restarted
        ([(0, 0), (10, 1000), (40, 1000), (50, 1100)], 50, 100 / 40),  # the first 10 seconds are forgotten
    ],
)
def test_rate(points, now, expected):
    rate = aggregator.Rate()
    for when, total in points:
        rate.add(when, total)
    assert rate.per_s(now) == pytest.approx(expected)


def test_ages_count_from_the_last_change_in_this_session():
    merged = aggregator.MetricsAggregator()
    merged.record(aggregator.REPLAY, {"games": 300}, 0.0)  # restored, not new
    assert merged.status(1.0).game_age_s is None
    merged.record(aggregator.REPLAY, {"games": 301}, 2.0)
    merged.record(aggregator.REPLAY, {"games": 301}, 9.0)
    assert merged.status(10.0).game_age_s == 8.0


def test_waiting_is_over_with_the_next_report():
    merged = aggregator.MetricsAggregator()
    merged.record("selfplay000", {"simulations": 1, "waiting_for": "the learner"}, 0.0)
    merged.record("selfplay001", {"simulations": 1}, 0.0)
    merged.record(aggregator.LEARNER, {"waiting_for": "games"}, 0.0)
    assert merged.status(1.0).waiting_for == "selfplay (1 of 2): the learner, learner: games"
    merged.record(aggregator.LEARNER, {"step": 3}, 1.0)
    merged.record("selfplay000", {"simulations": 2}, 1.0)
    assert merged.status(1.0).waiting_for == ""


def test_status_takes_each_metric_from_its_source():
    merged = aggregator.MetricsAggregator()
    merged.record(aggregator.RUN, {"minutes": 1.5, "promotions": 2, "weights": 500}, 0.0)
    replay = {"games": 10, "positions": 400, "window": 300, "samples_per_position": 3.5}
    replay |= {"passes_games": 6, "limit_games": 4, "passes_fraction": 0.75, "limit_fraction": 0.25}
    merged.record(aggregator.REPLAY, replay, 0.0)
    merged.record(aggregator.REPLAY, {**replay, "games": 20, "positions": 1400}, 10.0)
    merged.record(aggregator.LEARNER, {"step": 7, "policy_loss": 2.0, "accuracy": 0.5}, 10.0)
    merged.record(aggregator.GATE, {"last": "step 500 promoted", "promoted": 1.0}, 10.0)
    status = merged.status(10.0)
    assert (status.minutes, status.promotions, status.weights) == (1.5, 2, 500)
    assert (status.games, status.positions, status.window, status.replay_ratio) == (20, 1400, 300, 3.5)
    assert status.ends == {"passes": 6, "resign": 0, "settled": 0, "limit": 4}
    assert status.recent_ends == {"passes": 0.75, "limit": 0.25}
    assert (status.games_per_hour, status.positions_per_s) == (3600, 100)
    assert (status.step, status.losses) == (7, {"policy_loss": 2.0})
    assert status.last_gate == "step 500 promoted"


def test_backends_are_named_once_or_counted():
    merged = aggregator.MetricsAggregator()
    assert merged.status(0.0).backend == ""
    for number in range(3):
        merged.record(f"selfplay{number:03d}", {"backend": "torch cuda bf16"}, 0.0)
    assert merged.status(1.0).backend == "torch cuda bf16"
    merged.record("selfplay001", {"backend": "torch cpu fp32"}, 1.0)
    assert merged.status(1.0).backend == "torch cuda bf16 (2), torch cpu fp32 (1)"


def test_busy_cores_are_the_growth_of_cpu_seconds_by_kind_of_work():
    tally = aggregator.MetricsAggregator()
    for now in (0.0, 10.0):
        for actor in ("selfplay000", "selfplay001"):
            tally.record(actor, {"cpu_s": 5 + 0.9 * now, "network_cpu_s": 0.6 * now}, now)
        tally.record("ladder", {"cpu_s": 0.1 * now}, now)
    found = tally.cores(10.0)
    assert found == pytest.approx({"selfplay_network": 1.2, "selfplay_rest": 0.6, "ladder": 0.1})
    assert tally.status(10.0).cores == found
    assert not any("cpu" in name for name in tally.metrics("selfplay", 10.0))
