"""Asks every question of docs/lake.md of Spark and of `mho query`, and compares the answers row by row.

    python compare.py LAKE

Texts and whole numbers are to be the same, floats within 1e-9 of each other: sums in another order differ in the last bits. Rows are
compared in sorted order, for Spark puts empty values first and DuckDB last. Ends with 1 where an answer differs.
"""

import json
import math
import pathlib
import re
import subprocess
import sys

import pyspark
from pyspark.sql import SparkSession

from lake_views import lake_views

lake = sys.argv[1]
root = pathlib.Path(__file__).resolve().parents[2]
page = (root / "docs" / "lake.md").read_text(encoding="utf-8")
questions = re.findall(r"```sql\n(.*?)```", page, re.S)
questions += [sql for _, sql in re.findall(r"""^mho query (["'])(.*)\1 --lake lake$""", page, re.M)]
if len(questions) < 8:
    sys.exit("docs/lake.md has fewer questions than it should have.")
asked = len(questions)
# The views themselves: small ones whole, of the others what every row goes into.
questions += ["SELECT * FROM chips", "SELECT * FROM runs", "SELECT * FROM networks", "SELECT * FROM readouts"]
questions += [
    """SELECT chip, run, sweep, count(*) AS rows, sum(tile + row + device) AS places, sum(code) AS codes, sum(flag) AS flags,
       avg(age_seconds) AS age, avg(read_at_microseconds) AS at, avg(conductance_microsiemens) AS g,
       count(conductance_microsiemens) AS gs FROM sweeps GROUP BY chip, run, sweep""",
    "SELECT chip, run, count(*) AS rows, avg(pulsed_at_microseconds) AS at, sum(code_2) AS codes FROM sweeps_wide GROUP BY chip, run",
    "SELECT chip, run, verdict, count(*) AS rows, sum(pulses) AS pulses, avg(last_read_microsiemens) AS g FROM devices GROUP BY ALL",
    "SELECT chip, run, count(*) AS rows, avg(drift_exponent) AS nu, avg(residual) AS residual FROM fits GROUP BY ALL",
]
# Columns by name.
questions += [f"SELECT * FROM {view} LIMIT 0" for view in ("sweeps", "sweeps_wide", "devices", "fits")]


def asked_of_mho(sql):
    command = ["node", str(root / "dist" / "cli" / "main.js"), "query", sql, "--lake", lake, "--json", "--config", "none"]
    answer = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if answer.returncode != 0:
        sys.exit(answer.stderr or answer.stdout)
    return json.loads(answer.stdout.splitlines()[-1])


def plain(value):
    """Times as both write them: to the millisecond."""
    if hasattr(value, "isoformat"):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d", value):
        seconds, _, rest = value.replace("T", " ").partition(".")
        digits = re.match(r"\d*", rest).group()
        return f"{seconds[:19]}.{digits[:3].ljust(3, '0')}"
    return value


def order(row):
    """Floats last, and to few digits: rows that differ in the last bits stay in the same order."""
    exact = [str(value) for value in row if not isinstance(value, float)]
    return exact, [round(value, 6) for value in row if isinstance(value, float)]


def apart(one, other):
    """0 for the same, how far apart floats are, infinity for what must not differ."""
    if one == other:
        return 0.0
    if isinstance(one, bool) or isinstance(other, bool):
        return math.inf
    if not isinstance(one, (int, float)) or not isinstance(other, (int, float)):
        return math.inf
    if math.isnan(one) and math.isnan(other):
        return 0.0
    if isinstance(one, int) and isinstance(other, int):
        return math.inf
    return abs(one - other) / max(abs(one), abs(other))


spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.driver.memory", "2g")
    .config("spark.ui.enabled", False)
    .config("spark.ui.showConsoleProgress", False)
    .config("spark.sql.catalogImplementation", "in-memory")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", 4)
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
lake_views(spark, lake)
print(f"pyspark {pyspark.__version__}, {asked} questions of docs/lake.md and {len(questions) - asked} of the views")
bad, largest = 0, 0.0
for number, sql in enumerate(questions, 1):
    mine = asked_of_mho(sql)
    frame = spark.sql(sql)
    rows = [tuple(plain(value) for value in row) for row in frame.collect()]
    said = " ".join(sql.split())[:70]
    columns = [column["name"] if isinstance(column, dict) else column for column in mine["columns"]]
    if sorted(columns) != sorted(frame.columns) or (number <= asked and columns != frame.columns):
        print(f"{number}. {said} … OTHER COLUMNS: {frame.columns} of Spark, {columns} of mho")
        bad += 1
        continue
    places = [frame.columns.index(name) for name in columns]
    rows = sorted((tuple(row[place] for place in places) for row in rows), key=order)
    # JSON has one kind of number: 3.0 of DuckDB is read back as 3.
    real = [frame.dtypes[place][1] in ("double", "float") for place in places]
    theirs = [tuple(float(v) if f and isinstance(v, int) else v for v, f in zip(row, real)) for row in mine["rows"]]
    theirs = sorted((tuple(plain(value) for value in row) for row in theirs), key=order)
    same_count = len(rows) == len(theirs)
    worst = max((apart(a, b) for one, other in zip(rows, theirs) for a, b in zip(one, other)), default=0.0)
    if number <= asked and not rows:
        worst = math.inf
    largest = max(largest, worst)
    verdict = "the same digits" if worst == 0 else f"within {worst:.1e}" if worst <= 1e-9 else f"APART by {worst:.1e}"
    if not same_count:
        verdict = f"OTHER ROWS: {len(theirs)} of mho"
    print(f"{number}. {said} … {len(rows)} rows, {verdict}")
    if not same_count or worst > 1e-9:
        bad += 1
        for one, other in [(a, b) for a, b in zip(rows, theirs) if any(apart(x, y) > 1e-9 for x, y in zip(a, b))][:2]:
            print(f"   Spark {one}\n   mho   {other}")
spark.stop()
if bad:
    sys.exit(f"{bad} answers differ")
print(f"All answers are the same, floats within {largest:.1e} (1e-9 is allowed).")
