"""An archive of the program as the zip file that Lambda takes: the same content makes the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.provider.wire import ARCHIVE, Asset

# The earliest that the format can say.
_TIME = (1980, 1, 1, 0, 0, 0)


def zip_bytes(archive: Asset) -> bytes:
    """The archive's files, or the file itself where it names a zip file."""
    if archive.uri:
        raise ValueError("the sandbox's AWS provider does not fetch remote archives")
    path = Path(archive.path)
    if archive.path and path.is_file():
        return path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in sorted(_files(archive, "")):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return buffer.getvalue()


def _files(archive: Asset, prefix: str) -> Iterator[tuple[str, bytes]]:
    for name, member in archive.assets:
        if member.signature == ARCHIVE:
            yield from _files(member, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", member.text.encode() if member.text is not None else Path(member.path).read_bytes()
    if archive.path:
        folder = Path(archive.path)
        for path in folder.rglob("*"):
            if path.is_file():
                yield f"{prefix}{path.relative_to(folder).as_posix()}", path.read_bytes()
