#!/usr/bin/env python3
"""The time of a step against its size and against the size of the tables, as SVG in docs/.

    benches/naive/plot.py [--query q0,q4,…] [--events N] [--most N]

Runs the suites `nexmark` and `growth` of the benchmark harness. What computing a view again costs is taken from what
benches/naive/naive.py left below target/, where it ran.
"""

import argparse
import json
import math
import pathlib
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from page import ROOT, TARGET, keeping  # noqa: E402

COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5f4690", "#666666"]
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 460, 70, 70, 50, 55


def measured(suite, arguments, events):
    """Medians by query: [(size, µs), …]."""
    command = [*shlex.split(arguments.prefix), str(TARGET / "release" / "deltaq-bench"), suite, "--touch", "6000"]
    command += ["--json", "--query", arguments.query, "--events", str(events)]
    output = subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=keeping()).stdout
    series = {}
    for line in map(json.loads, output.splitlines()):
        if line["metric"] == "p50":
            query, size = line["case"].split("/")
            series.setdefault(query, []).append((int(size), line["value"]))
    return series


def recomputed(queries):
    """The least and the greatest time a SELECT takes in deltaq, if they were measured."""
    files = [TARGET / "naive" / "naive" / query / "case.json" for query in queries]
    times = [json.loads(file.read_text())["select_us"] for file in files if file.exists()]
    return (min(times), max(times)) if len(times) == len(files) else None


def amount(value):
    for size, letter in [(1_000_000, "M"), (1_000, "K")]:
        if value >= size:
            return f"{value / size:g} {letter}"
    return f"{value:g}"


def duration(microseconds):
    for size, unit in [(1e6, "s"), (1e3, "ms")]:
        if microseconds >= size:
            return f"{microseconds / size:g} {unit}"
    return f"{microseconds:g} µs"


def chart(title, below, series, band=None):
    """Lines on logarithmic axes; each named at its end."""
    points = [point for line in series.values() for point in line]
    values = [y for _, y in points] + list(band or ())
    exact = lambda value: math.log10(value)
    x_low, x_high = exact(min(x for x, _ in points)), exact(max(x for x, _ in points))
    y_low, y_high = math.floor(exact(min(values))), math.ceil(exact(max(values)))
    place_x = lambda x: LEFT + (exact(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
    place_y = lambda y: HEIGHT - BOTTOM - (exact(y) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
           f'<text x="{LEFT}" y="26" font-size="15">{title}</text>']
    if band:
        top, bottom = place_y(band[1]), place_y(band[0])
        svg.append(f'<rect x="{LEFT}" y="{top:.1f}" width="{WIDTH - LEFT - RIGHT}" height="{max(bottom - top, 2):.1f}" fill="#dddddd"/>')
        svg.append(f'<text x="{LEFT + 8}" y="{(top + bottom) / 2 + 4:.1f}" fill="#333333">computing the view again, by query</text>')
    for power in range(y_low, y_high + 1):
        y = place_y(10**power)
        svg.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#cccccc"/>')
        svg.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{duration(10.0**power)}</text>')
    for x in sorted({x for x, _ in points}):
        svg.append(f'<line x1="{place_x(x):.1f}" x2="{place_x(x):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eeeeee"/>')
        svg.append(f'<text x="{place_x(x):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{amount(x)}</text>')
    svg.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{below}</text>')
    ends = []
    for (name, line), color in zip(series.items(), COLORS):
        path = " ".join(f"{place_x(x):.1f},{place_y(y):.1f}" for x, y in line)
        svg.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        svg += [f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3" fill="{color}"/>' for x, y in line]
        ends.append((place_y(line[-1][1]), name, color))
    below_last = -math.inf
    for y, name, color in sorted(ends):
        below_last = max(y + 4, below_last + 13)
        svg.append(f'<text x="{WIDTH - RIGHT + 8}" y="{below_last:.1f}" fill="{color}">{name}</text>')
    return "\n".join(svg + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--query", default="q0,q3,q4,q9,q15,q17,q18,q20")
    parser.add_argument("--events", type=int, default=1_000_000, help="events before the steps of all sizes")
    parser.add_argument("--most", type=int, default=10_000_000, help="events up to which the tables grow")
    parser.add_argument("--prefix", default="", help="what stands before deltaq's command, such as \"chrt --fifo 1\"")
    parser.add_argument("--no-build", action="store_true", help="take the harness as it is")
    arguments = parser.parse_args()
    if not arguments.no_build:
        subprocess.run(["cargo", "build", "--release", "-p", "deltaq-bench"], check=True, cwd=ROOT)
    plots = ROOT / "docs" / "plots"
    plots.mkdir(exist_ok=True)
    steps = measured("nexmark", arguments, arguments.events)
    title = f"Time of a step (median) against its size, after {amount(arguments.events)} events"
    (plots / "step-against-change.svg").write_text(chart(title, "events of the step", steps, recomputed(steps)))
    growth = measured("growth", arguments, arguments.most)
    title = "Time of a step of 100 events (median) against the size of the tables"
    (plots / "step-against-state.svg").write_text(chart(title, "events in the tables", growth))


if __name__ == "__main__":
    main()
