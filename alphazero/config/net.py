"""Settings of the network: its family, its shape and the initial values of its heads."""

import itertools
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

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


_NAME = re.compile(r"(kata-)?b(\d{1,3})c(\d{1,4})")


def parse(name: str) -> tuple[Family, int, int]:
    """Family, blocks and filters of a name such as "b4c32" or "kata-b4c32"; ValueError for other text."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name}: must be blocks and filters, such as b4c32 or kata-b4c32")
    return Family.katago if match[1] else Family.leela, int(match[2]), int(match[3])


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
    growth: Any = None
    """Larger networks by the run's positions at which they take over, such as {400000: kata-b6c64}; null for
    none. Growing does not change a network's answers (`training/growth.py`)."""
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
        self._check_growth()

    def _check_growth(self) -> None:
        if self.growth is None:
            return
        is_table = isinstance(self.growth, dict) and all(
            type(each) is int and each > 0 for each in self.growth
        )
        allowed = "networks by numbers of positions, in order, such as {400000: kata-b6c64}"
        is_rising = is_table and list(self.growth) == sorted(self.growth)
        checks.require(is_rising, "net.growth", self.growth, allowed)
        names = self.stages
        for name in names[1:]:
            is_known = _NAME.fullmatch(str(name)) is not None and parse(name)[0] is self.family
            checks.require(is_known, "net.growth", name, f"a network of net.family={self.family.value}")
            self.resized(name)  # checks the ranges
        for smaller, larger in itertools.pairwise(names):
            (_, *before), (_, *after) = parse(smaller), parse(larger)
            fits = all(a <= b for a, b in zip(before, after, strict=True)) and before != after
            checks.require(
                fits, "net.growth", larger, f"larger than {smaller}, with at least as many blocks and filters"
            )
        checks.require(self.trunk is Trunk.post, "net.growth", self.growth, "null with net.trunk=pre")

    @property
    def name(self) -> str:
        """Short name, such as "b4c32", or "kata-b4c32" in KataGo's family."""
        prefix = "kata-" if self.family is Family.katago else ""
        return f"{prefix}b{self.blocks}c{self.filters}"

    @property
    def stages(self) -> list[str]:
        """Names of the networks of a run, from the first one to the largest."""
        return [self.name, *(self.growth or {}).values()]

    @property
    def largest(self) -> "NetConfig":
        """The settings of the last stage."""
        return self.resized(self.stages[-1])

    def resized(self, name: str) -> "NetConfig":
        """The settings with the blocks and filters of a name, and without growth."""
        _, blocks, filters = parse(name)
        return replace(self, blocks=blocks, filters=filters, growth=None)

    def stage_at(self, positions: int) -> str:
        """Name of the network that a run with so many positions has."""
        return [self.name, *(name for due, name in (self.growth or {}).items() if due <= positions)][-1]
