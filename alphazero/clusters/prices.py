"""Table of machine prices by the hour, with the date of the table."""

import datetime
import functools
from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("prices.yaml")
HOURS_A_MONTH = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine type of a provider."""

    cpus: int
    gpus: int = 0
    gpu: str = ""
    """The GPUs' model."""
    hour: float
    """USD on demand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices of one provider in one region."""

    date: str
    """Year and month of the prices."""
    region: str
    disk_gib_month: float
    """USD a month for a GiB of the disk type in the cluster files."""
    machines: dict[str, Machine]

    def disk_hour(self, gib: float) -> float:
        """USD an hour for a disk."""
        return gib * self.disk_gib_month / HOURS_A_MONTH

    def age_months(self, today: datetime.date) -> int:
        """Age of the prices in months."""
        year, month = (int(part) for part in self.date.split("-"))
        return (today.year - year) * 12 + today.month - month


@functools.cache
def tables() -> dict[str, PriceTable]:
    """All tables, by the provider's name in a cluster file."""
    return {
        provider: PriceTable(
            date=str(table["date"]),
            region=table["region"],
            disk_gib_month=table["disk_gib_month"],
            machines={name: Machine(**machine) for name, machine in table["machines"].items()},
        )
        for provider, table in yaml.safe_load(FILE.read_text()).items()
    }
