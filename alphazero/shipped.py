"""Folders that ship with the package: inside it when it is installed, beside it in a checkout."""

from pathlib import Path


def folder(name: str) -> Path:
    """The shipped folder of this name, such as "conf"."""
    package = Path(__file__).resolve().parent
    installed = package / name
    return installed if installed.is_dir() else package.parent / name
