"""list_stones, the GTP command of docs/extending.md, in a copy of the project that has it."""

import subprocess
import sys

SESSION = """known_command list_stones
play b C3
play w B2
play b A1
list_stones black
list_stones w
list_stones
clear_board
list_stones b
list_commands
quit
"""


def test_a_session():
    command = [sys.executable, "-m", "alphazero.gtp", "--weights", "none", "--size", "5"]
    done = subprocess.run(command, input=SESSION, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answers = done.stdout.split("\n\n")
    assert answers[:9] == ["= true", "= ", "= ", "= ", "= A1 C3", "= B2", "? syntax error", "= ", "= "]
    assert "list_stones" in answers[9].splitlines()
