"""Files that are whole or not there: written under a name with a dot, forced to the disk, renamed.

Whoever writes a dot file holds a lock on it (flock). One that nobody holds was left by a writer that died.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gatehouse.serve.log import names

PARTIAL, JOURNAL, WHOLE = ".tmp", ".journal", ".parquet"
# A lock says nothing of another host where the file system does not share locks; a writer that lives touches its
# files far more often.
SILENT_S = 3600.0


def begin(folder: Path, name: str, suffix: str) -> BinaryIO:
    """A new dot file that is ours. Raises OSError where it cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    file = os.fdopen(os.open(_hidden(folder, name, suffix), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW), "w+b")
    try:
        _hold(file)
        # Whoever tidied up between creating and locking has taken it for a dead writer's.
        if not os.fstat(file.fileno()).st_nlink:
            raise OSError(errno.EAGAIN, "another process tidied the new file away")
    except OSError:
        file.close()
        raise
    return file


@contextmanager
def whole(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A file to write in, which becomes ``<name>.parquet`` when the block ends, and leaves nothing where it fails."""
    file = begin(folder, name, PARTIAL)
    hidden = _hidden(folder, name, PARTIAL)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            hidden.rename(folder / f"{name}{WHOLE}")
    except BaseException:
        hidden.unlink(missing_ok=True)
        raise
    _settle(folder)


def drop(folder: Path, name: str, suffix: str) -> None:
    """Removes a dot file, if it is still there."""
    _hidden(folder, name, suffix).unlink(missing_ok=True)


@contextmanager
def left(path: Path) -> Iterator[BinaryIO | None]:
    """A dot file that a dead writer left, locked and open for reading; None where somebody still writes it."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW), "rb")
    except OSError:
        yield None
        return
    with file:
        yield file if _abandoned(file, path.name) else None


def _abandoned(file: BinaryIO, name: str) -> bool:
    found = os.fstat(file.fileno())
    quiet = time.time() - found.st_mtime > SILENT_S
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return quiet
    # Another that tidies up may have removed it while this one waited to open it.
    return os.fstat(file.fileno()).st_nlink > 0 and (quiet or names.host(name) == names.here())


def _hold(file: BinaryIO) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            raise


def _hidden(folder: Path, name: str, suffix: str) -> Path:
    return folder / f".{name}{suffix}"


def _settle(folder: Path) -> None:
    """Forces the folder's own list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems cannot do this for a folder; the file itself is there.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)
