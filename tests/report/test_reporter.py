"""The reporter's files, read back with TensorBoard's own reader."""

import json
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.summary.writer import event_file_writer

from alphazero.report import reporter, status


def scalars(folder, tag):
    events = EventAccumulator(str(folder / "events" / "loop"))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(tag)]


def test_metrics_with_a_step_are_written_at_once(tmp_path):
    out = reporter.Reporter(tmp_path)
    for step in (1, 2, 3):
        out.record("learner", {"policy_loss": 4.0 / step, "note": "text"}, step)
    out.record("gate", {"score": 0.75, "last": "promoted"}, 2)
    out.close()
    assert scalars(tmp_path, "learner/policy_loss") == [(1, 4.0), (2, 2.0), (3, pytest.approx(4 / 3))]
    assert scalars(tmp_path, "gate/score") == [(2, 0.75)]


def test_charts_are_laid_out(tmp_path):
    """The layout as the plugin for custom scalars reads it."""
    reporter.Reporter(tmp_path).close()
    events = EventAccumulator(str(tmp_path / "events" / "loop"))
    events.Reload()
    assert events.PluginTagToContent("custom_scalars").keys() == {"custom_scalars__config__"}
    (event,) = events.Tensors("custom_scalars__config__")
    proto: Any = layout_pb2  # its classes are created at import, so type checkers do not see them
    layout = proto.Layout.FromString(event.tensor_proto.string_val[0])
    assert [category.title for category in layout.category] == ["Overview", "Games"]
    charts = {chart.title: list(chart.multiline.tag) for chart in layout.category[1].chart}
    assert charts["how they end"] == ["replay/(passes|resign|settled|limit)_fraction"]


def test_metrics_without_a_step_are_written_at_intervals_at_the_learners_step(tmp_path):
    now = [0.0]
    out = reporter.Reporter(tmp_path, resume_step=40, clock=lambda: now[0])
    for second in range(12):
        now[0] = float(second)
        out.record("selfplay000", {"simulations": 100 * second})
        if second == 7:
            out.record("learner", {"step": 41}, 41)
    out.close()
    assert scalars(tmp_path, "selfplay/simulations_per_s") == [(40, 100.0), (41, 100.0), (41, 100.0)]


def test_resuming_hides_the_work_that_was_lost(tmp_path, monkeypatch):
    # A count distinguishes files of one process and second; they are sorted as text, so 9 would follow 10.
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))
    first = reporter.Reporter(tmp_path)
    for step in range(1, 7):
        first.record("learner", {"loss": 1.0}, step)
    first.close()
    second = reporter.Reporter(tmp_path, resume_step=4)
    for step in range(5, 8):
        second.record("learner", {"loss": 2.0}, step)
    second.close()
    points = scalars(tmp_path, "learner/loss")
    assert points == [(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (5, 2.0), (6, 2.0), (7, 2.0)]


def test_resumed_run_shows_its_step_before_the_first_one(tmp_path):
    out = reporter.Reporter(tmp_path, resume_step=40)
    assert (out.snapshot().step, out.snapshot().step_age_s) == (40, None)
    out.record("learner", {"step": 41}, 41)
    assert out.snapshot().step_age_s == pytest.approx(0, abs=5)
    out.close()


def test_status_file_follows(tmp_path):
    out = reporter.Reporter(tmp_path)
    out.record("replay", {"games": 5, "positions": 70})
    assert out.snapshot().games == 5
    out.close()
    assert status.Status.load(tmp_path / "status.json").positions == 70
    assert json.loads((tmp_path / "status.json").read_text())["games"] == 5


def test_a_mirror_is_reported_if_there_is_one(tmp_path):
    out = reporter.Reporter(tmp_path, resume_step=40)
    assert "mirror" not in dict(out.snapshot().rows())
    out.record("mirror", {"behind": 3, "sent": 8, "last": "s3://bucket/x: 3 files behind"})
    assert dict(out.snapshot().rows())["mirror"] == "s3://bucket/x: 3 files behind"
    assert "mirror s3://bucket/x: 3 files behind" in out.snapshot().line()
    out.close()
    assert scalars(tmp_path, "mirror/behind") == [(40, 3)]


def test_a_second_reporter_knows_the_totals_before_the_first_report(tmp_path):
    first = reporter.Reporter(tmp_path)
    first.record("replay", {"games": 7, "positions": 70, "limit_games": 2})
    first.record("run", {"minutes": 3.5, "promotions": 2, "weights": 40})
    first.record("gate", {"last": "step 40 promoted"})
    first.close()
    second = reporter.Reporter(tmp_path, resume_step=40)
    for now in (second.snapshot(), status.Status.load(tmp_path / "status.json")):
        assert (now.games, now.positions, now.ends["limit"]) == (7, 70, 2)
        assert (now.minutes, now.promotions, now.weights) == (3.5, 2, 40)
        assert now.last_gate == "step 40 promoted"
    second.record("replay", {"games": 8, "positions": 80, "limit_games": 2})
    assert second.snapshot().games == 8
    second.close()
