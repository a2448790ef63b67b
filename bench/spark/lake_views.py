"""Gives Spark the views that `mho query` has, so that the questions of docs/lake.md can be pasted into spark.sql. Tried with Spark 3.5.5."""


def lake_views(spark, lake):
    """Registers chips, runs, networks, sweeps, sweeps_wide, readouts, devices and fits. `lake` is a folder, or where Spark finds one."""
    manifests = (
        spark.read.format("binaryFile")
        .option("recursiveFileLookup", True)
        .option("pathGlobFilter", "manifest.json")
        .load(lake)
    )
    # A folder without a manifest is no whole run: no file of it is named here.
    folders = [row.path.rsplit("/", 1)[0] for row in manifests.select("path").collect()]
    runs = [folder for folder in folders if "/chip=" in folder]
    networks = [folder for folder in folders if folder.rsplit("/", 1)[1].startswith("network=")]

    def table(folders, file):
        read = spark.read.option("basePath", lake).option("mergeSchema", True)
        return read.parquet(*(f"{folder}/{file}" for folder in folders))

    def run_table(file):
        read = table(runs, file)
        return read.select("chip", "run", *(name for name in read.columns if name not in ("chip", "run")))

    for view, file in {"runs": "run", "readouts": "readouts", "devices": "devices", "fits": "fits"}.items():
        run_table(f"{file}.parquet").createOrReplaceTempView(view)
    if networks:
        read = table(networks, "network.parquet")
        read.select("network", *(name for name in read.columns if name != "network")).createOrReplaceTempView("networks")
    else:
        columns = """network STRING, name STRING, title STRING, begun_at TIMESTAMP, corrects STRING, shares INT, share INT,
            chip STRING, run STRING, first_tile INT, tiles INT"""
        spark.createDataFrame([], columns).createOrReplaceTempView("networks")
    wide = run_table("sweeps.parquet")
    wide.createOrReplaceTempView("sweeps_wide")
    spark.sql("CREATE OR REPLACE TEMP VIEW sweeps AS " + long_form(wide.columns))
    last = ", ".join(
        f"max_by({name}, started_at) FILTER (WHERE {name} IS NOT NULL) AS {name}" for name in ("wafer", "die", "firmware")
    )
    spark.sql(
        f"""CREATE OR REPLACE TEMP VIEW chips AS
        SELECT chip, chip_name, serial_number, {last}, max(tiles) AS tiles, max(rows) AS rows, max(columns) AS columns,
               max(devices_per_cell) AS devices_per_cell, count(*) AS runs, min(started_at) AS first_run_at,
               max(started_at) AS last_run_at
        FROM runs GROUP BY chip, chip_name, serial_number"""
    )


def long_form(columns):
    """One branch for each sweep, which reads its own columns alone. A run without such a sweep has nothing in them."""
    branches = []
    while f"read_at_microseconds_{len(branches)}" in columns:
        k = len(branches)
        code = f"code_{k}" if f"code_{k}" in columns else "CAST(NULL AS INT)"
        own = f"conductance_microsiemens_{k}"
        reckoned = [own] if own in columns else []
        if f"code_{k}" in columns:
            reckoned.append(f"(code_{k} - offset_codes_{k}) * microsiemens_per_code_{k}")
        branches.append(
            f"""SELECT chip, run, tile, row, device, {k} AS sweep, read_at_microseconds_{k} AS read_at_microseconds,
            (read_at_microseconds_{k} - pulsed_at_microseconds) / 1e6D AS age_seconds, {code} AS code, flag_{k} AS flag,
            CAST(CASE WHEN flag_{k} <> 2 THEN coalesce({", ".join(reckoned)}) END AS FLOAT) AS conductance_microsiemens
            FROM sweeps_wide WHERE read_at_microseconds_{k} IS NOT NULL"""
        )
    if branches:
        return " UNION ALL ".join(branches)
    return """SELECT chip, run, tile, row, device, 0 AS sweep, 0D AS read_at_microseconds, 0D AS age_seconds, 0 AS code, 0 AS flag,
        CAST(0 AS FLOAT) AS conductance_microsiemens FROM sweeps_wide WHERE false"""
