"""An excluded module cannot be imported in the `with` block, and can be imported afterwards."""

import importlib
import sys

import pytest

from alphazero import imports


def test_an_import_fails_and_works_again_afterwards(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with imports.without("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)


def test_a_module_that_was_imported_before_stays():
    with imports.without("sys"):
        assert importlib.import_module("sys") is sys
    assert sys.modules["sys"] is sys


def test_an_error_in_the_block_leaves_nothing_behind():
    with pytest.raises(RuntimeError), imports.without("no_such_module_of_ours"):
        raise RuntimeError
    assert "no_such_module_of_ours" not in sys.modules
