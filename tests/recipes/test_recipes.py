"""Each recipe of docs/extending.md, followed in a copy of the project, where the addition is used."""

import pytest

from tests.recipes import copies, page

RECIPES = page.read(page.PAGE.read_text())
USES = {
    "An inference backend": "tests/recipes/use_backend.py",
    "An optimizer": "tests/recipes/use_optimizer.py",
    "A GTP command": "tests/recipes/use_gtp_command.py",
}
"""Tests that pass only where the recipe has been followed."""
SUITES = ("tests/config", "tests/engine", "tests/net", "tests/training/test_optimizers.py")
"""Tests of the packages that recipes change."""


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
    copies.run_tests(project, "tests/test_architecture.py", *SUITES)
    (project / ".venv").symlink_to(page.PROJECT / ".venv")
    copies.run(project, "-m", "pyright", "alphazero", "tests/recipes")
