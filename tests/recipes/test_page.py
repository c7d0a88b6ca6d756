"""Tests of docs/extending.md: its lists name the files of its changes, and a change fits or is refused."""

import pytest

from tests.recipes import page

TEXT = page.PAGE.read_text()
RECIPES = page.read(TEXT)


@pytest.mark.parametrize("title", RECIPES)
def test_the_table_lists_the_files_of_the_changes(title):
    recipe = RECIPES[title]
    assert recipe.files == [change.file for change in recipe.changes]
    assert page.num_files(TEXT)[title] == len(recipe.files)


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_fits_on_a_page(title):
    section = TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert len(section.splitlines()) <= 115


def test_every_recipe_has_a_test():
    folder = page.PROJECT / "tests" / "recipes"
    tests = "".join(path.read_text() for path in folder.glob("test_*.py"))
    assert page.num_files(TEXT).keys() == RECIPES.keys()
    assert [title for title in RECIPES if f'"{title}"' not in tests] == []


OLD = "first\n\nsecond\nthird\nsecond\n"
DIFFS = [
    ("-first\n+one\n", "one\n\nsecond\nthird\nsecond\n"),
    ("@@\n first\n\n+new\n second\n", "first\n\nnew\nsecond\nthird\nsecond\n"),
    ("@@ why\n-first\n@@\n-third\n second\n", "\nsecond\nsecond\n"),
]


@pytest.mark.parametrize(("diff", "expected"), DIFFS)
def test_patched(diff, expected):
    assert page.patched(OLD, diff, "here") == expected


@pytest.mark.parametrize(
    ("diff", "count"), [("-second\n", 2), (" econd\n+x\n", 0), ("-fourth\n", 0), ("+x\n", 0)]
)
def test_a_diff_that_does_not_fit_is_refused(diff, count):
    with pytest.raises(ValueError, match=f"^here: these lines occur {count} times instead of once"):
        page.patched(OLD, diff, "here")


@pytest.mark.parametrize(
    ("is_new", "exists", "reason"),
    [(True, True, "the file exists already"), (False, False, "the file does not exist")],
)
def test_a_file_must_be_new_if_the_recipe_says_so(tmp_path, is_new, exists, reason):
    if exists:
        (tmp_path / "a.py").write_text("")
    recipe = page.Recipe("A thing", ["a.py"], [page.Change("a.py", is_new, "")])
    with pytest.raises(ValueError, match=f"^docs/extending.md, A thing, a.py: {reason}$"):
        page.follow(recipe, tmp_path)
