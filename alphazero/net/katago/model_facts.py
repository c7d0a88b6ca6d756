"""Facts about KataGo's networks: their names, and which inputs they ignore."""

from alphazero.go import input_families
from alphazero.net.katago import model, rectified

LADDERS_AND_AREAS = slice(14, 20)
"""Input planes that the family KATAGO_FAST leaves out."""


def family_of(weights: model.Model) -> input_families.InputFamily:
    """KATAGO_FAST if the network ignores ladders and areas, else the one with its kind of areas."""
    if not reads_tactics(weights):
        return input_families.KATAGO_FAST
    return input_families.KATAGO_SUICIDE_AREA if weights.suicide_area else input_families.KATAGO


def reads_tactics(weights: model.Model) -> bool:
    """Whether the network reads ladders or areas."""
    return bool(weights.input_convolution.kernel[:, LADDERS_AND_AREAS].any())


def num_blocks(weights: model.Model) -> int:
    """Residual blocks; rectifying blocks do not count."""
    trunk = rectified.detect(weights)
    return len(weights.blocks if trunk is None else trunk.blocks)


def name_of(weights: model.Model) -> str:
    """The shape, such as "kata-b4c32"."""
    return f"kata-b{num_blocks(weights)}c{weights.filters}"


def ignored_planes(weights: model.Model) -> list[int]:
    """Input planes with weights of zero."""
    kernel = weights.input_convolution.kernel
    return [plane for plane in range(model.NUM_PLANES) if not kernel[:, plane].any()]


def ignored_globals(weights: model.Model) -> list[int]:
    """Global inputs with weights of zero."""
    weight = weights.input_globals.weight
    return [index for index in range(model.NUM_GLOBALS) if not weight[:, index].any()]
