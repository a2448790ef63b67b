"""Sweeps of a run, read from `mho export RUN --to parquet`."""

from __future__ import annotations

import os
from typing import Any, Union

import numpy

from .errors import MhoError, missing_package
from .sweeps import Array, Sweeps, no_device, verdict_names


_columns = (
    "sweep",
    "tile",
    "row",
    "line",
    "asked_age_seconds",
    "age_seconds",
    "conductance_microsiemens",
    "code",
    "flag",
    "averages",
    "target_microsiemens",
    "verdict",
    "celsius",
    "taken_at",
)


def read_parquet(file: Union[str, "os.PathLike[str]"]) -> Sweeps:
    """Reads an export of sweeps; it has each device's own age too.

    :raises MissingPackage: without pyarrow.
    :raises MhoError: `bad-file` where it is no such table.
    """
    try:
        import pyarrow.parquet
    except ImportError as failure:
        raise missing_package(
            "pyarrow", "read_parquet", failure, " Without it, Bench.sweeps reads the workspace itself."
        ) from failure
    try:
        table = pyarrow.parquet.read_table(file)
    except (pyarrow.ArrowException, OSError) as failure:
        raise MhoError("bad-file", f"{file} could not be read as Parquet: {failure}", {"file": str(file)}) from failure
    missing = [name for name in _columns if name not in table.column_names]
    if missing:
        raise MhoError(
            "bad-file",
            f"{file} is not a table of sweeps: it has no column {missing[0]}. Make one: mho export RUN --to parquet.",
            {"file": str(file)},
        )
    try:
        return _sweeps(table)
    except (pyarrow.ArrowException, ValueError, TypeError, IndexError, MemoryError) as failure:
        raise MhoError(
            "bad-file",
            f"{file} has values that no table of sweeps has: {failure}. Make it anew: mho export RUN --to parquet.",
            {"file": str(file)},
        ) from failure


def _sweeps(table: Any) -> Sweeps:
    metadata = table.schema.metadata or {}

    def column(name: str, missing: Any = None) -> Array:
        values = table.column(name)
        filled = values.fill_null(missing) if missing is not None else values
        return numpy.asarray(filled.to_numpy())

    tiles, tile = numpy.unique(column("tile"), return_inverse=True)
    numbers, first, sweep = numpy.unique(column("sweep"), return_index=True, return_inverse=True)
    order = numpy.lexsort((numbers, column("asked_age_seconds")[first]))
    age = numpy.argsort(order)[sweep]
    row, line = column("row").astype("int64"), column("line").astype("int64")
    whole = (len(tiles), len(numbers), int(row.max(initial=-1)) + 1, int(line.max(initial=-1)) + 1)

    def laid(shape: Any, where: Any, values: Array, kind: str, otherwise: Any) -> Array:
        array = numpy.full(shape, otherwise, kind)
        array[where] = values
        return array

    reading, visit, device = (tile, age, row, line), (tile, age), (tile, row, line)
    verdicts = {name: k for k, name in enumerate(verdict_names)}
    numbered = numpy.array([verdicts.get(str(name), no_device) for name in column("verdict")], "uint8")
    taken_at = table.column("taken_at").to_numpy().astype("datetime64[ms]")
    nan = float("nan")
    return Sweeps(
        run=(metadata.get(b"run") or b"").decode(),
        tile=tiles.astype("int32"),
        asked_age_seconds=column("asked_age_seconds")[first][order].astype("float64"),
        conductance_microsiemens=laid(whole, reading, column("conductance_microsiemens", nan), "float32", nan),
        flag=laid(whole, reading, column("flag"), "uint8", no_device),
        code=laid(whole, reading, column("code", -1), "int32", -1),
        averages=laid(whole[:2], visit, column("averages"), "int32", 0),
        celsius=laid(whole[:2], visit, column("celsius", nan), "float32", nan),
        taken_at=laid(whole[:2], visit, taken_at, "datetime64[ms]", numpy.datetime64("NaT")),
        target_microsiemens=laid((whole[0], *whole[2:]), device, column("target_microsiemens", nan), "float32", nan),
        verdict=laid((whole[0], *whole[2:]), device, numbered, "uint8", no_device),
        age_seconds=laid(whole, reading, column("age_seconds", nan), "float64", nan),
    )
