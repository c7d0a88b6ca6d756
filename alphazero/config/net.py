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
    score: bool = False
    """One for the final score."""
    reply: bool = False
    """One for the opponent's reply, the next ply's policy."""
    soft_policy: bool = False
    """One for the policy at a high temperature, which tells second-best moves apart."""
    short_term: bool = False
    """One for what the value will be some turns later."""
    heads: HeadStart = HeadStart.convolution
    """How policy and value head start."""

    def __post_init__(self) -> None:
        checks.require_range("net.blocks", self.blocks, 1, 80)
        checks.require_range("net.filters", self.filters, 1, 1024)

    @property
    def has_auxiliary(self) -> bool:
        """Whether there is any auxiliary head."""
        return self.soft_policy or bool(self.targets)

    @property
    def targets(self) -> frozenset[str]:
        """What auxiliary heads learn beside policy and value: fields of `data.batch.Batch`."""
        wanted = {
            "ownership": self.ownership,
            "score": self.score,
            "reply": self.reply,
            "short_term": self.short_term,
        }
        return frozenset(name for name, is_wanted in wanted.items() if is_wanted)

    @property
    def name(self) -> str:
        """Short name, such as "b4c32"."""
        return f"b{self.blocks}c{self.filters}"
