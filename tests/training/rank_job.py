"""Jobs of ranks for the tests of data-parallel training, which new processes can import."""

import os
from pathlib import Path

import torch

from alphazero.net import weights as network_weights
from alphazero.training import data_parallel, learner
from tests.training import batches

NUM_STEPS, SHARE = 6, 8
_LISTENS = "0A"


def share_of(step: int, number: int):
    """The batch that rank `number` of two trains on at a step."""
    return batches.make_batch(10 * step + number, batch=SHARE)


def config():
    """Two ranks with half a batch each."""
    return batches.make_config(batch_size=2 * SHARE, num_ranks=2)


def train(folder: Path, number: int) -> tuple[dict, list[dict[str, float]]]:
    """Trains as one of two ranks. Returns the state and the metrics."""
    ranks = data_parallel.join((folder / "rendezvous").as_uri(), number, 2, torch.device("cpu"), 60)
    one = learner.Learner(config(), ranks)
    metrics = one.train([share_of(step, number) for step in range(NUM_STEPS)], progress=0)
    state = one.state()
    ranks.leave()
    return state, metrics


def train_katago(folder: Path, number: int) -> dict:
    """Continues a network of KataGo's family as one of two ranks, without owners and scores."""
    ranks = data_parallel.join((folder / "rendezvous").as_uri(), number, 2, torch.device("cpu"), 60)
    settings = batches.make_katago_config(batch_size=2 * SHARE, num_ranks=2)
    start = learner.Learner(settings).candidate()
    settings.init.weights = str(folder / f"start{number}.bin.gz")
    network_weights.write(start, settings.init.weights)
    one = learner.Learner(settings, ranks)
    drawn = [batches.make_katago_batch(10 * step + number, batch=SHARE) for step in range(NUM_STEPS)]
    one.train([batch._replace(auxiliary={}) for batch in drawn], progress=0)
    one.candidate()
    state = one.state()
    ranks.leave()
    return state


def listens_at(folder: Path, number: int) -> list[str]:
    """Addresses at which a rank of this machine accepts connections, in the format of /proc/net/tcp."""
    ranks = data_parallel.join((folder / "rendezvous").as_uri(), number, 2, torch.device("cpu"), 60)
    links = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    mine = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and fields[9] in mine:
                found.append(fields[1].partition(":")[0])
    ranks.all(number)  # waits until the other rank has read its tables too
    ranks.leave()
    return found


def lose_a_rank(folder: Path, number: int) -> str:
    """Rank 0 trains, rank 1 joins and ends. Returns the error of rank 0."""
    ranks = data_parallel.join((folder / "rendezvous").as_uri(), number, 2, torch.device("cpu"), 20)
    if number == 1:
        return ""
    try:
        learner.Learner(config(), ranks).train([share_of(0, 0)], progress=0)
    except RuntimeError as error:
        return str(error)
    return "no error"
