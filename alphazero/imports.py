"""Imports of libraries without the parts that are not needed and take long."""

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def without(name: str) -> Iterator[None]:
    """While it lasts `import name` fails as if it were not installed, unless it has been imported before."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # pyright: ignore[reportArgumentType]  None forbids it
    try:
        yield
    finally:
        sys.modules.pop(name, None)
