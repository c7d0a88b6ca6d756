"""Stock KataGo loads what we write and answers as we do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.engine_client import gtp_client
from alphazero.go import input_families, play, rules
from alphazero.net.katago import model, numpy_forward, reader, writer
from tests.net.katago import models, raw_answers, stock, torch_nets

pytestmark = [pytest.mark.slow, stock.needed]

KO_RULES = {
    "POSITIONAL": game_config.Ko.positional,
    "SITUATIONAL": game_config.Ko.situational,
    "SIMPLE": game_config.Ko.simple,
}


def make_trained(trunk: net_config.Trunk, **shape: int) -> model.Model:
    """A network from torch, with norms as after training."""
    return torch_nets.random_net(torch_nets.make_config(trunk, **shape)).export()


NETWORKS: dict[str, tuple[Callable[[Path], model.Model], str]] = {
    # network, and the suffix of its file
    "ours": (lambda _: models.random_model(8, ["ordinary", "pooling", "ordinary"], 16), ".bin.gz"),
    "post-activation": (lambda _: make_trained(net_config.Trunk.post, blocks=4, filters=32), ".bin.gz"),
    "pre-activation": (lambda _: make_trained(net_config.Trunk.pre), ".bin.gz"),
    "nested with mish": (
        lambda _: models.random_model(15, [("ordinary", "pooling")], 8, activation=model.Activation.mish),
        ".bin",
    ),
    "real": (lambda data: reader.read(data / "katago" / "g170-b6c96.bin.gz"), ".txt.gz"),
}


def play_both(game: play.Game, client: gtp_client.GtpClient, rng: np.random.Generator) -> None:
    """Plays a random move on both boards, a pass now and then, but never two in succession."""
    points = np.flatnonzero(game.legal()[:-1])
    is_pass = not points.size or (rng.random() < 0.1 and game.last_move != game.size**2)
    color, action = game.to_play, game.size**2 if is_pass else int(rng.choice(points))
    client.send(f"play {'bw'[color - rules.BLACK]} {rules.format_move(action, game.size)}")
    game.play(action)


def check(game: play.Game, client: gtp_client.GtpClient, network: model.Model, ko: str) -> None:
    """Compares the raw answers in one position."""
    answers = numpy_forward.forward(network, *input_families.encode_game(input_families.KATAGO, game))
    ours = raw_answers.expected(answers, game.legal(), is_white=game.to_play == rules.WHITE, ko=ko)
    theirs = stock.raw_answers(client)
    for name, numbers in ours.items():
        assert np.array_equal(np.isnan(numbers), np.isnan(theirs[name])), name
        # Scores are printed with three digits, owners and probabilities with six and more.
        allowed = 3e-3 if "Score" in name or "Lead" in name else 1e-4
        difference = np.nanmax(np.abs(numbers - theirs[name]))
        assert difference < allowed + 1e-5 * np.nanmax(np.abs(numbers)), (name, difference)


@pytest.mark.parametrize("name", NETWORKS)
def test_katago_loads_our_files_and_answers_as_we_do(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
):
    make, suffix = NETWORKS[name]
    network = make(request.getfixturevalue("shared_data") if name == "real" else tmp_path)
    path = tmp_path / f"net{suffix}"
    writer.write(network, path)
    rng = np.random.default_rng(1)
    with stock.start(path) as client:
        for number in range(4):
            ko, suicide = ("POSITIONAL", "SITUATIONAL", "SIMPLE", "POSITIONAL")[number], number == 3
            game = play.Game(9, 6.5 + number, ko=KO_RULES[ko], suicide=suicide)
            client.send("clear_board")
            stock.set_rules(client, ko, suicide)
            client.send(f"komi {game.komi}")
            for _ in range(9):
                check(game, client, network, ko)
                for _ in range(5):
                    play_both(game, client, rng)


def test_katago_says_why_it_cannot_load_a_file(tmp_path: Path):
    """So that its answers above are worth something."""
    path = tmp_path / "net.bin.gz"
    writer.write(models.random_model(), path)
    path.write_bytes(path.read_bytes()[:-99])
    with pytest.raises(gtp_client.EngineLost):
        stock.start(path)
