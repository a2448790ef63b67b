"""Sweeps of a run, read from the workspace's SQLite file. Nothing is written, also while a run is on."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple, Union

import numpy

from .errors import MhoError
from .sweeps import Array, Sweeps, no_device


def read_sweeps(workspace: Union[str, "os.PathLike[str]"], run: str) -> Sweeps:
    """Reads all sweeps of a run, or of all runs of a network over several chips; they are held in memory at once.

    A network's tiles have the numbers that they have in the whole; what a chip was not read at is NaN. Codes become µS as
    docs/workspace.md says. Checksums are not checked: `mho check` does that.

    :param workspace: the folder, or its `workspace.db`.
    :param run: such as `r2`, or a network, such as `n1`.
    :raises MhoError: `workspace-failed` where the file cannot be read or is of a newer mho, `bad-argument` where it holds no such run.
    """
    folder = Path(workspace)
    file = folder if folder.suffix == ".db" else folder / "workspace.db"
    try:
        with _opened(file) as database:
            # One moment, whatever is written meanwhile.
            database.execute("BEGIN")
            _check_layout(database, file)
            parts = _parts(database, run, file)
            try:
                return _sweeps(database, run, parts)
            except (ValueError, KeyError, TypeError, IndexError) as failure:
                raise MhoError(
                    "workspace-failed",
                    f"{run} in {file} holds values that mho did not write ({failure!r}): `mho check` says what is damaged.",
                    {"file": str(file), "run": run},
                ) from failure
    except (sqlite3.Error, OSError) as failure:
        raise MhoError(
            "workspace-failed",
            f"The workspace {file} could not be read: {failure}. `mho check` says whether it is damaged; "
            "one of an older mho is lifted by any command that works on it.",
            {"file": str(file)},
        ) from failure


def _sweeps(database: sqlite3.Connection, run: str, parts: List[Tuple[int, int]]) -> Sweeps:
    blocks: Dict[int, Tuple[int, Array, Array]] = {}
    found: List[Tuple[Any, ...]] = []
    for number, first in parts:
        blocks.update({first + tile: block for tile, block in _blocks(database, number).items()})
        rows_of = database.execute(
            "SELECT tile, time_seconds, averages, conductance_microsiemens, flags, codes, circumstances "
            "FROM sweeps WHERE run = ? ORDER BY id",
            (number,),
        )
        found += [(first + row[0], *row[1:]) for row in rows_of]
    # A tile that is read twice at one age has two; numbers are those of the exports.
    ages = [(sweep[1], sum(other[:2] == sweep[:2] for other in found[:k])) for k, sweep in enumerate(found)]
    order = {age: k for k, age in enumerate(sorted(set(ages)))}
    tiles = sorted(blocks)
    rows = max((start + block.shape[0] for start, block, _ in blocks.values()), default=0)
    lines = max((block.shape[1] for _, block, _ in blocks.values()), default=0)
    whole = (len(tiles), len(order), rows, lines)
    sweeps = Sweeps(
        run=run,
        tile=numpy.array(tiles, "int32"),
        asked_age_seconds=numpy.array([age for age, _ in sorted(order)], "float64"),
        conductance_microsiemens=numpy.full(whole, numpy.nan, "float32"),
        flag=numpy.full(whole, no_device, "uint8"),
        code=numpy.full(whole, -1, "int32"),
        averages=numpy.zeros(whole[:2], "int32"),
        celsius=numpy.full(whole[:2], numpy.nan, "float32"),
        taken_at=numpy.full(whole[:2], numpy.datetime64("NaT"), "datetime64[ms]"),
        target_microsiemens=numpy.full((len(tiles), rows, lines), numpy.nan, "float32"),
        verdict=numpy.full((len(tiles), rows, lines), no_device, "uint8"),
    )
    for place, tile in enumerate(tiles):
        start, targets, verdicts = blocks[tile]
        held = slice(start, start + targets.shape[0])
        sweeps.target_microsiemens[place, held, : targets.shape[1]] = targets
        sweeps.verdict[place, held, : targets.shape[1]] = verdicts
    for key, (tile, _, averages, microsiemens, flags, codes, text) in zip(ages, found):
        circumstances = json.loads(text)
        place, age = tiles.index(tile), order[key]
        start, targets, _ = blocks[tile]
        where = (place, age, slice(start, start + targets.shape[0]), slice(0, targets.shape[1]))
        if len(codes) > 0:
            raw = numpy.frombuffer(codes, "<u2").reshape(targets.shape)
            sweeps.code[where] = raw
            sweeps.conductance_microsiemens[where], sweeps.flag[where] = from_codes(raw, circumstances["converter"])
        else:
            sweeps.conductance_microsiemens[where] = numpy.frombuffer(microsiemens, "<f4").reshape(targets.shape)
            sweeps.flag[where] = numpy.frombuffer(flags, "u1").reshape(targets.shape)
        sweeps.averages[place, age] = averages
        celsius = (circumstances.get("environment") or {}).get("celsius")
        sweeps.celsius[place, age] = numpy.nan if celsius is None else celsius
        taken_at = circumstances.get("takenAt")
        if taken_at:
            sweeps.taken_at[place, age] = numpy.datetime64(taken_at.rstrip("Z"), "ms")
    return sweeps


def from_codes(codes: Array, converter: Dict[str, Any]) -> Tuple[Array, Array]:
    """µS (float32) and flags (uint8) of converter codes:

        µS = (code − offsetCodes) · microsiemensPerCode

    A code of 65535 is no reading (flag 2, NaN); the highest code of the converter and above is saturated (flag 1).
    """
    silent = codes == 65535
    microsiemens = (codes.astype("float64") - converter["offsetCodes"]) * converter["microsiemensPerCode"]
    flags = numpy.where(silent, 2, numpy.where(codes >= converter["codes"] - 1, 1, 0))
    return numpy.where(silent, numpy.nan, microsiemens).astype("float32"), flags.astype("uint8")


def _blocks(database: sqlite3.Connection, number: int) -> Dict[int, Tuple[int, Array, Array]]:
    """Of each tile: its first row, and targets and verdicts as (rows, lines)."""
    blocks: Dict[int, Tuple[int, Array, Array]] = {}
    for text, targets in database.execute("SELECT block, targets FROM run_tiles WHERE run = ?", (number,)):
        block = json.loads(text)
        wanted = numpy.frombuffer(targets, "<f4").reshape(block["rowCount"], -1)
        verdicts = numpy.where(numpy.isnan(wanted), left_alone, pending).astype("uint8")
        blocks[block["tile"]] = (block["rowStart"], wanted, verdicts)
    turns = database.execute("SELECT tile, devices, verdicts FROM turns WHERE run = ? ORDER BY id", (number,))
    for tile, devices, verdicts in turns:
        blocks[tile][2].reshape(-1)[numpy.frombuffer(devices, "<u4")] = numpy.frombuffer(verdicts, "u1")
    return blocks


pending, left_alone = 0, 5
newest_layout = 15
"""Of workspaces (`user_version`) that this version reads."""


def _check_layout(database: sqlite3.Connection, file: Path) -> None:
    layout = int(database.execute("PRAGMA user_version").fetchone()[0])
    if layout > newest_layout:
        raise MhoError(
            "workspace-failed",
            f"The workspace {file} was written by a newer mho (layout {layout}; this package knows {newest_layout}). "
            "Install the Python package of that mho.",
            {"file": str(file), "version": layout},
        )
    if layout == 0:
        raise MhoError(
            "workspace-failed", f"{file} is not a workspace of mho: its database holds no layout.", {"file": str(file)}
        )


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    if not file.is_file():
        raise MhoError("workspace-failed", f"There is no workspace {file}.", {"file": str(file)})
    if sqlite3.sqlite_version_info < (3, 37):
        raise MhoError(
            "workspace-failed",
            f"This Python has SQLite {sqlite3.sqlite_version}; workspaces need 3.37 or newer. "
            "Use a newer Python, or read an export: mho export RUN --to parquet.",
            {"file": str(file)},
        )
    with tempfile.TemporaryDirectory(prefix="mho-") as private:
        with closing(_readable(file, Path(private))) as database:
            yield database


def _readable(file: Path, private: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return database
        except BaseException:
            database.close()
            raise
    except sqlite3.OperationalError as failure:
        if "readonly" not in str(failure) and "unable to open" not in str(failure):
            raise
    # SQLite cannot read its log in a folder that it may not write to; in a private copy it can.
    for name in (file.name, f"{file.name}-wal"):
        if (file.parent / name).exists():
            shutil.copyfile(file.parent / name, private / name)
    return sqlite3.connect(str(private / file.name), isolation_level=None)


def _parts(database: sqlite3.Connection, run: str, file: Path) -> List[Tuple[int, int]]:
    """The numbers of the runs that are read, each with the number of its first tile in the whole."""
    if not (isinstance(run, str) and re.fullmatch("[rn][1-9][0-9]{0,15}", run)):
        raise MhoError(
            "bad-argument", f"{run!r} is not a run: runs are named r1, r2, …, and networks n1, n2, …", {"run": run}
        )
    if run.startswith("n"):
        return _shares(database, run, file)
    if database.execute("SELECT 1 FROM runs WHERE id = ?", (int(run[1:]),)).fetchone() is None:
        raise MhoError("bad-argument", f"There is no run {run} in {file}.", {"run": run})
    return [(int(run[1:]), 0)]


def _shares(database: sqlite3.Connection, network: str, file: Path) -> List[Tuple[int, int]]:
    """The runs that hold the shares of a network, by the changes of networks (docs/workspace.md)."""
    known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'run_groups'").fetchone()
    rows = database.execute("SELECT change FROM run_groups ORDER BY id") if known else []
    held: List[List[Any]] = []
    begun = 0
    for (text,) in rows:
        change = json.loads(text)
        if change["kind"] == "begun":
            begun += 1
            if f"n{begun}" == network:
                held = [[None, share["firstTile"]] for share in change["shares"]]
        elif change["group"] == network and change["kind"] in ("serves", "moved"):
            # A share that went to another chip is held by no run until one begins there.
            held[change["share"]][0] = change.get("run")
    if not held:
        raise MhoError("bad-argument", f"There is no network {network} in {file}.", {"network": network})
    found = [(int(run[1:]), first) for run, first in held if run is not None]
    if not found:
        raise MhoError("bad-argument", f"No run holds a share of network {network} yet.", {"network": network})
    return found
