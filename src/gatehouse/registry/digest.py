"""What a pin's digest is: one SHA-256 over the names and contents of every file of an artifact.

The files are hashed by model-signing (the OpenSSF's hashing of models), and its manifest is folded into one value in
the form that ``sha256sum`` prints, so that a person can repeat it without gatehouse::

    cd model && find . -type f ! -path ./registered_model_meta -printf '%P\\0' |
      LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum

Modes, times, owners, the order of files, and empty folders do not count. MLflow's client leaves a file
``registered_model_meta`` in whatever folder it loads a registered version from, with a local store in the very artifact
that was registered; it names the model and version, which the pin does already, and does not count either.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry import _tree

STAMP = "registered_model_meta"
# Exactly what MLflow writes, and nothing that a model could be steered with beyond a name and a number; both are null
# where a logged model was loaded that has no version yet.
_STAMP = re.compile(rb"model_name: [\w.\-' ]{1,250}\nmodel_version: (?:null|'?\d{1,9}'?)\n")


def digest(folder: Path) -> str:
    """The digest of an artifact folder, ``sha256:`` and 64 hex digits; about 0.7 s a GB on two cores.

    Raises NotFound where there is no folder, and GatehouseError for one without files, and for what cannot be vouched
    for: links, devices, pipes, ``.git*``, and file names that differ between systems.
    """
    return _fold(folder, [path for path in _tree.files(folder) if not is_stamp(folder, path)])


def file_digest(path: Path) -> str:
    """The digest of a data file, as ``sha256sum`` prints it; of a folder of files, as ``digest`` has it.

    A link to the file or folder itself is followed, links inside a folder are refused.
    """
    if path.is_dir():
        return _fold(path, _tree.files(path))
    if not path.is_file():
        raise NotFound(f"no file {path}", "check the path")
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def is_stamp(folder: Path, path: PurePosixPath) -> bool:
    """Whether a file is the note that MLflow's client leaves beside what it loads, and nothing else."""
    if str(path) != STAMP:
        return False
    with (folder / path).open("rb") as stream:
        return _STAMP.fullmatch(stream.read(1_000)) is not None


def _fold(folder: Path, paths: Sequence[PurePosixPath]) -> str:
    if not paths:
        raise GatehouseError(f"{folder} holds no files", "check the path, or log the model again")
    # Here, since it brings a signing stack along that takes half a second.
    from model_signing import hashing

    # Nothing is ignored: _tree has refused what model-signing would pass over.
    config = hashing.Config().use_file_serialization(hashing_algorithm="sha256")
    config.set_ignored_paths(paths=[], ignore_git_paths=False)
    try:
        manifest = config.hash(folder, files_to_hash=[folder / path for path in paths])
    except (ValueError, OSError) as error:
        raise GatehouseError(
            f"{folder} changed while it was read: {error}", "run it again when nothing writes there"
        ) from error
    hashes = {item.identifier: item.digest.digest_hex for item in manifest.resource_descriptors()}
    listing = "".join(f"{hashes[str(path)]}  {path}\n" for path in paths)
    return f"sha256:{hashlib.sha256(listing.encode()).hexdigest()}"
