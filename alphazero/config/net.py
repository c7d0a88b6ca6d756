"""Settings of the network: its shape and the initial values of its heads."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class HeadInit(Enum):
    """Initial values of the fully connected heads."""

    convolution = "convolution"
    """As a convolution and a pooling: all points start with the same weights, and the policy is local."""
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
    """Auxiliary head for each point's final owner. Auxiliary heads train the tower and are never exported."""
    score: bool = False
    """Auxiliary head for the final score."""
    reply: bool = False
    """Auxiliary head for the opponent's reply, the next ply's policy."""
    soft_policy: bool = False
    """Auxiliary head for the policy at a high temperature, which distinguishes the second-best moves."""
    short_term: bool = False
    """Auxiliary head for the value some turns later."""
    heads: HeadInit = HeadInit.convolution
    """Initial values of policy and value head."""

    def __post_init__(self) -> None:
        checks.require_range("net.blocks", self.blocks, 1, 80)
        checks.require_range("net.filters", self.filters, 1, 1024)

    @property
    def name(self) -> str:
        """Short name, such as "b4c32"."""
        return f"b{self.blocks}c{self.filters}"
