#!/usr/bin/env python3
"""Step against recomputation, by deltaq itself and by DuckDB on the same data.

    benches/naive/naive.py [--events N] [--quick] [--write]

Runs the suites `naive` (the Nexmark queries) and `seed` (incremental against naive) of the benchmark harness, which write their tables
and results as Parquet. DuckDB, with two threads, loads the same tables, computes each query anew, and must have the same rows before a
time is printed. `--write` puts the table into docs/benchmarks.md. DuckDB is installed into a virtual environment below target/.
"""

import argparse
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from page import ROOT, TARGET, keeping, machine, markdown, mean, ratio, write  # noqa: E402

DUCKDB = "duckdb==2.0.0"
THREADS = 2

# The functions of the queries that DuckDB has under other names.
MACROS = """
CREATE MACRO date_format(ts, format) AS
    strftime(ts, CASE format WHEN 'yyyy-MM-dd' THEN '%Y-%m-%d' WHEN 'HH:mm' THEN '%H:%M' END);
CREATE MACRO split_index(text, part, n) AS string_split(text, part)[n + 1];
CREATE MACRO count_char(text, part) AS length(text) - length(replace(text, part, ''));
"""

# What DuckDB writes otherwise: an average is a DOUBLE there, ties go by chance, and no match is an empty text.
REWRITES = [
    (r"CAST\(TRUNC\(AVG\(([\w.]+)\)\) AS BIGINT\)", r"(SUM(\1) // COUNT(\1))"),
    (r"ORDER BY b\.price DESC, b\.date_time ASC", "ORDER BY b.price DESC, b.date_time ASC, b.bidder, b.extra"),
    (r"ORDER BY date_time DESC", "ORDER BY date_time DESC, price, channel, url, extra"),
    (r"ORDER BY price DESC\)", "ORDER BY price DESC, bidder, channel, url, date_time, extra)"),
    (r"REGEXP_EXTRACT\((\w+), '(\S+)', 2\)", r"(CASE WHEN regexp_matches(\1, '\2') THEN regexp_extract(\1, '\2', 2) END)"),
]


def environment():
    """Starts this script again with a Python that has DuckDB."""
    try:
        import duckdb  # noqa: F401
    except ImportError:
        directory = TARGET / "naive-python"
        python = directory / "bin" / "python"
        if pathlib.Path(sys.prefix) == directory:
            sys.exit(f"{DUCKDB} was installed and cannot be imported")
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", directory], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", DUCKDB], check=True)
        os.execv(python, [str(python), *sys.argv])


def measure(directory, arguments):
    """Lets deltaq run and export both suites."""
    if not arguments.no_build:
        subprocess.run(["cargo", "build", "--release", "-p", "deltaq-bench"], check=True, cwd=ROOT)
    for suite in ["naive", "seed"]:
        if suite not in arguments.suite:
            continue
        command = [*shlex.split(arguments.prefix), str(TARGET / "release" / "deltaq-bench"), suite, "--touch", "6000", "--export", str(directory / suite)]
        if arguments.quick:
            command.append("--quick")
        if suite == "naive" and arguments.events:
            command += ["--events", str(arguments.events)]
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, env=keeping())


def load(db, tables):
    for file in sorted(tables.glob("*.parquet")):
        db.execute(f"CREATE OR REPLACE TABLE {file.stem} AS SELECT * FROM read_parquet('{file}')")


def rewritten(query):
    for pattern, replacement in REWRITES:
        query = re.sub(pattern, replacement, query)
    return query


def check(db, case, result):
    """The rows of `computed` are those of deltaq's result: same columns in the same order, whatever their names."""
    db.execute(f"CREATE OR REPLACE TABLE expected AS SELECT * FROM read_parquet('{result}')")
    types = [column[1] for column in db.execute("DESCRIBE expected").fetchall()]
    names = ", ".join(f"c{number}" for number in range(len(types)))
    cast = ", ".join(f"CAST(c{number} AS {kind})" for number, kind in enumerate(types))
    computed, expected = f"SELECT {cast} FROM computed AS t({names})", "SELECT * FROM expected"
    differ = db.execute(
        f"SELECT (SELECT COUNT(*) FROM ({computed} EXCEPT ALL {expected})), (SELECT COUNT(*) FROM ({expected} EXCEPT ALL {computed}))"
    ).fetchone()
    if differ != (0, 0):
        sys.exit(f"{case}: DuckDB has {differ[0]} rows that deltaq has not, and lacks {differ[1]}")
    return db.execute("SELECT COUNT(*) FROM expected").fetchone()[0]


def compute(db, case, directory, runs):
    """The time DuckDB needs for the queries of a case, and how many rows they have."""
    total, rows = 0.0, 0
    for number, query in enumerate(case["queries"]):
        times = []
        for _ in range(runs):
            db.execute("DROP TABLE IF EXISTS computed")
            start = time.perf_counter()
            db.execute(f"CREATE TABLE computed AS {rewritten(query)}")
            times.append(time.perf_counter() - start)
        total += statistics.median(times)
        rows += check(db, case["case"], directory / f"result-{number}.parquet")
    return total * 1e6, rows


def cases(directory):
    """All that was exported, in the order it was measured."""
    found = [(json.loads(file.read_text()), file) for file in directory.glob("*/*/case.json")]
    return sorted(found, key=lambda found: found[1].stat().st_mtime_ns)


def short(microseconds):
    return f"{microseconds / 1e3:,.1f} ms" if microseconds >= 1e3 else f"{microseconds:,.1f} µs"


def table(lines):
    import duckdb

    heading = ["", "rows of the result", "step, p50", "SELECT in deltaq", "÷ step", f"DuckDB {duckdb.__version__}", "÷ step"]
    rows = []
    for case, count, duck in lines:
        step, select = case["step_us"], case["select_us"]
        rows.append([case["case"], f"{count:,}", short(step), short(select), ratio(select / step), short(duck), ratio(duck / step)])
    ours, theirs = mean(c["select_us"] / c["step_us"] for c, _, _ in lines), mean(duck / c["step_us"] for c, _, duck in lines)
    rows.append(["geometric mean", "", "", "", ratio(ours), "", ratio(theirs)])
    return f"Measured at {machine()}.\n\n" + markdown(heading, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, help="events of Nexmark before the steps (1,000,000)")
    parser.add_argument("--suite", nargs="+", default=["naive", "seed"], choices=["naive", "seed"])
    parser.add_argument("--quick", action="store_true", help="small sizes: whether everything agrees")
    parser.add_argument("--measured", type=pathlib.Path, help="what deltaq exported before, instead of running it")
    parser.add_argument("--prefix", default="", help="what stands before deltaq's command, such as \"chrt --fifo 1\"")
    parser.add_argument("--no-build", action="store_true", help="take the harness as it is")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    arguments = parser.parse_args()
    environment()
    import duckdb

    directory = arguments.measured or TARGET / "naive"
    if not arguments.measured:
        subprocess.run(["rm", "-rf", directory], check=True)
        measure(directory, arguments)
    lines, loaded, db = [], None, None
    for case, file in cases(directory):
        tables = file.parents[1] / case["tables_of"] / "tables" if case["tables_of"] else file.parent / "tables"
        if tables != loaded:
            db = duckdb.connect(config={"threads": THREADS})
            db.execute(MACROS)
            load(db, tables)
            loaded = tables
        duck, rows = compute(db, case, file.parent, 3 if arguments.quick else 5)
        lines.append((case, rows, duck))
        print(f"{case['case']}: {rows} rows agree; step {short(case['step_us'])}, SELECT {short(case['select_us'])}, DuckDB {short(duck)}", file=sys.stderr)
    text = table(lines)
    print(text)
    if arguments.write:
        write("naive", text)


if __name__ == "__main__":
    main()
