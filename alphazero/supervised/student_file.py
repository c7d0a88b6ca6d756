"""Weight file of a student with its certificate, in a folder of promoted files or under a name of its own."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero import files, run_paths
from alphazero.net import leela
from alphazero.run_files import network_facts, promotion

_SUFFIXES = (".txt.gz", ".txt")
_OTHER_SUFFIXES = (".gz", ".bin", ".json")


class StudentFile:
    """Place of the files: a name that ends in .txt.gz or .txt, or a folder."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError if a file is already there, or if a folder of this name would be a mistake."""
        self.path = path
        self._stem = next(
            (path.name.removesuffix(each) for each in _SUFFIXES if path.name.endswith(each)), None
        )
        if self._stem is not None:
            for each in (path, self._certificate):
                if each.exists():
                    raise ValueError(f"DEST={each}: already exists")
        elif path.name.endswith(_OTHER_SUFFIXES) or (path.exists() and not path.is_dir()):
            raise ValueError(f"DEST={path}: must be a folder or a name that ends in .txt.gz or .txt")

    @property
    def _certificate(self) -> Path:
        return self.path.with_name(f"{self._stem}{run_paths.CERTIFICATE_SUFFIX}")

    def write(self, weights: leela.Weights, facts: Mapping[str, Any], check: promotion.Check) -> Path:
        """Writes the network, then its certificate; returns the weight file's path.

        A folder gets the names of a run's promoted files. facts, check: as in `Promotions.promote`.
        """
        if self._stem is None:
            return promotion.Promotions(self.path).promote(weights, facts, check).path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        leela.write(weights, self.path)
        certificate = {
            "file": self.path.name,
            "sha256": files.sha256_of(self.path),
            **network_facts.of(weights),
            **facts,
            "largest_difference": check(self.path),
        }
        text = json.dumps(certificate, indent=1, allow_nan=False)
        files.write_atomic(self._certificate, f"{text}\n".encode())
        return self.path
