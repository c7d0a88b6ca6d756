"""Names of a run's files are written in one module and can be read back."""

import ast
from pathlib import Path

import pytest

from alphazero import run_paths

PROJECT = Path(__file__).resolve().parents[1]
OTHERS = ("alphazero/run_paths.py", "alphazero/competition/")  # a competition's folder has a log.txt, too


@pytest.mark.parametrize(
    ("step", "name"), [(0, "step-00000000"), (1000, "step-00001000"), (10**9, "step-1000000000")]
)
def test_steps(step: int, name: str):
    assert run_paths.of_step(step) == name
    assert run_paths.step_of(name) == step


@pytest.mark.parametrize("name", ["latest", "step-1", ".step-00001000.77.tmp", "step-00001000.json"])
def test_other_names_have_no_step(name: str):
    assert run_paths.step_of(name) is None


def test_no_other_module_spells_the_names():
    names = {value for value in vars(run_paths).values() if isinstance(value, str) and set(value) & set("./")}
    names -= {run_paths.__doc__, run_paths.__file__, run_paths.__name__, run_paths.CERTIFICATE_SUFFIX}
    found = {}
    for path in [*(PROJECT / "alphazero").rglob("*.py"), *(PROJECT / "actors").rglob("*.py")]:
        where = path.relative_to(PROJECT).as_posix()
        strings = (
            node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)
        )
        spelled = names.intersection(value for value in strings if isinstance(value, str))
        if spelled and not where.startswith(OTHERS):
            found[where] = spelled
    assert found == {}
