"""A run whose network grows: files of both sizes are promoted, and a second session keeps the larger one."""

import pytest

from alphazero.evaluation import weight_files
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from alphazero.training import checkpoint
from tests import local_run

FAMILIES = [("b2c16", "b1c8", "b2c12"), ("kata-b4c32", "kata-b1c16", "kata-b3c24")]


@pytest.mark.slow
@pytest.mark.parametrize(("net", "first", "last"), FAMILIES)
def test_a_network_grows_during_the_run(tmp_path, net: str, first: str, last: str):
    _, filters = first.split("c")
    words = [f"net={net}", "net.blocks=1", f"net.filters={filters}"]
    folder = local_run.run(tmp_path, *words, "stop.steps=40")
    assert _promoted_shapes(folder) == [first, first]
    positions = promotion.Promotions(folder.promoted).all()[-1].certificate["positions"]
    growing = [*words, f"net.growth={{{positions + 100}: {last}}}"]
    local_run.run(tmp_path, *growing, "stop.steps=80")
    local_run.run(tmp_path, *growing, "stop.steps=100")
    shapes = _promoted_shapes(folder)
    assert shapes[:2] == [first, first] and shapes[-2:] == [last, last] and len(shapes) == 5
    assert checkpoint.newest_step(folder.checkpoints) == 100
    assert network_weights.name_of(weight_files.load(folder.path)) == last


def _promoted_shapes(folder) -> list[str]:
    networks = promotion.Promotions(folder.promoted).all()
    return [network_weights.name_of(network_weights.read(network.path)) for network in networks]
