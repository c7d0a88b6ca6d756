"""Fixtures for all tests, and settings that must precede all imports."""

import os
from collections.abc import Callable
from pathlib import Path

# Math libraries read this when they are imported; their thread pools are very slow on shared cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest

PROJECT = Path(__file__).resolve().parents[1]
GOLDEN = PROJECT / "tests" / "golden"

# Fast tests give the same result each time; HYPOTHESIS_PROFILE=explore draws new examples.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=500)
# A mutant (tests/mutants) must be found; its smallest example is not needed.
hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    max_examples=50,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--goldens", action="store_true", help="rewrite tests/golden; runs only the tests that use it"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skips GPU tests without a GPU; with --goldens keeps only the tests of golden files."""
    if config.getoption("--goldens"):
        items[:] = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    if any(item.get_closest_marker("gpu") for item in items) and not has_gpu(config):
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU here"))


def has_gpu(config: pytest.Config) -> bool:
    """Whether torch sees a GPU; imports torch only if GPU tests are selected."""
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
    """Folder of real games, networks and outputs of other programs; skips the test if it is missing."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing; it holds files of other projects, which are not part of this one")
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
        assert text == path.read_text(), f"differs from {path}; if the change is intended: make goldens"

    return check
