"""Script that calls all kernels of alphazero.go on two boards and prints how often each was compiled.

test_signatures.py runs it in a separate process, so that calls of other tests do not count.
"""

import importlib
import json
import pkgutil
from types import ModuleType

import numpy as np

import alphazero.go
from alphazero import jit
from alphazero.go import board, features, game_kernels, input_families, life, play, rules, scoring
from tests.go import positions


def call_everything(size: int) -> None:
    position = play.Game(size, 7.0, capacity=positions.CAPACITY)
    for action in (1, 0, size, size * size):
        position.play(action)
    position.legal()
    position.score()
    position.ownership()
    position.undo()

    table = positions.make_table(size, count=2)
    game_kernels.play(*table, 0, 2)
    game_kernels.play_each(*table, np.arange(2), np.array([3, 3]))
    game_kernels.copy_game(table.games, 1, table.games, 0)
    game_kernels.legal_actions(table.geometry, table.games, 1, np.zeros(size * size + 1, np.bool_))
    planes = np.zeros((2, features.NUM_PLANES, size * size), np.uint8)
    features.planes(table.geometry, table.games, np.arange(2), planes)
    features.fill_planes(table.geometry, table.games, 1, planes[0])
    for family in input_families.FAMILIES.values():
        input_families.encode_game(family, position)
    family, nothing = input_families.LEELA, np.zeros(0, np.float32)
    input_families.fill(family.number, table.geometry, table.games, 1, planes[0], nothing)
    stones = table.games[1].stones
    scoring.area_score(table.geometry, stones, table.scratch)
    scoring.ownership(table.geometry, stones, table.scratch, np.zeros(size * size, np.int8))
    board.find_chains(table.geometry, table.games[1])
    board.chain_hash(table.geometry, table.games[1], 2)
    board.hash_stones(table.geometry, stones)
    scratch, owner = life.make_scratch(size * size), np.zeros(size * size, np.int8)
    life.pass_alive(
        table.geometry, stones, scratch, rules.WHITE, np.bool_(False), np.zeros(size * size, np.bool_)
    )
    life.is_settled(table.geometry, stones, scratch, owner)


def count_signatures(package: ModuleType) -> dict[str, tuple[int, int]]:
    """For each kernel of a package: number of signatures, number of record layouts among their arguments."""
    counts = {}
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for name, kernel in vars(module).items():
            if getattr(kernel, "__module__", "") == module.__name__ and hasattr(kernel, "signatures"):
                types = {str(kind) for signature in jit.signatures(kernel) for kind in signature}
                layouts = {kind for kind in types if "Record" in kind}
                counts[f"{info.name}.{name}"] = (jit.num_signatures(kernel), len(layouts))
    return counts


if __name__ == "__main__":
    for board_size in (3, 5):
        call_everything(board_size)
    print(json.dumps(count_signatures(alphazero.go)))
