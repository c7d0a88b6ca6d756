"""Each recipe of docs/extending.md, followed in a copy of the project, where the addition is used."""

import pytest

from tests.recipes import copies, page

RECIPES = page.read(page.PAGE.read_text())
USES = {
    "A training target": "tests/recipes/use_target.py",
    "A search rule": "tests/recipes/use_search_rule.py",
    "An input family and its network": "tests/recipes/use_input_family.py",
    "An inference backend": "tests/recipes/use_backend.py",
    "An optimizer": "tests/recipes/use_optimizer.py",
    "A GTP command": "tests/recipes/use_gtp_command.py",
}
"""Tests that pass only where the recipe has been followed."""
SUITES = (
    "tests/test_architecture.py",
    "tests/config/test_compose.py",
    "tests/engine/test_session.py",
    "tests/engine/test_conformance.py::test_the_script_covers_every_command",
    "tests/net/test_backends.py",
    "tests/net/test_inference.py",
    "tests/training/test_optimizers.py",
)
"""Tests that list all parts of a kind, or test each of them."""


@pytest.mark.slow
@pytest.mark.parametrize("title", USES)
def test_a_recipe(title, tmp_path):
    project = copies.make(tmp_path / "project", [RECIPES[title]])
    files = [change.file for change in RECIPES[title].changes if change.file.endswith(".py")]
    copies.run(project, "-m", "ruff", "check", *files)
    copies.run(project, "-m", "ruff", "format", "--check", *files)
    copies.run_tests(project, USES[title])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_lists_of_files_are_complete(tmp_path):
    """With all recipes in one copy, every other test and the type checker agree: no file was forgotten."""
    project = copies.make(tmp_path / "project", list(RECIPES.values()))
    copies.run_tests(project, *SUITES)
    (project / ".venv").symlink_to(page.PROJECT / ".venv")
    copies.run(project, "-m", "pyright", "alphazero", "tests/recipes")
