"""Fixtures that all tests share, and the settings that must stand before anything is imported."""

import os
from collections.abc import Callable
from pathlib import Path

# Math libraries read this when they are imported; teams of threads collapse where cores are shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest

PROJECT = Path(__file__).resolve().parents[1]
GOLDEN = PROJECT / "tests" / "golden"

# The fast lane gives the same verdict each time; HYPOTHESIS_PROFILE=explore looks for new examples.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=500)
# A planted bug (tests/plants) need only be found, not shown in its smallest example.
hypothesis.settings.register_profile(
    "planted",
    deadline=None,
    derandomize=True,
    max_examples=50,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--goldens", action="store_true", help="rewrite tests/golden and run only what uses it")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips GPU tests where there is no GPU; with --goldens keeps only the tests of golden files."""
    if config.getoption("--goldens"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    if any(item.get_closest_marker("gpu") for item in items) and not has_gpu(config):
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU here"))


def has_gpu(config: pytest.Config) -> bool:
    """Whether torch sees a GPU; torch is imported only when GPU tests were asked for."""
    if "not gpu" in (config.getoption("-m") or ""):
        return True  # they are deselected in any case
    import torch

    return torch.cuda.is_available()


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's root folder."""
    return PROJECT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real games, networks and answers of other programs; skips the test where it is absent."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: material of other projects, which is not part of this one")
    return folder


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """check(name, text): `text` must equal tests/golden/NAME; `make goldens` writes it instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--goldens"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.is_file(), f"{path} is missing: make goldens"
        assert text == path.read_text(), f"differs from {path}; if that is meant: make goldens"

    return check
