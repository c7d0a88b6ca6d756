"""Progress lines at intervals, the time left at this session's pace, and both groups in TensorBoard."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from alphazero.supervised import progress

METRICS = {
    "loss": 3.0, "policy_loss": 2.5, "value_loss": 0.5, "samples_per_s": 1234.5, "data_wait_fraction": 0.004,
    "epochs": 1.25, "minutes": 3.0, "progress": 0.2,
}  # fmt: skip
HELD_OUT = {
    "loss": 2.9, "policy_loss": 2.4, "policy_top1": 0.33, "policy_top5": 0.7, "value_mse": 0.5,
    "value_accuracy": 0.8,
}  # fmt: skip


def test_lines_and_events(tmp_path):
    said, now = [], [100.0]
    shown = progress.ProgressReport(tmp_path, clock=lambda: now[0], say=said.append)
    shown.on_steps(8, METRICS, "")
    now[0] = 105
    shown.on_steps(16, METRICS | {"progress": 0.25}, "")
    now[0] = 112
    shown.on_steps(24, METRICS | {"progress": 0.3}, "3 cut, 1 size")
    shown.on_evaluation(24, HELD_OUT, True)
    shown.on_evaluation(32, HELD_OUT, False)
    shown.on_evaluation(32, {}, True)
    shown.close()
    assert said == [
        "step 8 | pass 1.25 | 3.0 min, time left unknown | loss 3.000 | policy 2.500 value 0.500"
        " | samples/s 1,234 | waited for data 0.4%",
        "step 24 | pass 1.25 | 3.0 min, 84 s left | loss 3.000 | policy 2.500 value 0.500"
        " | samples/s 1,234 | waited for data 0.4% | skipped 3 cut, 1 size",
        "step 24 held out | loss 2.9000 | policy 2.400 | top 1 33.0% | top 5 70.0% | value mse 0.500"
        " | winner 80.0% | best so far",
        "step 32 held out | loss 2.9000 | policy 2.400 | top 1 33.0% | top 5 70.0% | value mse 0.500"
        " | winner 80.0% | not better",
    ]
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [event.step for event in events.Scalars("learner/data_wait_fraction")] == [8, 16, 24]
    assert [event.step for event in events.Scalars("held_out/policy_top1")] == [24, 32]


def test_time_left_in_words(tmp_path):
    said, now = [], [0.0]
    shown = progress.ProgressReport(tmp_path, clock=lambda: now[0], say=said.append)
    shown.on_steps(1, METRICS | {"progress": 0.0}, "")
    for seconds, words in ((10, "90 s left"), (100, "15 min left"), (4000, "10.0 h left")):
        now[0] = seconds
        shown.on_steps(2, METRICS | {"progress": 0.1}, "")
        assert words in said[-1]
    shown.close()
