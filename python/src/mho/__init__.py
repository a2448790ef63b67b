"""mho from Python: program analogue-memory chips, watch them drift, and read what was measured as arrays."""

from importlib.metadata import version as _version

from .bench import Bench
from .command import Command, Event, find_command
from .errors import CommandNotFound, Interrupted, MhoError, MissingPackage, StandbyFailed
from .results import (
    Estimate,
    FitResult,
    NetworkResult,
    NetworkShare,
    NetworkSummary,
    RunResult,
    RunSummary,
    TrimResult,
    WatchResult,
)
from .parquet import read_parquet
from .sweeps import Sweeps, verdict_names
from .workspace import read_sweeps

__version__ = _version("mho")

__all__ = [
    "Bench",
    "Command",
    "CommandNotFound",
    "Estimate",
    "Event",
    "FitResult",
    "Interrupted",
    "MhoError",
    "MissingPackage",
    "NetworkResult",
    "NetworkShare",
    "NetworkSummary",
    "RunResult",
    "RunSummary",
    "StandbyFailed",
    "Sweeps",
    "TrimResult",
    "WatchResult",
    "find_command",
    "read_parquet",
    "read_sweeps",
    "verdict_names",
]
