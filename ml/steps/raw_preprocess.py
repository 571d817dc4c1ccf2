"""Split the raw rows into train, validation, test and baseline sets; runs in the scikit-learn container.

Missing values stay missing and nothing is fitted, so nothing leaks from one split into another and nothing has to be
shipped with the model. The same rows give the same files, however they are spread over the input files.
"""

import argparse
import csv
import math
import random
import sys
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

MISSING = ("", "?")
MOST_MISTAKES_SHOWN = 20

Row = Tuple[Optional[float], ...]


class Column(NamedTuple):
    """A column of the raw files; a value outside the range counts as missing."""

    name: str
    minimum: float
    maximum: float


class MalformedDataError(Exception):
    """The input cannot be used; the message names file and line of each mistake."""


class Splits(NamedTuple):
    """Rows of each split, label last as in the raw files."""

    train: List[Row]
    validation: List[Row]
    test: List[Row]


def parse_column(text: str) -> Column:
    """Read ``name:kind:minimum:maximum``, as the definition writes a column; the kind does not matter here."""
    name, _kind, minimum, maximum = text.split(":")
    return Column(name, float(minimum), float(maximum))


def is_header(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a file's first line names the columns: their names in any order, or pandas' numbers 0, 1, 2, …"""
    return sorted(cells) == sorted(names) or list(cells) == [str(number) for number in range(len(names))]


def parse_value(text: str, column: Column) -> Optional[float]:
    """Return the cell's number, or None where it is missing or out of range; ValueError where it is neither."""
    if text in MISSING:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value if column.minimum <= value <= column.maximum else None


def parse_lines(source: str, lines: Iterable[str], features: Sequence[Column], label: Column) -> List[Row]:
    """Rows of one file, features in the given order and the label last; MalformedDataError lists the bad lines."""
    columns = [*features, label]
    names = [column.name for column in columns]
    order = list(range(len(columns)))
    rows: List[Row] = []
    mistakes = []
    reader = csv.reader(lines)
    first = True
    for raw_cells in reader:
        cells = [cell.strip() for cell in raw_cells]
        if not any(cells):
            continue
        place = f"{source}, line {reader.line_num}"
        if first and is_header(cells, names):
            if set(cells) == set(names):
                order = [cells.index(name) for name in names]
            first = False
            continue
        first = False
        if len(cells) != len(columns):
            mistakes.append("{}: {} values, not the {} of {}".format(place, len(cells), len(columns), ",".join(names)))
            continue
        values = []
        for column, index in zip(columns, order):
            try:
                values.append(parse_value(cells[index], column))
            except ValueError:
                values.append(None)
                mistakes.append(f"{place}: {column.name} is {cells[index]!r}; write a number, or ? where it is missing")
        if values[-1] not in (label.minimum, label.maximum):
            mistakes.append(
                f"{place}: the label {label.name} is {cells[order[-1]]!r}; write {label.minimum:g} or {label.maximum:g}"
            )
        rows.append(tuple(values))
    if mistakes:
        raise MalformedDataError("\n".join(mistakes))
    return rows


def find_files(folder: Path) -> List[Path]:
    """Every CSV file under ``folder``, at any depth."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() == ".csv")


def read_rows(folder: Path, features: Sequence[Column], label: Column) -> Dict[str, List[Row]]:
    """Rows of each CSV file under ``folder``; one error for all mistakes in all files."""
    rows: Dict[str, List[Row]] = {}
    mistakes: List[str] = []
    for path in find_files(folder):
        source = str(path.relative_to(folder))
        try:
            with path.open(encoding="utf-8-sig", newline="") as lines:
                rows[source] = parse_lines(source, lines, features, label)
        except MalformedDataError as error:
            mistakes.extend(str(error).splitlines())
        except UnicodeDecodeError:
            mistakes.append(f"{source}: is not UTF-8 text")
    if mistakes:
        shown = mistakes[:MOST_MISTAKES_SHOWN]
        hidden = len(mistakes) - len(shown)
        raise MalformedDataError("\n".join(shown + ([f"and {hidden} more"] if hidden else [])))
    if not any(rows.values()):
        raise MalformedDataError(
            "no rows: put CSV files with columns {} under the input prefix".format(
                ",".join(column.name for column in [*features, label])
            )
        )
    return rows


def sort_key(row: Row) -> Tuple[float, ...]:
    """Order rows by content, missing first, so that the split does not depend on files or their order."""
    return tuple(-math.inf if value is None else value for value in row)


def split_rows(rows: Sequence[Row], train_fraction: float, validation_fraction: float, seed: int) -> Splits:
    """Stratify by the label (last value) and shuffle with the seed; the test split gets what the others leave."""
    generator = random.Random(seed)  # noqa: S311  # a reproducible shuffle, not a secret
    splits = Splits([], [], [])
    for value in (0, 1):
        members = sorted((row for row in rows if row[-1] == value), key=sort_key)
        generator.shuffle(members)
        train_end = math.floor(train_fraction * len(members) + 0.5)
        validation_end = train_end + math.floor(validation_fraction * len(members) + 0.5)
        parts = (members[:train_end], members[train_end:validation_end], members[validation_end:])
        for split, part in zip(splits, parts):
            if not part:
                raise MalformedDataError(f"{len(members)} rows with label {value} are too few for three splits")
            split.extend(part)
    for split in splits:
        generator.shuffle(split)
    return splits


def format_value(value: Optional[float]) -> str:
    """An empty cell where the value is missing: what XGBoost's CSV reader takes for missing."""
    return "" if value is None else f"{value:.12g}"


def to_label_first(rows: Iterable[Row]) -> List[List[str]]:
    """Cells in the order of the built-in XGBoost algorithm: label first."""
    return [[format_value(row[-1]), *map(format_value, row[:-1])] for row in rows]


def to_features(rows: Iterable[Row]) -> List[List[str]]:
    """Cells without the label, as a batch to score has them."""
    return [[format_value(value) for value in row[:-1]] for row in rows]


def write_csv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write the cells with LF line ends, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Paths and settings; the pipeline's definition gives every one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True, help="folder of raw CSV files")
    for name in ("train", "validation", "test", "baseline"):
        parser.add_argument("--" + name, type=Path, required=True, help=f"folder for the {name} set")
    parser.add_argument("--column", type=parse_column, action="append", required=True, help="name:kind:minimum:maximum")
    parser.add_argument("--label", type=parse_column, required=True, help="name:kind:minimum:maximum")
    parser.add_argument("--train-fraction", type=float, required=True)
    parser.add_argument("--validation-fraction", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--headerless-baseline", action="store_true", help="for Model Monitor: as a batch has none")
    return parser.parse_args(arguments)


def main() -> None:
    """Read, split and write; a malformed input ends the job with a message that names file and line."""
    options = parse_arguments()
    try:
        files = read_rows(options.input, options.column, options.label)
        rows = [row for name in sorted(files) for row in files[name]]
        splits = split_rows(rows, options.train_fraction, options.validation_fraction, options.seed)
    except MalformedDataError as error:
        sys.exit(f"the input data cannot be used:\n{error}")
    write_csv(options.train / "train.csv", to_label_first(splits.train))
    write_csv(options.validation / "validation.csv", to_label_first(splits.validation))
    write_csv(options.test / "test.csv", to_label_first(splits.test))
    names = [column.name for column in options.column]
    header = [] if options.headerless_baseline else [names]
    write_csv(options.baseline / "baseline.csv", [*header, *to_features(splits.train)])
    for name, content in sorted(files.items()):
        print(f"read {len(content)} rows of {name}")
    print("wrote {} train, {} validation, {} test rows".format(*map(len, splits)))


if __name__ == "__main__":
    main()
