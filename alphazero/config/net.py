"""Settings of the network: its family, its shape and the initial values of its heads."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class HeadInit(Enum):
    """Initial values of the fully connected heads."""

    convolution = "convolution"
    """As a convolution and a pooling: all points start with the same weights, and the policy is local."""
    plain = "plain"
    """Independent random weights, as Leela Zero's training code does."""


class Family(Enum):
    """Families of networks, named after the program that loads their files."""

    leela = "leela"
    """Leela Zero's: 18 planes of stones, one board size, policy and value."""
    katago = "katago"
    """KataGo's: liberties, komi and rules among the inputs, every board size, heads for score and owners."""


class Trunk(Enum):
    """Places of the activations in the residual blocks of KataGo's family."""

    post = "post"
    """After the sum, as in Leela Zero's network: faster in 8 bits. Its files hold it exactly."""
    pre = "pre"
    """Before the convolutions, as in KataGo's own networks."""


class InputSet(Enum):
    """Inputs of KataGo's family that are computed; the others are zero, in training as in play."""

    fast = "fast"
    """Without ladders and areas."""
    full = "full"
    """All inputs of version 7."""


@dataclass(kw_only=True, slots=True)
class NetConfig:
    """A residual network: AlphaGo Zero's in Leela Zero's form, or KataGo's."""

    family: Family = Family.leela
    """Family of the network, which decides its inputs, its heads and the format of its files."""
    trunk: Trunk = Trunk.post
    """Places of the activations; only for KataGo's family."""
    inputs: InputSet = InputSet.fast
    """Inputs that are computed; only for KataGo's family."""
    blocks: int = 4
    """Residual blocks of two 3x3 convolutions."""
    filters: int = 32
    """Channels of the tower."""
    ownership: bool = True
    """Auxiliary head for each point's final owner. Auxiliary heads train the tower and are never exported.
    KataGo's family always has heads for owners and scores, and its files hold them."""
    score: bool = False
    """Auxiliary head for the final score; see `ownership`."""
    reply: bool = False
    """Auxiliary head for the opponent's reply, the next ply's policy."""
    soft_policy: bool = False
    """Auxiliary head for the policy at a high temperature, which distinguishes the second-best moves."""
    short_term: bool = False
    """Auxiliary head for the value some turns later."""
    heads: HeadInit = HeadInit.convolution
    """Initial values of policy and value head; only for Leela Zero's family."""

    def __post_init__(self) -> None:
        checks.require_range("net.blocks", self.blocks, 1, 80)
        checks.require_range("net.filters", self.filters, 1, 1024)
        if self.family is Family.leela:
            own, allowed = "net.family=leela", {"trunk": Trunk.post, "inputs": InputSet.fast}
        else:
            own, allowed = "net.family=katago", {"heads": HeadInit.convolution}
            checks.require_at_least("net.filters", self.filters, 2)
        for name, only in allowed.items():
            value = getattr(self, name)
            checks.require(value is only, f"net.{name}", value.value, f"{only.value} with {own}")

    @property
    def name(self) -> str:
        """Short name, such as "b4c32", or "kata-b4c32" in KataGo's family."""
        prefix = "kata-" if self.family is Family.katago else ""
        return f"{prefix}b{self.blocks}c{self.filters}"
