"""Imports of libraries without parts that are not needed and slow to load."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without(name: str) -> Iterator[None]:
    """In the `with` block, `import name` fails as if it were not installed, unless it was imported before."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # pyright: ignore[reportArgumentType]  None blocks the import
    try:
        yield
    finally:
        sys.modules.pop(name, None)
