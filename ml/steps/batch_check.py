"""Judge a batch before it is scored: ok, bad-input or drift; runs in the scikit-learn container.

First whether the batch can be scored at all: what XGBoost's container cannot read is a problem here, with its line and
column. Then each feature against the rows that the model was trained on: chi-square for categories, Kolmogorov-Smirnov
for numbers, and whether more values are missing. As in training, a value out of range or no category is missing; what
is scored is therefore a copy without such values.
Time grows with the rows, memory does not. Nothing that is written holds a row or says which cell held what.
"""

import argparse
import json
import math
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import AbstractSet, Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
from scipy import special  # not scipy.stats, which takes a second to import

BLOCK_BYTES = 1 << 18
MOST_PROBLEMS = 20
# A failed step shows 1,024 characters, and the summary stands in them with the report's address.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineExecutionStep.html
LONGEST_SUMMARY = 700
SMALLEST_EXPECTED = 5.0  # below it the chi-square distribution is no approximation (Cochran)
RESAMPLES = (500, 9_500)  # the second only where the first do not settle it
SETTLED = 25  # as many extreme ones among the first: p is far above any threshold
SEED = 20071
SKETCH_SIZE = 2048  # most values that one level of a sketch holds, as in baseline.py
SKETCH_SHRINKAGE = 0.64
BUCKETS = 10
MOST_BINS = 12  # in which people are shown the shares of a numeric feature


class CheckError(Exception):
    """The batch cannot be judged, as the baseline is no baseline of it; the message says why."""


class Column(NamedTuple):
    """A feature; ``kind`` is ordinal, nominal or numeric. A value outside the range counts as missing."""

    name: str
    kind: str
    minimum: float
    maximum: float

    @property
    def is_numeric(self) -> bool:
        """Whether its values are more than names of categories."""
        return self.kind == "numeric"


class Problem(NamedTuple):
    """Why a batch cannot be scored; ``check`` is what Model Monitor calls it. No text holds a cell's value."""

    text: str
    check: str
    feature: str


class Sketch:
    """Quantiles of any number of values in little memory: one at level n stands for 2**n. Exact up to SKETCH_SIZE."""

    def __init__(self) -> None:
        self.levels: List[List[float]] = [[]]
        self.halvings = 0

    def add(self, values: np.ndarray) -> None:
        """Take in values, halving each level that overflows."""
        self.levels[0].extend(values.tolist())
        level = 0
        while len(self.levels[level]) > SKETCH_SIZE:
            ordered = sorted(self.levels[level])
            even = len(ordered) - len(ordered) % 2
            if level + 1 == len(self.levels):
                self.levels.append([])
            self.halvings += 1
            self.levels[level + 1].extend(ordered[self.halvings % 2 : even : 2])
            self.levels[level] = ordered[even:]
            level += 1


class Baseline(NamedTuple):
    """One feature's training rows: distinct values in order, how many rows have each, how many have none."""

    values: np.ndarray
    counts: np.ndarray
    missing: int
    resolution: float  # most by which the sketch that it was read from may be off, as a share

    @property
    def present(self) -> int:
        """Rows that have a value."""
        return int(self.counts.sum())


class Feature:
    """What is kept of one feature of the batch while it is read."""

    def __init__(self, column: Column, baseline: Baseline) -> None:
        self.column = column
        self.baseline = baseline
        self.present = self.missing = 0
        self.mean = self.squares = 0.0  # squares: sum of squared distances from the mean
        self.low, self.high = math.inf, -math.inf
        self.is_integral = True
        self.sketch = Sketch()
        permitted = range(math.ceil(column.minimum), math.floor(column.maximum) + 1)
        categories = [] if column.is_numeric else [*permitted, *baseline.values.tolist()]
        self.points = np.array(sorted({float(value) for value in categories or baseline.values.tolist()}))
        # Rows below the first point, on it, between it and the second, on that, …
        self.places = np.zeros(2 * len(self.points) + 1, dtype=np.int64)
        self.edges = bin_edges(column) if column.is_numeric else self.points
        self.bins = np.zeros(max(len(self.edges) - 1, 0), dtype=np.int64)

    def add(self, parsed: Dict[Optional[float], int]) -> None:
        """Count a block's cells; None is an empty one."""
        column = self.column
        number_of_empty = parsed.pop(None, 0)
        values = np.array(list(parsed), dtype=float)
        counts = np.array(list(parsed.values()), dtype=np.int64)
        kept = (values >= column.minimum) & (values <= column.maximum)
        if not column.is_numeric:
            kept &= values == np.floor(values)
        self.missing += number_of_empty + int(counts[~kept].sum())
        values, counts = values[kept], counts[kept]
        rows = int(counts.sum())
        if not rows:
            return
        left, right = (np.searchsorted(self.points, values, side) for side in ("left", "right"))
        np.add.at(self.places, left + right, counts)
        if column.is_numeric:
            self.bins += np.histogram(values, self.edges, weights=counts)[0].astype(np.int64)
        mean = float(np.average(values, weights=counts))
        away, total = mean - self.mean, self.present + rows
        self.squares += float((counts * (values - mean) ** 2).sum()) + away**2 * self.present * rows / total
        self.mean += away * rows / total
        self.present = total
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        self.is_integral = self.is_integral and bool((values == np.floor(values)).all())
        self.sketch.add(np.repeat(values, counts))

    def category_counts(self) -> np.ndarray:
        """Rows on each point."""
        return self.places[1::2]


def parse_column(text: str) -> Column:
    """Read ``name:kind:minimum:maximum``, the form in which the definition names a column."""
    name, kind, minimum, maximum = text.split(":")
    return Column(name, kind, float(minimum), float(maximum))


def format_number(value: float) -> str:
    """3, not 3.0."""
    return f"{value:.12g}"


def bin_edges(column: Column) -> np.ndarray:
    """Round edges that cover the range in at most MOST_BINS bins: 0, 10, 20, … for 0 to 120."""
    least = (column.maximum - column.minimum) / MOST_BINS
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))
    first, last = math.floor(column.minimum / step), math.ceil(column.maximum / step)
    return np.array([number * step for number in range(first, max(last, first + 1) + 1)])


def read_baseline(column: Column, entry: Dict[str, Any]) -> Baseline:
    """One feature of statistics.json, as baseline.py writes it."""
    numbers = entry.get("numerical_statistics")
    common = (numbers or entry["string_statistics"])["common"]
    found: Dict[float, int] = Counter()
    resolution = 0.0
    if numbers:
        levels = numbers["distribution"]["kll"]["sketch"]["data"]
        for level, values in enumerate(levels):
            for value in values:
                found[float(value)] += 2**level
        if len(levels) > 1:
            resolution = 2 ** (len(levels) - 1) / sum(found.values())
    else:
        for bucket in entry["string_statistics"]["distribution"]["categorical"]["buckets"]:
            found[float(bucket["value"])] += int(bucket["count"])
    values = sorted(found)
    counts = np.array([found[value] for value in values], dtype=np.int64)
    return Baseline(np.array(values), counts, int(common["num_missing"]), resolution)


def read_baselines(statistics: Path, constraints: Path, columns: Sequence[Column]) -> List[Baseline]:
    """The training rows of every column, in order; both files must be of exactly these columns."""
    names = [column.name for column in columns]
    for path in (statistics, constraints):
        found = [entry["name"] for entry in json.loads(path.read_text())["features"]]
        if found != names:
            raise CheckError("{} is of {}, not of {}".format(path.name, ",".join(found), ",".join(names)))
    entries = json.loads(statistics.read_text())["features"]
    return [read_baseline(column, entry) for column, entry in zip(columns, entries)]


def read_blocks(path: Path) -> Iterator[Tuple[int, bytes]]:
    """Whole lines of a file, a quarter of a megabyte at a time, each with the number of its first line."""
    number, rest = 1, b""
    with path.open("rb") as file:
        while True:
            read = file.read(BLOCK_BYTES)
            if not read:
                break
            head, newline, tail = (rest + read).rpartition(b"\n")
            if newline:
                yield number, head
                number += head.count(b"\n") + 1
            rest = tail
            if len(rest) > BLOCK_BYTES:
                break
    if rest:
        yield number, rest


def parse_cell(cell: str) -> Optional[float]:
    """The cell's number, None where it is empty; ValueError for what the model's container would not read."""
    if not cell:
        return None
    if "_" in cell:
        raise ValueError("1_000 is a number to Python only")
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError("neither a number nor missing")
    return value


def is_number(cell: str) -> bool:
    """Whether the cell can be scored."""
    try:
        parse_cell(cell)
    except ValueError:
        return False
    return True


class BatchReader:
    """Reads every file of a batch into features, finds what is wrong with it, and writes down what is to be scored.

    That is the batch with every value out of range left out, as such values were in training: the model has never seen
    one. It goes into the folder ``scored``, where one is given.
    """

    def __init__(self, features: Sequence[Feature], scored: Optional[Path] = None) -> None:
        self.features = features
        self.scored = scored
        self.names = [feature.column.name for feature in features]
        self.rows = 0
        self.problems: List[Problem] = []

    def read(self, folder: Path) -> None:
        """Read every file below the folder, as scoring would."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        if not paths:
            raise CheckError("the input has no files")
        for path in paths:
            source = str(path.relative_to(folder))
            if not path.stat().st_size:
                self.complain(f"{source}: is empty")
            for number, block in read_blocks(path):
                try:
                    text = block.decode("utf-8")
                except UnicodeDecodeError as error:
                    line = number + block.count(b"\n", 0, error.start)
                    self.complain(f"{source}, line {line}: is not UTF-8 text")
                    break
                lines = self.add_lines(source, number, text.replace("\r\n", "\n").rstrip("\r").split("\n"))
                if self.scored is not None and not self.problems:
                    self.write_lines(self.scored / source, lines)

    @staticmethod
    def write_lines(path: Path, lines: Sequence[str]) -> None:
        """Append to a file of what is scored."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="") as file:
            file.write("\n".join(lines) + "\n")

    def complain(self, text: str, check: str = "data_type_check", feature: str = "all features") -> None:
        """Remember a problem, unless there are enough."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(text, check, feature))

    def add_lines(self, source: str, number: int, lines: List[str]) -> List[str]:
        """Count the cells of lines, the first of which has this number; return them without values out of range."""
        self.rows += len(lines)
        if len(self.problems) == MOST_PROBLEMS:
            return lines
        if number == 1 and self.is_header(source, lines[0].split(",")):
            lines, number = lines[1:], 2
            self.rows -= 1
        numbers: Sequence[int] = range(number, number + len(lines))
        width = len(self.names)
        if any(line.count(",") != width - 1 for line in lines):
            self.find_wrong_lengths(source, numbers, lines)
            fitting = [(line, text) for line, text in zip(numbers, lines) if text.count(",") == width - 1]
            numbers, lines = [line for line, _ in fitting], [text for _, text in fitting]
        table = ",".join(lines).split(",") if lines else []
        cleaned = False
        for place, feature in enumerate(self.features):
            cells = table[place::width]
            parsed: Dict[Optional[float], int] = {}
            wrong, outside = set(), set()
            for cell, count in Counter(cells).items():
                try:
                    value = parse_cell(cell)
                except ValueError:
                    wrong.add(cell)
                    continue
                parsed[value] = parsed.get(value, 0) + count
                if value is not None and not feature.column.minimum <= value <= feature.column.maximum:
                    outside.add(cell)
            if wrong:
                where = f"{source}, line {{}}, column {place + 1} ({feature.column.name})"
                self.find_wrong_cells(where, feature.column.name, zip(numbers, cells), wrong)
            feature.add(parsed)
            if outside:
                table[place::width] = ["" if cell in outside else cell for cell in cells]
                cleaned = True
        return [",".join(table[start : start + width]) for start in range(0, len(table), width)] if cleaned else lines

    def is_header(self, source: str, cells: Sequence[str]) -> bool:
        """Whether a first line names the columns, which is a problem: it would be scored as a row."""
        if cells[0].startswith("\ufeff"):
            self.complain(f"{source}, line 1: begins with a byte order mark; write plain UTF-8")
            return True
        filled = [cell for cell in cells if cell]
        found = bool(filled) and not any(is_number(cell) for cell in filled) and len(filled) > 1
        if found:
            self.complain(f"{source}, line 1: is a header; a batch to score has none")
        return found

    def find_wrong_lengths(self, source: str, numbers: Iterable[int], lines: Iterable[str]) -> None:
        """Name the lines that have too many or too few values."""
        expected = len(self.names)
        for line, text in zip(numbers, lines):
            values = text.count(",") + 1
            if values != expected:
                missing = values < expected
                found = f"has {values} values" if text else "is empty"
                self.complain(
                    "{}, line {}: {}; write {}: {}".format(source, line, found, expected, ",".join(self.names)),
                    "missing_column_check" if missing else "extra_column_check",
                    "Missing columns" if missing else "Extra columns",
                )

    def find_wrong_cells(
        self, where: str, name: str, numbered: Iterable[Tuple[int, str]], wrong: AbstractSet[str]
    ) -> None:
        """Name the cells that are no numbers, without what they hold."""
        for line, cell in numbered:
            if cell in wrong:
                advice = "leave it empty where the value is missing" if cell.strip() in ("", "?") else "write a number"
                self.complain(f"{where.format(line)}: is not a number; {advice}", "data_type_check", name)


def chi_square(table: np.ndarray) -> float:
    """Statistic of a table of counts whose rows and columns all hold something."""
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


def compare_categories(baseline: np.ndarray, batch: np.ndarray) -> Tuple[float, float]:
    """Chi-square statistic and p: whether both are draws from one distribution.

    Where a count is too small for the chi-square distribution, p is a permutation test's: of the same rows, dealt out
    by a generator with a fixed seed.
    """
    table = np.array([baseline, batch])[:, baseline + batch > 0]
    if table.shape[1] < 2:
        return 0.0, 1.0
    statistic, sizes, totals = chi_square(table), table.sum(axis=1), table.sum(axis=0)
    if (np.outer(sizes, totals) / table.sum()).min() >= SMALLEST_EXPECTED:
        return statistic, float(special.chdtrc(table.shape[1] - 1, statistic))
    generator = np.random.Generator(np.random.PCG64(SEED))
    fractions = sizes.min() / table.sum(), sizes.max() / table.sum()
    extreme = drawn = 0
    for number in RESAMPLES:
        dealt = generator.multivariate_hypergeometric(totals, int(sizes.min()), number, method="marginals")
        distances = ((dealt - totals * fractions[0]) ** 2 / totals).sum(axis=1)
        # The other row is as far off in the opposite direction: the statistic is the sum of both.
        resampled = distances / fractions[0] + distances / fractions[1]
        extreme, drawn = extreme + int((resampled >= statistic * (1 - 1e-9)).sum()), drawn + number
        if extreme >= SETTLED:
            break
    return statistic, (extreme + 1) / (drawn + 1)


def compare_numbers(baseline: Baseline, places: np.ndarray) -> Tuple[float, float]:
    """Kolmogorov-Smirnov distance and p, conservative where values repeat.

    Between two training values the baseline's distribution stands still, so the batch has to be known at these only.
    """
    size = int(places.sum())
    if not size or not baseline.present:
        return 0.0, 1.0
    below = np.cumsum(places)[:-1] / size  # before and on each point
    steps = np.cumsum(baseline.counts) / baseline.present
    before, on = below[::2] - np.concatenate([[0.0], steps[:-1]]), below[1::2] - steps
    distance = float(max(np.abs(before).max(), np.abs(on).max()))
    root = math.sqrt(size * baseline.present / (size + baseline.present))
    certain = max(0.0, distance - baseline.resolution)
    # Stephens' correction for few rows: https://doi.org/10.1080/01621459.1974.10480196
    return distance, float(special.kolmogorov((root + 0.12 + 0.11 / root) * certain))


def compare_missing(baseline: Baseline, missing: int, rows: int) -> float:
    """P-value of as many missing values or more in the batch, if both are draws from one population.

    Fisher's exact test: a binomial test would take the rate among the training rows for the true one, and alarm on
    any large batch.
    """
    training, together = baseline.present + baseline.missing, baseline.missing + missing
    # As many of all missing values among the training rows, or fewer: the hypergeometric distribution.
    fewer = np.arange(max(0, together - rows), baseline.missing + 1)
    ways = log_ways(training, fewer) + log_ways(rows, together - fewer) - log_ways(training + rows, together)
    return min(1.0, float(np.exp(ways).sum()))


def log_ways(size: int, chosen: Any) -> Any:
    """Logarithm of the number of ways to choose among ``size``."""
    return special.gammaln(size + 1) - special.gammaln(chosen + 1) - special.gammaln(size - chosen + 1)


def show_probability(value: float) -> str:
    """``p = 2e-09``, or that it is below what can be told."""
    return f"p = {value:.1g}" if value >= 1e-99 else "p < 1e-99"


def judge(feature: Feature, rows: int, threshold: float) -> Dict[str, Any]:
    """One feature's entry in batch_check.json."""
    column, baseline = feature.column, feature.baseline
    if column.is_numeric:
        statistic, p_value = compare_numbers(baseline, feature.places)
        distance, test, said = statistic, "kolmogorov-smirnov", "distribution"
        before = np.histogram(baseline.values, feature.edges, weights=baseline.counts)[0]
        now, low = feature.bins, feature.edges[:-1]
        labels = [f"{format_number(a)}-{format_number(b)}" for a, b in zip(low, feature.edges[1:])]
    else:
        before = np.zeros(len(feature.points), dtype=np.int64)
        before[np.searchsorted(feature.points, baseline.values)] = baseline.counts
        now, labels = feature.category_counts(), [format_number(point) for point in feature.points]
        test, said = "chi-square", "shares"
        comparable = baseline.present and feature.present
        statistic, p_value = compare_categories(before, now) if comparable else (0.0, 1.0)
        distance = float(np.abs(before / baseline.present - now / feature.present).max()) if comparable else 0.0
    missing_p = compare_missing(baseline, feature.missing, rows)
    rates = baseline.missing / (baseline.present + baseline.missing), feature.missing / rows
    moved, emptied = p_value < threshold, missing_p < threshold
    changes = []
    if moved or not emptied:
        changes.append(f"{said} moved by {distance:.2f} ({test}, {show_probability(p_value)})")
    if emptied:
        words = f"{rates[1]:.1%} of the values are missing, {rates[0]:.1%} in training"
        changes.append(f"{words} ({show_probability(missing_p)})")

    def shares(counts: np.ndarray) -> List[Dict[str, Any]]:
        total = max(int(counts.sum()), 1)
        return [{"value": label, "share": float(count) / total} for label, count in zip(labels, counts)]

    return {
        "name": column.name,
        "kind": column.kind,
        "drifted": moved or emptied,
        "change": f"{column.name}: {'; '.join(changes)}",
        "distribution": {
            "test": test,
            "statistic": statistic,
            "p_value": p_value,
            "threshold": threshold,
            "drifted": moved,
            "distance": distance,
            "baseline": shares(before),
            "batch": shares(now),
        },
        "missing": {
            "baseline_rate": rates[0],
            "batch_rate": rates[1],
            "p_value": missing_p,
            "threshold": threshold,
            "drifted": emptied,
        },
    }


def summarise(verdict: str, rows: int, features: Sequence[Dict[str, Any]], problems: Sequence[Problem]) -> str:
    """What people read first: at most LONGEST_SUMMARY characters."""
    drifted = [feature for feature in features if feature["drifted"]]
    if verdict == "bad-input":
        more = " or more" if len(problems) == MOST_PROBLEMS else ""
        many = "" if len(problems) == 1 else f"{len(problems)}{more} problems. "
        text = many + ". ".join(problem.text for problem in problems) + "."
    elif verdict == "drift":
        changes = ". ".join(feature["change"] for feature in drifted)
        text = f"{len(drifted)} of {len(features)} features drifted in {rows} rows. {changes}."
    else:
        text = f"{rows} rows, and none of {len(features)} features has drifted."
    return text if len(text) <= LONGEST_SUMMARY else text[: LONGEST_SUMMARY - 1] + "…"


def list_violations(features: Sequence[Dict[str, Any]], problems: Sequence[Problem]) -> List[Dict[str, str]]:
    """What was found, in the words of constraint_violations.json; empty exactly where the verdict is ok.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
    """
    found = [(problem.feature, problem.check, problem.text) for problem in problems]
    for feature in features:
        if feature["distribution"]["drifted"]:
            found.append((feature["name"], "baseline_drift_check", feature["change"]))
        if feature["missing"]["drifted"]:
            found.append((feature["name"], "completeness_check", feature["change"]))
    names = ("feature_name", "constraint_check_type", "description")
    return [dict(zip(names, violation)) for violation in found]


def describe(feature: Feature) -> Dict[str, Any]:
    """One feature's entry in statistics.json, as baseline.py writes it for the training rows."""
    column = feature.column
    common = {"num_present": feature.present, "num_missing": feature.missing}
    entry: Dict[str, Any] = {"name": column.name, "inferred_type": "Unknown"}
    if column.kind == "nominal" or not feature.present:
        entry["inferred_type"] = "String" if feature.present else "Unknown"
        found = [pair for pair in zip(feature.points, feature.category_counts()) if pair[1]]
        buckets = [{"value": format_number(value), "count": int(count)} for value, count in found]
        categories = {"categorical": {"buckets": buckets}}
        entry["string_statistics"] = {
            "common": common,
            "distinct_count": float(len(buckets)),
            "distribution": categories,
        }
        return entry
    entry["inferred_type"] = "Integral" if feature.is_integral else "Fractional"
    levels = [sorted(level) for level in feature.sketch.levels]
    values = np.concatenate([np.array(level, dtype=float) for level in levels])
    weights = np.concatenate([np.full(len(level), 2.0**number) for number, level in enumerate(levels)])
    wide = (feature.low, feature.high) if feature.high > feature.low else (feature.low, feature.low + 1)
    counts, edges = np.histogram(values, BUCKETS, wide, weights=weights)
    entry["numerical_statistics"] = {
        "common": common,
        "mean": feature.mean,
        "sum": feature.mean * feature.present,
        "std_dev": math.sqrt(feature.squares / feature.present),
        "min": feature.low,
        "max": feature.high,
        "distribution": {
            "kll": {
                "buckets": [
                    {"lower_bound": float(low), "upper_bound": float(high), "count": float(count)}
                    for low, high, count in zip(edges, edges[1:], counts)
                ],
                "sketch": {"parameters": {"c": SKETCH_SHRINKAGE, "k": float(SKETCH_SIZE)}, "data": levels},
            }
        },
    }
    return entry


def check(
    folder: Path,
    columns: Sequence[Column],
    baselines: Sequence[Baseline],
    significance: float,
    scored: Optional[Path] = None,
) -> Dict[str, Any]:
    """Content of the report and of both files in Model Monitor's format, by name."""
    features = [Feature(column, baseline) for column, baseline in zip(columns, baselines)]
    reader = BatchReader(features, scored)
    reader.read(folder)
    judged = [] if reader.problems else [judge(each, reader.rows, significance / len(features)) for each in features]
    verdict = "bad-input" if reader.problems else "drift" if any(each["drifted"] for each in judged) else "ok"
    return {
        "batch_check": {
            "version": 1,
            "verdict": verdict,
            "summary": summarise(verdict, reader.rows, judged, reader.problems),
            "rows": reader.rows,
            "significance": significance,
            "problems": [problem.text for problem in reader.problems],
            "features": judged,
        },
        "statistics": {
            "version": 0.0,
            "dataset": {"item_count": reader.rows},
            "features": [describe(feature) for feature in features],
        },
        "constraint_violations": {"violations": list_violations(judged, reader.problems)},
    }


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    """Paths and settings; the pipeline's definition gives every one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True, help="folder of the batch: CSV without header or label")
    parser.add_argument(
        "--statistics", type=Path, required=True, help="folder that holds the version's statistics.json"
    )
    parser.add_argument("--constraints", type=Path, required=True, help="folder that holds its constraints.json")
    parser.add_argument("--output", type=Path, required=True, help="folder for the four files")
    parser.add_argument("--scored", type=Path, required=True, help="folder for the batch as it is scored, if it is")
    parser.add_argument("--column", type=parse_column, action="append", required=True, help="name:kind:minimum:maximum")
    parser.add_argument("--significance", type=float, required=True, help="divided by the number of features")
    parser.add_argument("--execution-id", required=True, help="written into the report")
    parser.add_argument("--input-data", required=True, help="where the batch came from; written into the report")
    parser.add_argument("--model-package-arn", required=True, help="written into the report")
    return parser.parse_args(arguments)


def main() -> None:
    """Judge, write the four files and what is to be scored; every verdict is a success of the job."""
    options = parse_arguments()
    statistics, constraints = options.statistics / "statistics.json", options.constraints / "constraints.json"
    try:
        baselines = read_baselines(statistics, constraints, options.column)
        contents = check(options.input, options.column, baselines, options.significance, options.scored)
    except CheckError as error:
        sys.exit(f"the batch cannot be judged: {error}")
    if contents["batch_check"]["verdict"] != "ok":
        shutil.rmtree(str(options.scored), ignore_errors=True)  # nothing is scored
    options.scored.mkdir(parents=True, exist_ok=True)
    contents["batch_check"].update(
        execution_id=options.execution_id, input=options.input_data, model_package_arn=options.model_package_arn
    )
    options.output.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False)
        (options.output / (name + ".json")).write_text(text + "\n")
    shutil.copyfile(str(constraints), str(options.output / "constraints.json"))
    print("{}: {}".format(contents["batch_check"]["verdict"], contents["batch_check"]["summary"]))


if __name__ == "__main__":
    main()
