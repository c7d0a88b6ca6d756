"""Choice of the description that fits a network's family."""

from alphazero.net import description, leela, leela_description
from alphazero.net import weights as network_weights
from alphazero.net.katago import model_description


def describe(weights: network_weights.Weights, size: int | None = None) -> description.Description:
    """Describes a network for boards of `size`; None stands for the only size that it plays.

    Raises ValueError if it does not play on boards of this size, or on any size and none is given.
    """
    if isinstance(weights, leela.Weights):
        if size not in (None, weights.size):
            raise ValueError(f"size={size}: this network plays on {weights.size}x{weights.size} only")
        return leela_description.describe(weights)
    if size is None:
        raise ValueError(f"size: must be given, as {weights.label} plays on boards of every size")
    return model_description.describe(weights, size)
