"""The figure of supervised training: sessions join, the best look makes the row."""

from tensorboard.summary.writer import event_file_writer

from alphazero.report import progress
from tests.report.test_progress import FIGURES, LOOK
from tools import plot_supervised


def test_sessions_join_and_a_figure_is_drawn(tmp_path, capsys, monkeypatch):
    # Files of one process and second are told apart by a count, and read as words: 9 would come after 10.
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(0))
    for first, last in ((1, 6), (4, 9)):  # killed after step 6, gone on from a checkpoint of step 4
        shown = progress.Progress(tmp_path / "mine" / "events" / "loop", first - 1, say=lambda line: None)
        for step in range(first, last + 1):
            shown.trained(step, FIGURES | {"policy_loss": 3 - step / 10}, "")
            shown.looked(step, LOOK | {"loss": 4 - step / 10 if step < 8 else 9.0}, True)
        shown.close()
    found = plot_supervised.read(tmp_path / "mine")
    assert [step for step, _ in found["learner/policy_loss"]] == list(range(1, 10))
    assert plot_supervised.main(tmp_path / "out" / "figure.svg", [tmp_path / "mine"]) == 0
    assert "<svg" in (tmp_path / "out" / "figure.svg").read_text()
    assert "| mine | 7 | 2 | 2.400 | 33.0% | 70.0% | 0.500 | 80.0% |" in capsys.readouterr().out
