"""mho from Python: program analogue-memory chips, watch them drift, and read what was measured as arrays."""

from importlib.metadata import version as _version

from .bench import Bench
from .command import Command, Event, find_command
from .errors import CommandNotFound, Interrupted, MhoError, MissingPackage, StandbyFailed
from .parquet import read_parquet
from .results import (
    Count,
    Estimate,
    Figure,
    FitResult,
    Found,
    MeasureResult,
    NetworkResult,
    NetworkShare,
    NetworkSummary,
    RunDetails,
    RunResult,
    RunSummary,
    TrimResult,
    WatchResult,
    WeightError,
)
from .sweeps import Sweeps, verdict_names
from .workspace import read_sweeps

__version__ = _version("mho")

__all__ = [
    "Bench",
    "Command",
    "CommandNotFound",
    "Count",
    "Estimate",
    "Event",
    "Figure",
    "FitResult",
    "Found",
    "Interrupted",
    "MeasureResult",
    "MhoError",
    "MissingPackage",
    "NetworkResult",
    "NetworkShare",
    "NetworkSummary",
    "RunDetails",
    "RunResult",
    "RunSummary",
    "StandbyFailed",
    "Sweeps",
    "TrimResult",
    "WatchResult",
    "WeightError",
    "find_command",
    "read_parquet",
    "read_sweeps",
    "verdict_names",
]
