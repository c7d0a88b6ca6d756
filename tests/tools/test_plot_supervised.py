"""Tests of the plot of supervised training: sessions are joined, and the best evaluation makes the row."""

from tensorboard.summary.writer import event_file_writer

from alphazero.supervised import progress
from tests.supervised.test_progress import HELD_OUT, METRICS
from tools import plot_supervised


def test_sessions_join_and_a_figure_is_drawn(tmp_path, capsys, monkeypatch):
    # Event files of one process and second differ by a count and are sorted as text: 9 would follow 10.
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))
    for first, last in ((1, 6), (4, 9)):  # killed after step 6, resumed from step 4
        shown = progress.ProgressReport(
            tmp_path / "mine" / "events" / "loop", first - 1, say=lambda line: None
        )
        for step in range(first, last + 1):
            shown.on_steps(step, METRICS | {"policy_loss": 3 - step / 10}, "")
            shown.on_evaluation(step, HELD_OUT | {"loss": 4 - step / 10 if step < 8 else 9.0}, True)
        shown.close()
    found = plot_supervised.read(tmp_path / "mine")
    assert [step for step, _ in found["learner/policy_loss"]] == list(range(1, 10))
    assert plot_supervised.main(tmp_path / "out" / "figure.svg", [tmp_path / "mine"]) == 0
    assert "<svg" in (tmp_path / "out" / "figure.svg").read_text()
    assert "| mine | 7 | 2 | 2.400 | 33.0% | 70.0% | 0.500 | 80.0% |" in capsys.readouterr().out
