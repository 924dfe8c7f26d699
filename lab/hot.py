"""Puts changed code into a deployed function without a deployment."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from lab.aws import Aws


def update(aws: Aws, function: str, artefact: Path) -> None:
    """Give a deployed function the package in `artefact`, as `aws lambda update-function-code` would."""
    aws.client("lambda").update_function_code(FunctionName=function, ZipFile=_zipped(artefact))


def _zipped(folder: Path) -> bytes:
    """Return a zip of the folder, uncompressed because it only goes to the next process."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
