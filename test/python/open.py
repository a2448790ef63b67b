"""Opens r1.* and turns.* of the working folder and compares them with each other."""

import json

import duckdb
import h5py
import numpy
import pandas
import polars
import pyarrow.csv
import pyarrow.parquet
import scipy.io
import xarray

rows, ages = 16 * 256, 2
value = "conductance_microsiemens"

csv = pandas.read_csv("r1.csv")
parquet = pandas.read_parquet("r1.parquet")
assert len(csv) == len(parquet) == rows * ages
assert list(csv.columns) == list(parquet.columns) == list(polars.read_csv("r1.csv").columns)
assert polars.read_parquet("r1.parquet").schema["taken_at"] == polars.Datetime("us", "UTC")
assert str(parquet["taken_at"].dt.tz) == "UTC"
assert (pandas.to_datetime(csv["taken_at"]) == parquet["taken_at"]).all()
numpy.testing.assert_allclose(csv[value], parquet[value], rtol=1e-6)
assert set(csv["sweep"]) == {0, 1} and set(csv["sign"].dropna()) == {1, -1}
assert "accepted" in set(csv["verdict"])
for name in ("r1.csv", "r1.parquet"):
    count, mean = duckdb.sql(f"SELECT count(*), avg({value}) FROM '{name}' WHERE sweep = 1").fetchall()[0]
    assert count == rows and abs(mean - csv[csv["sweep"] == 1][value].mean()) < 1e-4
metadata = pyarrow.parquet.read_schema("r1.parquet").metadata
assert json.loads(metadata[b"columns"])[value]["unit"] == "µS"
for name in ("r1.parquet", "turns.parquet"):
    schema = pyarrow.parquet.read_schema(name)
    about = json.loads(schema.metadata[b"columns"])
    for column in schema.names:
        field = {key.decode(): text.decode() for key, text in (schema.field(column).metadata or {}).items()}
        field.pop("PARQUET:field_id", None)
        wanted = {"unit": about[column]["unit"], "description": about[column]["meaning"]}
        assert field == {key: text for key, text in wanted.items() if text}, (column, field)
    assert not schema.field("tile").nullable and schema.field("conductance_microsiemens").nullable
assert json.load(open("r1.about.json"))["columns"][value]["unit"] == "µS"

table = csv[csv["sweep"] == 1].sort_values(["row", "line"])[value].to_numpy().reshape(16, 256)
with numpy.load("r1.npz") as arrays:
    numpy.testing.assert_allclose(arrays[value][0, 1], table, rtol=1e-6)
    about = json.loads(arrays["about"].tobytes())["arrays"]
    assert set(about) == set(arrays) - {"about"} and about[value]["unit"] == "µS"
    named = {name: (entry["dimensions"], arrays[name]) for name, entry in about.items()}
    from_npz = xarray.Dataset(named)
with h5py.File("r1.hdf5") as file:
    assert file[value].shape == (1, ages, 16, 256) and file[value].attrs["units"] == "µS"
    numpy.testing.assert_allclose(file[value][0, 1], table, rtol=1e-6)
dataset = xarray.open_dataset("r1.hdf5", engine="h5netcdf")
assert dataset[value].dims == ("tile", "age", "row", "line")
numpy.testing.assert_allclose(dataset[value].sel(tile=0, age=60), table, rtol=1e-6)
for name in dataset.variables:
    numpy.testing.assert_array_equal(from_npz[name].values, dataset[name].values.astype(from_npz[name].dtype), name)
mat = scipy.io.loadmat("r1.mat")
assert mat[value].shape == (1, ages, 16, 256) and mat["about_run"][0] == "r1"
numpy.testing.assert_allclose(mat[value][0, 1], table, rtol=1e-6)
assert mat["verdict"].dtype == numpy.uint8

# What programs guess of the first rows of CSV is what Parquet says: numbers are numbers, and what is empty is not a number.
for name in ("r1", "r2", "turns"):
    known = polars.read_parquet(f"{name}.parquet")
    guesses = {
        "pandas": polars.from_pandas(pandas.read_csv(f"{name}.csv")),
        "polars": polars.read_csv(f"{name}.csv"),
        "pyarrow": polars.from_arrow(pyarrow.csv.read_csv(f"{name}.csv")),
        "duckdb": polars.from_arrow(duckdb.sql(f"SELECT * FROM '{name}.csv'").arrow()),
    }
    keys = [key for key in ("sweep", "turn", "tile", "row", "line", "ticket") if key in known.columns]
    known = known.sort(keys)
    for program, guessed in guesses.items():
        guessed = guessed.sort(keys)
        for column in known.columns:
            if not known[column].dtype.is_numeric() or known[column].null_count() == len(known):
                continue
            assert guessed[column].dtype.is_numeric(), (name, program, column, guessed[column].dtype)
            values = [table[column].cast(polars.Float64) for table in (guessed, known)]
            assert program == "pandas" or not values[0].is_nan().any(), (name, program, column)
            filled = [one.fill_null(numpy.nan).to_numpy() for one in values]
            numpy.testing.assert_allclose(*filled, rtol=1e-6, equal_nan=True, err_msg=f"{name} {program} {column}")

turns = pandas.read_csv("turns.csv")
assert len(turns) == len(pandas.read_parquet("turns.parquet")) > rows
assert duckdb.sql("SELECT count(*) FROM 'turns.csv' WHERE kind = 'reset'").fetchall()[0][0] > 0
print("all exports opened")
