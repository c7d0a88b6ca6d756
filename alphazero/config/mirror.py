"""Settings of the mirror, a second place for networks and checkpoints."""

import urllib.parse
from dataclasses import dataclass

from alphazero.config import checks

STORES = ("s3", "gs")
"""Schemes of object stores; a place without a scheme is a folder."""
_ALLOWED = "a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX"


@dataclass(kw_only=True, slots=True)
class MirrorConfig:
    """Place to which promoted networks and checkpoints are copied during the run."""

    uri: str | None = None
    """s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or a folder, for one run only; null for no mirror.
    Credentials come from the environment (AWS_ACCESS_KEY_ID, ..., GOOGLE_APPLICATION_CREDENTIALS)."""
    state_minutes: float = 10.0
    """Minutes between two mirrored checkpoints; promoted networks are mirrored within seconds."""
    games: bool = False
    """Whether the game log is mirrored with the checkpoints; it grows without bound."""

    def __post_init__(self) -> None:
        if self.uri is not None:
            check_place("mirror.uri", self.uri)
        checks.require_at_least("mirror.state_minutes", self.state_minutes, 0)


def check_place(key: str, place: str) -> None:
    """Raises ValueError in one line unless `place` is a folder or an object store's URI without secrets.

    The message does not repeat parts that may hold a secret.
    """
    scheme, separator, rest = place.partition("://")
    if not separator:
        checks.require(bool(place.strip()), key, repr(place), _ALLOWED)
        return
    if "@" in rest or "?" in rest or "#" in rest:
        raise ValueError(
            f"{key}={scheme}://...: must not hold a user, password or query; "
            "credentials come from the environment"
        )
    checks.require(scheme in STORES and bool(urllib.parse.urlsplit(place).netloc), key, place, _ALLOWED)
