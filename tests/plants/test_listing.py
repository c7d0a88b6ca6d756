"""The list of planted bugs fits the tree as it is; `make plants` shows that tests find them."""

import ast

import pytest

from tests.plants import listing

PLANTS = listing.load()


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_bug_can_be_planted(plant, project):
    source = listing.planted(plant)  # the old text is there exactly once
    before = ast.dump(ast.parse((project / plant.file).read_text()))
    assert ast.dump(ast.parse(source)) != before, "only spaces or comments differ"
    assert plant.tests and plant.why


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_its_tests_are_there_and_fast(plant, project):
    for test in plant.tests:
        path, _, name = test.partition("::")
        nodes = ast.walk(ast.parse((project / path).read_text()))
        found = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
        assert len(found) == 1, test
        assert not any("slow" in ast.unparse(decorator) for decorator in found[0].decorator_list), test


def test_the_list_is_worth_running():
    assert len({plant.name for plant in PLANTS}) == len(PLANTS) >= 20
    rooms = {plant.file.split("/")[1] for plant in PLANTS}
    others = {"selfplay", "training", "evaluation", "engine", "competition"}
    assert rooms >= {"go", "search", "net", "data"} | others


@pytest.mark.parametrize("count", [0, 2])
def test_a_text_that_is_not_there_once_is_refused(count, tmp_path):
    (tmp_path / "module.py").write_text("x = 1\n" * count)
    plant = listing.Plant(name="n", file="module.py", old="x = 1", new="x = 2", tests=["t"], why="w")
    with pytest.raises(ValueError, match=f"n: the old text stands {count} times in module.py"):
        listing.planted(plant, tmp_path)
