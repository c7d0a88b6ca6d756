"""Shapes, against the numbers of points and actions of a board."""

from alphazero.go import shapes


def test_dimensions_follow_the_board():
    assert shapes.ACTIONS.dimensions(9) == (82,)
    assert shapes.POINTS.dimensions(9) == (81,)
    assert shapes.SCALAR.dimensions(9) == ()
    assert shapes.vector(3).dimensions(9) == (3,)


def test_only_what_belongs_to_points_is_turned():
    assert shapes.ACTIONS.is_turned and shapes.POINTS.is_turned
    assert not shapes.SCALAR.is_turned and not shapes.vector(2).is_turned
