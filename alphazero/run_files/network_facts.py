"""What a certificate says about the network itself."""

from typing import Any

from alphazero.net import leela
from alphazero.net import weights as network_weights
from alphazero.net.katago import model_facts


def of(weights: network_weights.Weights) -> dict[str, Any]:
    """The shape; for KataGo's family also the inputs with weights of zero, which it ignores."""
    if isinstance(weights, leela.Weights):
        return {"board_size": weights.size, "blocks": weights.blocks, "filters": weights.filters}
    return {
        "family": "katago",
        "model_version": weights.version,
        "blocks": model_facts.num_blocks(weights),
        "filters": weights.filters,
        "planes_without_weights": model_facts.ignored_planes(weights),
        "globals_without_weights": model_facts.ignored_globals(weights),
    }
