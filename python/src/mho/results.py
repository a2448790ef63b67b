"""Results of commands. Keys and units are those of docs/events.md; a later mho may add keys."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict


class WeightError(TypedDict):
    time_seconds: float
    rms_percent: float
    compensation: float


class RunResult(TypedDict):
    """How a run went."""

    run: str
    workspace: str
    outcome: str
    started_at: str
    devices: int
    pulses: int
    turns: int
    yield_percent: Optional[float]
    verdicts: Dict[str, int]
    weight_errors: List[WeightError]


class Estimate(TypedDict):
    """What programming will take."""

    method: str
    devices: int
    tiles: int
    pulses: int
    pulses_per_device: float
    most_pulses_per_device: int
    seconds: float
    longest_request: str
    longest_request_seconds: float


class WatchResult(TypedDict):
    runs: List[str]
    sweeps: int
    workspace: str


class FitResult(TypedDict):
    """A fitted model: its file, and whether to believe it."""

    model: str
    runs: List[str]
    believe: bool
    checks: List[Dict[str, Any]]
    remarks: List[str]
    laws: List[Dict[str, Any]]
    figures: List[Dict[str, Any]]


class TrimResult(TypedDict):
    """What a trim was expected to win, and the run that carried it out (None where it was not worth it, or not asked for)."""

    pulsed: bool
    run: Optional[str]
    corrects: str
    devices_to_trim: int
    expected_before: float
    expected_after: float


class NetworkShare(TypedDict):
    """What one chip holds of a network. `run`, `chip` and `serial_number` are None where no run has begun on it."""

    share: int
    first_tile: int
    tiles: int
    address: str
    run: Optional[str]
    chip: Optional[str]
    serial_number: Optional[str]
    outcome: Optional[str]
    left: List[Dict[str, Any]]


class NetworkResult(TypedDict):
    """A network over several chips: what each of them holds, and how the whole went."""

    network: str
    title: str
    begun_at: str
    corrects: Optional[str]
    spares: List[str]
    shares: List[NetworkShare]
    whole: Optional[RunResult]
    read_for_seconds: List[float]


class NetworkSummary(TypedDict):
    """A network over several chips, as `mho show` lists it."""

    network: str
    title: str
    begun_at: str
    corrects: Optional[str]
    outcome: str
    runs: List[Optional[str]]
    archived: bool


class RunSummary(TypedDict):
    """A run of the workspace, as `mho show` lists it."""

    run: str
    title: str
    chip: str
    serial_number: str
    started_at: str
    age_seconds: float
    outcome: str
    method: str
    corrects: Optional[str]
    devices: int
    pulses: int
    yield_percent: Optional[float]
    error_percent: Optional[float]
    tags: List[str]
    operator: Optional[str]
