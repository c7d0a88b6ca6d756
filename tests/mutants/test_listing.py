"""Tests of the list of mutants against the current tree; `make mutants` runs the mutants themselves."""

import ast

import pytest

from tests.mutants import listing

MUTANTS = listing.load()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_bug_can_be_inserted(mutant, project):
    source = listing.mutated(mutant)  # the old text occurs exactly once
    before = ast.dump(ast.parse((project / mutant.file).read_text()))
    assert ast.dump(ast.parse(source)) != before, "only spaces or comments differ"
    assert mutant.tests and mutant.why


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_tests_exist_and_are_fast(mutant, project):
    for test in mutant.tests:
        path, _, name = test.partition("::")
        nodes = ast.walk(ast.parse((project / path).read_text()))
        found = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
        assert len(found) == 1, test
        assert not any("slow" in ast.unparse(decorator) for decorator in found[0].decorator_list), test


def test_the_list_is_large_enough():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    packages = {mutant.file.split("/")[1] for mutant in MUTANTS}
    others = {"selfplay", "training", "evaluation", "engine", "competition"}
    assert packages >= {"go", "search", "net", "data"} | others


@pytest.mark.parametrize("count", [0, 2])
def test_a_text_that_does_not_occur_once_is_refused(count, tmp_path):
    (tmp_path / "module.py").write_text("x = 1\n" * count)
    mutant = listing.Mutant(name="n", file="module.py", old="x = 1", new="x = 2", tests=["t"], why="w")
    with pytest.raises(ValueError, match=f"n: the old text occurs {count} times in module.py"):
        listing.mutated(mutant, tmp_path)
