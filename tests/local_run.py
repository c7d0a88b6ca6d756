"""A tiny run of the loop in the process of a test, apart from `tiny_run`, which loads no torch."""

from pathlib import Path

from alphazero import local_loop
from alphazero.config import compose
from alphazero.run_files import run_folder
from tests import tiny_run


def run(path: Path | str, *words: str) -> run_folder.RunFolder:
    """Runs the loop without Ray until a condition among `words` ends it."""
    config = compose.compose([*tiny_run.WORDS, *words, f"run.dir={path}"])
    folder = run_folder.RunFolder(Path(path))
    folder.open(config, compose.to_yaml(config))
    try:
        local_loop.LocalLoop(config, folder).run()
    finally:
        folder.close()
    return folder
