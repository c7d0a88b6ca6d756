"""The panel on a terminal and in a pipe, both simulated by a string."""

import io

import rich.console

from alphazero.report import panel, status


def console(is_terminal):
    text = io.StringIO()
    return text, rich.console.Console(file=text, force_terminal=is_terminal, width=100, color_system=None)


def test_pipe_gets_lines_at_intervals():
    now = [0.0]
    text, pipe = console(is_terminal=False)
    with panel.Panel("run", pipe, clock=lambda: now[0]) as shown:
        for second in range(25):
            now[0] = float(second)
            shown.show(status.Status(games=second, last_gate="x" * 200, first_move_s=1.0))
        shown.show(status.Status(games=99, first_move_s=1.0), is_last=True)
    lines = text.getvalue().splitlines()
    assert [line.split(" | ")[2] for line in lines] == [f"games {n} (0/h)" for n in (0, 10, 20, 99)]


def test_pipe_gets_at_once_what_the_first_move_waits_for():
    text, pipe = console(is_terminal=False)
    with panel.Panel("run", pipe, clock=lambda: 0.0) as shown:
        for what in ("actors", "actors", "kernels", "kernels"):
            shown.show(status.Status(waiting_for=what))
        for games in (0, 1):
            shown.show(status.Status(games=games, waiting_for=f"later {games}", first_move_s=9.0))
    lines = text.getvalue().splitlines()
    assert [line.rpartition(" | ")[2] for line in lines] == [
        "waiting: actors",
        "waiting: kernels",
        "waiting: later 0",
    ]


def test_terminal_gets_a_table_that_is_redrawn():
    output, terminal = console(is_terminal=True)
    with panel.Panel("runs/[9x9]", terminal) as shown:
        shown.show(status.Status(step=1234))
        shown.show(status.Status(step=1235, waiting_for="learner: [games]"))
    text = output.getvalue()
    assert "runs/[9x9]" in text
    assert "step 1,234" in text
    assert "learner: [games]" in text
    assert "\x1b[1A" in text  # the cursor goes up: the second table replaces the first
