"""Shapes of what belongs to one position: a number for each action, for each point, or for the position."""

from dataclasses import dataclass
from enum import Enum


class ShapeKind(Enum):
    """Kinds of shapes."""

    actions = "actions"
    """[A] a number for each point, then one for the pass. As a target: a distribution."""
    points = "points"
    """[P] a number for each point."""
    scalar = "scalar"
    """[] one number."""
    vector = "vector"
    """[length] several numbers."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape of one position's array, for every board size. Batches have one more axis in front."""

    kind: ShapeKind
    length: int = 1
    """Numbers of a vector."""

    @property
    def is_turned(self) -> bool:
        """Whether the numbers move when the board is turned or mirrored."""
        return self.kind in (ShapeKind.actions, ShapeKind.points)

    def dimensions(self, size: int) -> tuple[int, ...]:
        """Dimensions of the array of one position on a board of size * size points."""
        return {
            ShapeKind.actions: (size * size + 1,),
            ShapeKind.points: (size * size,),
            ShapeKind.scalar: (),
            ShapeKind.vector: (self.length,),
        }[self.kind]


ACTIONS, POINTS, SCALAR = Shape(ShapeKind.actions), Shape(ShapeKind.points), Shape(ShapeKind.scalar)


def vector(length: int) -> Shape:
    """The shape of `length` numbers for each position."""
    return Shape(ShapeKind.vector, length)
