"""Promoted networks on disk: weight files, certificates and the pointer to the newest network.

The files of number 7 are 00007-<first 8 digits of sha256>.txt.gz (.bin.gz in KataGo's family) and .json, the
certificate. The weight file is written first, its certificate second and latest.json last, each atomically. A
certificate is valid if the sha256 of its weight file matches. All other files are leftovers of a process that
was killed.
"""

import contextlib
import json
import logging
import os
import re
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alphazero import files, run_paths
from alphazero.config import net as net_config
from alphazero.config import schema
from alphazero.net import weights as network_weights
from alphazero.run_files import network_facts

_logger = logging.getLogger(__name__)

Check = Callable[[Path], float]
"""Returns the largest difference between our inference and a reference that reads the weight file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """One promoted network."""

    number: int
    """1 for the run's first network, greater for later ones."""
    path: Path
    """The weight file."""
    certificate: dict[str, Any]
    """Facts about the network: file, sha256, blocks, komi and more."""

    @property
    def certificate_path(self) -> Path:
        """The file that `certificate` was read from."""
        return _certificate_of(self.path)

    def read_bytes(self) -> bytes:
        """Reads the weight file's bytes. Raises ValueError if their sha256 is not the certificate's."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ValueError(f"{self.path}: {error.strerror}") from error
        if files.sha256(data) != self.certificate["sha256"]:
            raise ValueError(f"{self.path}: its sha256 is not the one in {self.certificate_path.name}")
        return data

    def load(self) -> network_weights.Weights:
        """Loads the network. Raises ValueError if the file does not match its certificate."""
        self.read_bytes()
        return network_weights.read(self.path)


class Promotions:
    """The folder `weights/promoted` of a run. One process writes; any process may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def promote(
        self, weights: network_weights.Weights, facts: Mapping[str, Any], check: Check | None = None
    ) -> Promoted:
        """Adds a network. On return its files survive a crash of the machine.

        facts: entries of the certificate beside the network's shape, such as komi, games, steps and the
        match. check: see `Check`; its result is the certificate's `largest_difference`.
        """
        data = network_weights.to_bytes(weights)
        digest = files.sha256(data)
        stem = f"{self._next_number():05d}-{digest[:8]}"
        path = self._folder / f"{stem}{network_weights.suffix_of(weights)}"
        files.write_atomic(path, data)
        certificate = {
            "number": int(stem.split("-")[0]),
            "file": path.name,
            "sha256": digest,
            **network_facts.of(weights),
            **facts,
        }
        if check is not None:
            certificate["largest_difference"] = check(path)
        _write_json(_certificate_of(path), certificate)
        promoted = Promoted(number=certificate["number"], path=path, certificate=certificate)
        self._point_to(promoted)
        return promoted

    def all(self) -> list[Promoted]:
        """Returns all promoted networks, oldest first. Leftovers and corrupt files are logged."""
        for path in sorted(self._folder.glob(run_paths.WEIGHT_FILES)):
            if not _certificate_of(path).exists():
                _logger.warning("ignored %s: no certificate, as its promotion was interrupted", path)
        return self.certified()

    def get(self, number: int) -> Promoted:
        """Returns the promoted network of this number. Raises ValueError if it is missing or corrupt."""
        for name in self._certificates():
            if number_of(name) == number:
                return read_certificate(self._folder / name)
        raise ValueError(f"{self._folder}: does not contain network {number}")

    def certified(self, known: Collection[int] = ()) -> list[Promoted]:
        """Returns the same as `all`, but does not log files without a certificate.

        It is for readers beside the writing process, which may still add the certificate. known: numbers
        that are left out; their files are not read again.
        """
        return list(self._newest_first(known))[::-1]

    def latest(self) -> Promoted | None:
        """Returns the newest promoted network, or None. Repairs a pointer that is not up to date."""
        newest = next(self._newest_first(), None)
        if newest is not None and _pointed_file(self._folder) != newest.path.name:
            try:
                self._point_to(newest)
            except OSError as error:
                _logger.warning("%s still points to an older network: %s", run_paths.LATEST_NETWORK, error)
        return newest

    def count(self) -> int:
        """Returns the number of promoted networks. It is cheap, as it only reads the names of files."""
        return sum(1 for _ in self._certificates())

    def _certificates(self) -> Iterator[str]:
        """Names of all certificates, in any order; each is written after its weight file."""
        return (
            name for name in self._names() if name.endswith(run_paths.CERTIFICATE_SUFFIX) and number_of(name)
        )

    def _names(self) -> Iterator[str]:
        """Names in the folder. Paths would take megabytes for a thousand networks, at every call."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                yield entry.name

    def _newest_first(self, known: Collection[int] = ()) -> Iterator[Promoted]:
        names = [name for name in self._certificates() if number_of(name) not in known]
        for name in sorted(names, key=number_of, reverse=True):
            try:
                promoted = read_certificate(self._folder / name)
                promoted.read_bytes()
            except ValueError as error:
                _logger.warning("ignored a promoted network: %s", error)
            else:
                yield promoted

    def _point_to(self, promoted: Promoted) -> None:
        pointer = {key: promoted.certificate[key] for key in ("file", "sha256")}
        content = {"number": promoted.number, **pointer, "certificate": promoted.certificate_path.name}
        _write_json(self._folder / run_paths.LATEST_NETWORK, content)

    def _next_number(self) -> int:
        """Returns one more than the largest number in the folder, leftovers included."""
        return 1 + max(map(number_of, self._names()), default=0)


def read_certificate(path: Path) -> Promoted:
    """Reads a certificate, but not its weight file. Raises ValueError if it is not a certificate."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    certificate = parse_certificate(path.name, data, str(path))
    return Promoted(
        number=number_of(path.name), path=path.with_name(certificate["file"]), certificate=certificate
    )


def parse_certificate(name: str, data: bytes, where: str) -> dict[str, Any]:
    """Parses the certificate in a file called `name`.

    Raises ValueError, with a message that begins with `where`, if it is not a certificate.
    """
    stem = name.removesuffix(run_paths.CERTIFICATE_SUFFIX)
    try:
        certificate = json.loads(data)
        sha256, file = str(certificate["sha256"]), certificate["file"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{where}: is not a certificate") from error
    match = run_paths.NETWORK.fullmatch(stem)
    # The file's name must match, as a foreign certificate must not choose which file is read.
    if match is None or file not in _weight_files(stem) or not sha256.startswith(match[2]):
        raise ValueError(f"{where}: its file and sha256 do not belong to its name")
    return certificate


def number_of(name: str) -> int:
    """Returns the number in a file's name, 0 if it has none."""
    digits = re.match(r"\.?(\d{5,})-", name)
    return int(digits[1]) if digits else 0


def provenance(config: schema.Config) -> dict[str, Any]:
    """Returns facts for a certificate: komi, the configuration's digest, and the git commit if known.

    In KataGo's family also the sizes of the boards of the run.
    """
    text = json.dumps(asdict(config), sort_keys=True, default=str).encode()
    facts: dict[str, Any] = {"komi": config.game.komi, "config_sha256": files.sha256(text)}
    if config.net.family is net_config.Family.katago:  # whose networks play on boards of all sizes
        facts["board_sizes"] = [config.game.size]
    commit = _git_commit(Path(__file__).resolve().parents[2])
    return facts if commit is None else {**facts, "git_commit": commit}


def _git_commit(folder: Path) -> str | None:
    if not (folder / ".git").exists():  # an installed package may lie inside another repository
        return None
    command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _weight_files(stem: str) -> list[str]:
    """Names that the weight file of a certificate may have."""
    return [f"{stem}{suffix}" for suffix in run_paths.WEIGHTS_SUFFIXES]


def _certificate_of(weight_file: Path) -> Path:
    stem = weight_file.name
    for suffix in run_paths.WEIGHTS_SUFFIXES:
        stem = stem.removesuffix(suffix)
    return weight_file.with_name(stem + run_paths.CERTIFICATE_SUFFIX)


def _pointed_file(folder: Path) -> str | None:
    try:
        return json.loads((folder / run_paths.LATEST_NETWORK).read_bytes())["file"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    files.write_atomic(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
