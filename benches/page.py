"""What the scripts here share: docs/benchmarks.md, and the machine they ran on."""

import datetime
import math
import os
import pathlib
import platform
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def write(section, text):
    """Replaces what stands between the marks of a section of docs/benchmarks.md."""
    path = ROOT / "docs" / "benchmarks.md"
    begin, end = f"<!-- {section}: begin -->\n", f"<!-- {section}: end -->"
    before, rest = path.read_text().split(begin)
    _, after = rest.split(end)
    path.write_text(before + begin + text + "\n" + end + after)


def machine():
    """Commit, date and machine, as a phrase."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=ROOT).stdout.strip()
    return f"commit {commit}, {datetime.date.today().isoformat()}, {os.cpu_count()} cores of {cpu}, {memory:.0f} GiB"


def keeping():
    """An environment in which allocators keep what was freed. With `--touch`, which a program obeys before anything else, it finds the memory
    it needs at hand: on a virtual machine a page that the host must fetch costs microseconds, and whoever takes more would be timed at that."""
    return {**os.environ, "MIMALLOC_PURGE_DELAY": "-1", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}


def markdown(heading, rows):
    """A table; all columns but the first are aligned to the right."""
    lines = ["| " + " | ".join(heading) + " |", "|---" + "|---:" * (len(heading) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def mean(values):
    """The geometric mean; None of no values, or where one is 0."""
    values = list(values)
    return math.exp(statistics.fmean(math.log(value) for value in values)) if values and min(values) > 0 else None


def ratio(value):
    """How many times."""
    if value is None:
        return ""
    digits = 3 if value < 0.1 else 2 if value < 1 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} ×"
