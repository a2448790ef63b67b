"""Results of commands. Keys and units are those of docs/events.md; a later mho may add keys."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict


class WeightError(TypedDict):
    time_seconds: float
    rms_percent: float
    compensation: float


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


class Count(TypedDict):
    """Devices of which a measurement found the same."""

    name: str
    devices: int


class Figure(TypedDict):
    """A figure that was measured, with its interval of 95 %; None where it could not be told."""

    name: str
    unit: str
    meaning: str
    value: Optional[float]
    low: Optional[float]
    high: Optional[float]


class Found(TypedDict):
    """What a measurement found. `out_of_pulses` devices were not measured to the end."""

    devices: int
    counts: List[Count]
    figures: List[Figure]
    out_of_pulses: int


class MeasureResult(Found):
    """What a measurement found, and its run."""

    run: str
    workspace: str
    kind: str


class _Run(TypedDict):
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


class RunResult(_Run):
    """How a run went that was gone on with. `found` is of measurements, `shares` of networks."""

    found: Optional[Found]
    shares: Optional[List[NetworkShare]]


class RunDetails(_Run, total=False):
    """How a run, or a network as a whole, went. The keys that follow are those of a run, and not there of a network."""

    plan: Dict[str, Any]
    chain: Optional[Dict[str, Any]]
    tags: List[str]
    operator: Optional[str]
    archived: bool
    job: Optional[str]
    wafer: Optional[str]
    die: Optional[str]
    bench: Optional[str]
    bench_run: Optional[str]
    chip_notes: List[Dict[str, Any]]
    devices_by_pulses: List[int]
    read_for_seconds: List[float]
    forecasts: List[Dict[str, Any]]
    audit: Optional[Dict[str, Any]]
    notes: List[Dict[str, Any]]


class Estimate(TypedDict):
    """What programming will take. `chips` is of networks over several chips."""

    method: str
    devices: int
    tiles: int
    pulses: int
    pulses_per_device: float
    most_pulses_per_device: int
    seconds: float
    longest_request: str
    longest_request_seconds: float
    chips: Optional[List[Dict[str, Any]]]


class WatchResult(TypedDict):
    runs: List[str]
    sweeps: int
    workspace: str


class FitResult(TypedDict):
    """A fitted model: its file, and whether to believe it."""

    model: str
    runs: List[str]
    chip: str
    chip_serial_numbers: List[str]
    sweeps: int
    devices: List[Dict[str, Any]]
    believe: bool
    checks: List[Dict[str, Any]]
    remarks: List[str]
    laws: List[Dict[str, Any]]
    residuals: List[Dict[str, Any]]
    figures: List[Dict[str, Any]]
    model_before: str
    software: str
    seed: int
    data_digest: str


class TrimResult(TypedDict):
    """What a trim was expected to win, and the run that carried it out (None where it was not worth it, or not asked for)."""

    pulsed: bool
    run: Optional[str]
    corrects: str
    devices_to_trim: int
    expected_before: float
    expected_after: float
    expected_with_deaths: Optional[Dict[str, float]]
    expected_once_reached: Optional[float]
    later: List[Dict[str, float]]
    tested_to_seconds: Optional[float]
    earlier_forecasts: List[Dict[str, Any]]


class NetworkResult(TypedDict):
    """A network over several chips: what each of them holds, and how the whole went."""

    network: str
    title: str
    begun_at: str
    corrects: Optional[str]
    spares: List[str]
    shares: List[NetworkShare]
    whole: Optional[RunDetails]
    read_for_seconds: List[float]
    partly_read: List[Dict[str, Any]]
    forecasts: List[Dict[str, Any]]
    notes: List[Dict[str, Any]]


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
    wafer: Optional[str]
    die: Optional[str]
    bench: Optional[str]
    bench_run: Optional[str]
    started_at: str
    age_seconds: float
    outcome: str
    method: str
    corrects: Optional[str]
    devices: int
    pulses: int
    yield_percent: Optional[float]
    error_percent: Optional[float]
    error_age_seconds: Optional[float]
    tags: List[str]
    operator: Optional[str]
    archived: bool
    damaged: bool
