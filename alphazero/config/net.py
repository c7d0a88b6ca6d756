"""The network's shape and its starting point."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class HeadStart(Enum):
    """How the fully connected heads are initialised."""

    convolution = "convolution"
    """As a convolution and a pooling: every point starts with the same weights, the policy stays local."""
    plain = "plain"
    """Independent random weights, as Leela Zero's training code does."""


@dataclass(kw_only=True, slots=True)
class NetConfig:
    """Leela Zero's residual network (AlphaGo Zero, Methods, with narrower towers)."""

    blocks: int = 4
    """Residual blocks of two 3x3 convolutions."""
    filters: int = 32
    """Channels of the tower."""
    ownership: bool = True
    """An auxiliary head for each point's final owner; it trains the tower and is never exported."""
    heads: HeadStart = HeadStart.convolution
    """How policy and value head start."""

    def __post_init__(self) -> None:
        checks.require_range("net.blocks", self.blocks, 1, 80)
        checks.require_range("net.filters", self.filters, 1, 1024)

    @property
    def name(self) -> str:
        """Short name, such as "b4c32"."""
        return f"b{self.blocks}c{self.filters}"
