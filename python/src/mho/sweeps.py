"""What a run's devices conducted, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

import numpy
import numpy.typing

from .errors import missing_package

if TYPE_CHECKING:
    import pandas
    import xarray

Array = numpy.typing.NDArray[Any]

verdict_names: Tuple[str, ...] = (
    "pending",
    "accepted",
    "unreachable",
    "budget spent",
    "unverified",
    "left alone",
    "uncertain",
    "accepted outside tolerance",
    "stuck high",
    "stuck low",
    "open",
    "weak",
    "saturated",
    "unreadable",
    "in place",
)
"""Verdicts by their number; docs/programming.md says what each means."""

no_device = 255
"""In `flag` and `verdict`: nothing was read, or there is no such device."""


@dataclass(frozen=True)
class Sweeps:
    """All sweeps of a run.

    Arrays have the axes T tiles, A ages, R rows and L lines (devices of a row: column × devices a cell + device). Rows and
    lines are counted from 0 of the tile. Where a tile was not read at an age, or has no such row, values are NaN, flags 255.
    """

    run: str
    tile: Array
    """(T,) numbers of the tiles."""
    asked_age_seconds: Array
    """(A,) age that was asked for, s since the tile's last pulse, in rising order; twice where it was read twice. Of `measure noise` the
    number of the reading."""
    conductance_microsiemens: Array
    """(T, A, R, L) float32, µS: mean of the averaged reads."""
    flag: Array
    """(T, A, R, L) uint8: 0 ok, 1 saturated, 2 invalid."""
    code: Array
    """(T, A, R, L) int32: of the converter; -1 where there was none."""
    averages: Array
    """(T, A) reads that the chip averaged; 0 where the tile was not read."""
    celsius: Array
    """(T, A) float32, °C; NaN where it was not measured."""
    taken_at: Array
    """(T, A) wall time, UTC, datetime64[ms]; NaT where it is not known."""
    target_microsiemens: Array
    """(T, R, L) float32, µS; NaN where a device had none."""
    verdict: Array
    """(T, R, L) uint8: place in `verdict_names`."""
    age_seconds: Optional[Array] = None
    """(T, A, R, L) float64, s since the device's own last pulse; only of Parquet exports."""

    def __len__(self) -> int:
        """Ages."""
        return len(self.asked_age_seconds)

    @property
    def accepted(self) -> Array:
        """(T, R, L) bool: devices whose verdict is `accepted`."""
        return numpy.equal(self.verdict, verdict_names.index("accepted"))

    def to_pandas(self) -> "pandas.DataFrame":
        """A row for each reading, with columns named as those of `mho export`.

        :raises MissingPackage: without pandas.
        """
        try:
            import pandas
        except ImportError as failure:
            raise missing_package("pandas", "to_pandas", failure) from failure
        tile, age, row, line = numpy.nonzero(self.flag != no_device)
        device = (tile, row, line)
        reading = (tile, age, row, line)
        code = self.code[reading].astype("float64")
        code[code < 0] = numpy.nan
        # A verdict that this version does not know is left empty.
        verdict = numpy.where(self.verdict < len(verdict_names), self.verdict.astype("int16"), -1)[device]
        columns: Dict[str, Any] = {
            "sweep": age,
            "tile": self.tile[tile],
            "row": row,
            "line": line,
            "asked_age_seconds": self.asked_age_seconds[age],
        }
        if self.age_seconds is not None:
            columns["age_seconds"] = self.age_seconds[reading]
        columns.update(
            conductance_microsiemens=self.conductance_microsiemens[reading],
            code=code,
            flag=self.flag[reading],
            averages=self.averages[tile, age],
            target_microsiemens=self.target_microsiemens[device],
            verdict=pandas.Categorical.from_codes(verdict, categories=list(verdict_names)),
            celsius=self.celsius[tile, age],
            taken_at=pandas.to_datetime(self.taken_at[tile, age], utc=True),
        )
        return pandas.DataFrame(columns)

    def to_xarray(self) -> "xarray.Dataset":
        """A Dataset with the dimensions tile, age, row and line; `age` is the asked age, s. Units are attributes.

        :raises MissingPackage: without xarray.
        """
        try:
            import xarray
        except ImportError as failure:
            raise missing_package("xarray", "to_xarray", failure) from failure
        whole, visit, device = ("tile", "age", "row", "line"), ("tile", "age"), ("tile", "row", "line")
        variables: Dict[str, Any] = {
            "conductance_microsiemens": (whole, self.conductance_microsiemens, {"units": "µS"}),
            "flag": (whole, self.flag, {"long_name": "0 ok, 1 saturated, 2 invalid, 255 not read"}),
            "code": (whole, self.code, {"long_name": "of the converter; -1 where there was none"}),
            "averages": (visit, self.averages),
            "celsius": (visit, self.celsius, {"units": "°C"}),
            "taken_at": (visit, self.taken_at.astype("datetime64[ns]")),
            "target_microsiemens": (device, self.target_microsiemens, {"units": "µS"}),
            "verdict": (device, self.verdict, {"long_name": ", ".join(f"{k} {name}" for k, name in enumerate(verdict_names))}),
        }
        if self.age_seconds is not None:
            variables["age_seconds"] = (whole, self.age_seconds, {"units": "s"})
        _, _, rows, lines = self.conductance_microsiemens.shape
        coordinates: Dict[str, Any] = {
            "tile": self.tile,
            "age": ("age", self.asked_age_seconds, {"units": "s"}),
            "row": numpy.arange(rows),
            "line": numpy.arange(lines),
        }
        return xarray.Dataset(variables, coordinates, {"run": self.run})
