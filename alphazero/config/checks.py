"""Checks for `__post_init__` of settings; each failure is one line for the user."""


def require(condition: bool, key: str, value: object, allowed: str) -> None:
    """Raises ValueError "key=value: must be allowed" unless `condition` holds."""
    if not condition:
        raise ValueError(f"{key}={value}: must be {allowed}")


def require_range(key: str, value: float, low: float, high: float) -> None:
    """Raises ValueError unless low <= value <= high."""
    require(low <= value <= high, key, value, f"from {low:g} to {high:g}")


def require_at_least(key: str, value: float, low: float) -> None:
    """Raises ValueError unless value >= low."""
    require(value >= low, key, value, f"at least {low:g}")


def require_positive(key: str, value: float) -> None:
    """Raises ValueError unless value > 0."""
    require(value > 0, key, value, "greater than 0")
