"""What is read from a workspace is what mho exports."""

import csv
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, Dict, Tuple

import numpy
import pytest

import mho
from conftest import targets
from mho.workspace import from_codes, newest_layout


def test_sweeps_are_those_of_the_export(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    bench, run = watched
    sweeps = bench.sweeps(run)
    assert sweeps.conductance_microsiemens.shape == (1, 4, 2, 256)
    assert sweeps.asked_age_seconds.tolist() == [1, 10, 100, 1000]
    numpy.testing.assert_array_equal(sweeps.target_microsiemens[0], targets)
    with bench.export(run, to="csv", out=tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sweeps.flag.size
    for row in rows:
        device = (0, int(row["row"]), int(row["line"]))
        reading = (0, int(row["sweep"]), *device[1:])
        assert sweeps.conductance_microsiemens[reading] == pytest.approx(float(row["conductance_microsiemens"]), rel=1e-6)
        assert (sweeps.code[reading], sweeps.flag[reading]) == (int(row["code"]), int(row["flag"]))
        assert mho.verdict_names[sweeps.verdict[device]] == row["verdict"]
        assert str(sweeps.taken_at[0, reading[1]]) + "Z" == row["taken_at"]
        assert sweeps.celsius[0, reading[1]] == float(row["celsius"])
        assert sweeps.averages[0, reading[1]] == int(row["averages"])


def test_codes_that_say_nothing_are_no_readings() -> None:
    converter = {"microsiemensPerCode": 0.5, "offsetCodes": 10, "codes": 1024}
    microsiemens, flags = from_codes(numpy.array([8, 12, 1023, 65535], "uint16"), converter)
    assert microsiemens[:3].tolist() == [-1, 1, 506.5] and numpy.isnan(microsiemens[3])
    assert flags.tolist() == [0, 0, 1, 2]


def test_a_workspace_is_read_without_writing_to_it(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    bench, run = watched
    folder = tmp_path / "kept"
    folder.mkdir()
    shutil.copyfile(bench.workspace / "workspace.db", folder / "workspace.db")
    before = (folder / "workspace.db").read_bytes()
    mho.read_sweeps(folder / "workspace.db", run)
    assert (folder / "workspace.db").read_bytes() == before


def test_faults_of_a_workspace_are_named(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    with pytest.raises(mho.MhoError, match="no workspace"):
        mho.read_sweeps(tmp_path, "r1")
    with pytest.raises(mho.MhoError, match="no run r7"):
        watched[0].sweeps("r7")
    with pytest.raises(mho.MhoError, match="not a run"):
        watched[0].sweeps("7")
    (tmp_path / "workspace.db").write_bytes(b"no database" * 100)
    with pytest.raises(mho.MhoError, match="not a database") as raised:
        mho.read_sweeps(tmp_path, "r1")
    assert raised.value.code == "workspace-failed"


def test_names_of_runs_are_those_of_mho(watched: Tuple[mho.Bench, str]) -> None:
    for name in ("r01", "r٣", "", "r0", "r" + "9" * 30, 1):
        with pytest.raises(mho.MhoError, match="not a run"):
            watched[0].sweeps(name)  # type: ignore[arg-type]


def test_a_newer_workspace_is_refused(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    file = tmp_path / "workspace.db"
    shutil.copyfile(watched[0].workspace / "workspace.db", file)
    with sqlite3.connect(file) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (newest_layout,)
        database.execute(f"PRAGMA user_version = {newest_layout + 1}")
    with pytest.raises(mho.MhoError, match=f"written by a newer mho .layout {newest_layout + 1}") as raised:
        mho.read_sweeps(tmp_path, "r1")
    assert raised.value.code == "workspace-failed" and raised.value.facts["version"] == newest_layout + 1
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE t (a)")
    with pytest.raises(mho.MhoError, match="not a workspace of mho"):
        mho.read_sweeps(tmp_path / "other.db", "r1")


@pytest.mark.parametrize("change", ["codes = x'00'", "circumstances = '{}'", "circumstances = 'x'", "tile = 7"])
def test_damage_is_an_error_that_names_the_run(watched: Tuple[mho.Bench, str], tmp_path: Path, change: str) -> None:
    file = tmp_path / "workspace.db"
    shutil.copyfile(watched[0].workspace / "workspace.db", file)
    with sqlite3.connect(file) as database:
        database.execute(f"UPDATE sweeps SET {change} WHERE id = 2")
    with pytest.raises(mho.MhoError, match="r1 in .* values that mho did not write") as raised:
        mho.read_sweeps(tmp_path, "r1")
    assert raised.value.code == "workspace-failed"


def test_a_package_that_is_broken_is_not_called_missing(
    watched: Tuple[mho.Bench, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pandas.py").write_text("raise ImportError('numpy.dtype size changed')")
    monkeypatch.delitem(sys.modules, "pandas", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(mho.MissingPackage, match="pandas, which is installed and could not be imported: numpy.dtype"):
        watched[0].sweeps(watched[1]).to_pandas()


@pytest.mark.parametrize("package", ["pandas", "xarray", "pyarrow"])
def test_a_missing_package_is_named(
    watched: Tuple[mho.Bench, str], monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    for name in (package, f"{package}.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    sweeps = watched[0].sweeps(watched[1])
    call: Dict[str, Callable[[], Any]] = {
        "pandas": sweeps.to_pandas,
        "xarray": sweeps.to_xarray,
        "pyarrow": lambda: mho.read_parquet("r1.parquet"),
    }
    with pytest.raises(mho.MissingPackage, match=f"pip install {package}"):
        call[package]()


def test_pandas_has_a_row_for_each_reading(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    bench, run = watched
    table = bench.sweeps(run).to_pandas()
    exported = pandas.read_csv(bench.export(run, to="csv", out=tmp_path / "r.csv"))
    assert set(table.columns) <= set(exported.columns)
    order = ["sweep", "tile", "row", "line"]
    table, exported = (one.sort_values(order, ignore_index=True) for one in (table, exported))
    for name in table.columns:
        if name in ("verdict", "taken_at"):
            assert (table[name].astype(str).str[:19].str.replace(" ", "T") == exported[name].str[:19].str.replace(" ", "T")).all()
        else:
            numpy.testing.assert_allclose(table[name], exported[name], rtol=1e-6, err_msg=name)


def test_a_verdict_of_a_newer_mho_is_left_empty(watched: Tuple[mho.Bench, str]) -> None:
    pytest.importorskip("pandas")
    sweeps = watched[0].sweeps(watched[1])
    sweeps.verdict[0, 0, 0] = len(mho.verdict_names)
    assert sweeps.to_pandas()["verdict"].isna().sum() == len(sweeps)


def test_xarray_has_units_and_ages(watched: Tuple[mho.Bench, str]) -> None:
    pytest.importorskip("xarray")
    dataset = watched[0].sweeps(watched[1]).to_xarray()
    assert dataset["conductance_microsiemens"].attrs["units"] == "µS"
    assert dataset.sel(age=100)["conductance_microsiemens"].shape == (1, 2, 256)


def test_a_parquet_export_gives_the_same_arrays_and_ages(watched: Tuple[mho.Bench, str], tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    bench, run = watched
    kept = bench.sweeps(run)
    exported = mho.read_parquet(bench.export(run, to="parquet", out=tmp_path / "r.parquet"))
    for name in ("tile", "asked_age_seconds", "flag", "code", "averages", "celsius", "taken_at", "verdict"):
        numpy.testing.assert_array_equal(getattr(exported, name), getattr(kept, name), err_msg=name)
    for name in ("conductance_microsiemens", "target_microsiemens"):
        numpy.testing.assert_allclose(getattr(exported, name), getattr(kept, name), rtol=1e-6, err_msg=name)
    assert exported.age_seconds is not None and (exported.age_seconds[0, 3] >= 1000).all()
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    with pytest.raises(mho.MhoError, match="could not be read as Parquet"):
        mho.read_parquet(tmp_path / "other.parquet")
    turns = bench.export(run, to="parquet", out=tmp_path / "turns.parquet", options="--turns")
    with pytest.raises(mho.MhoError, match="not a table of sweeps: it has no column sweep"):
        mho.read_parquet(turns)
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "r.parquet")
    words = pyarrow.array(["a"] * table.num_rows)
    pyarrow.parquet.write_table(table.set_column(table.column_names.index("row"), "row", words), tmp_path / "odd.parquet")
    with pytest.raises(mho.MhoError, match="values that no table of sweeps has"):
        mho.read_parquet(tmp_path / "odd.parquet")


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_a_folder_that_may_only_be_read_is_read(watched: Tuple[mho.Bench, str]) -> None:
    bench, run = watched
    folder = Path(tempfile.mkdtemp(prefix="mho-test-"))
    file = folder / "workspace.db"
    shutil.copyfile(bench.workspace / "workspace.db", file)
    file.chmod(0o444)
    folder.chmod(0o555)
    user = os.geteuid()
    # Root may write everywhere.
    if user == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(OSError):
            (folder / "more").touch()
        assert len(mho.read_sweeps(folder, run)) == 4
        assert [one.name for one in folder.iterdir()] == ["workspace.db"]
    finally:
        os.seteuid(user)
        folder.chmod(0o700)
        shutil.rmtree(folder)
