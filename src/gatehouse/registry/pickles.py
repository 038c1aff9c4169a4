"""What the pickles of an artifact would import when they are loaded, found without loading any.

Looked for in every file by its content, whatever it is called: plain pickles of protocol 0 to 5, several in a row (old
PyTorch), inside zip archives (PyTorch, npz), compressed or with arrays amidst (joblib), NumPy arrays of objects, and
the types that a skops file names. Bounded in instructions and in bytes; what cannot be read to its end is said.

A signal, not a boundary: code that means harm can look harmless, and a model is code. What stops it is the sandbox.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, cast

import msgspec

from gatehouse.registry import _packed, _skops, _tree
from gatehouse.registry._globals import Risk, judge
from gatehouse.registry._opcodes import Broken, Follower, starts

__all__ = ["Found", "Risk", "Scan", "Unread", "scan"]

# Ten seconds or so; a dictionary of 700,000 words takes three million.
INSTRUCTIONS = 4_000_000
# Unpacked, over the whole artifact. Plain files are mapped, not read, and do not count.
UNPACKED_LIMIT = 500_000_000
MEMBER_LIMIT = 10_000
_MAX_DEPTH = 3
# Other names are looked into as well; a file with one of these is a pickle or a fault.
_SUFFIXES = frozenset([".pkl", ".pickle", ".p", ".cloudpickle", ".dill", ".joblib", ".jbl", ".pt", ".pth", ".ckpt"])
# Raw numbers of a PyTorch archive, which may begin like anything.
_STORAGE = re.compile(r"(?:^|/)data/\d+$")
_NPY = b"\x93NUMPY"
# The header of an array of plain numbers or texts, as NumPy writes it; any other may be followed by a pickle.
_PLAIN = re.compile(rb"\{'descr': '[<>|=]?[biufcSUmM]\d+(?:\[\w+\])?', 'fortran_order'")
_ZIP = b"PK\x03\x04"
_LZ4 = b"\x04\x22\x4d\x18"


class Found(msgspec.Struct, frozen=True):
    """A name that a file would import: ``os.system``. ``file`` is its path; within an archive ``model.pt:data.pkl``."""

    file: str
    name: str
    risk: Risk


class Unread(msgspec.Struct, frozen=True):
    """A pickle that could not be read to its end, and why."""

    file: str
    why: str


class Scan(msgspec.Struct, frozen=True):
    """What was found: every import but the usual ones, once a file, in the order of the files."""

    files: int
    found: tuple[Found, ...] = ()
    unread: tuple[Unread, ...] = ()

    def of(self, risk: Risk) -> tuple[Found, ...]:
        return tuple(one for one in self.found if one.risk is risk)


def scan(folder: Path) -> Scan:
    """Looks through an artifact folder. ``files`` in the answer counts the pickles, those in archives one by one.

    Raises what ``_tree.files`` raises: GatehouseError for links and devices, NotFound where there is no folder.
    """
    scanner = _Scanner()
    for path in _tree.files(folder):
        scanner.file(folder / path, str(path))
    return Scan(scanner.files, tuple(scanner.found), tuple(scanner.unread))


class _Scanner:
    def __init__(self) -> None:
        self.files = 0
        self.found: dict[Found, None] = {}
        self.unread: dict[Unread, None] = {}
        self._instructions = INSTRUCTIONS
        self._unpacked = UNPACKED_LIMIT

    def file(self, path: Path, name: str) -> None:
        if path.stat().st_size == 0:
            return
        with path.open("rb") as stream:
            archive = zipfile.is_zipfile(stream)
            if archive:
                self._archive(stream, name, 0)
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                self._content(cast(IO[bytes], mapped), name, 0, archive)

    def _content(self, stream: IO[bytes], name: str, depth: int, archive: bool) -> None:
        """One file from its beginning. An archive is found from its end: a file can be both, and is looked at twice."""
        head = stream.read(8)
        stream.seek(0)
        if head.startswith(_ZIP):
            if not archive:
                self._miss(name, "the archive does not open")
            return
        if head.startswith(_NPY):
            self._array(stream, name)
        elif _packed.known(head):
            self._packed(stream, name, depth)
        elif head.startswith(_LZ4) and _suffixed(name):
            self._miss(name, "it is compressed with LZ4, which is not read")
        elif starts(head) or _suffixed(name):
            self._pickles(stream, name)
        else:
            self._perhaps(stream, name)

    # --- pickles

    def _pickles(self, stream: IO[bytes], name: str) -> None:
        """A pickle, and those that follow it, as in PyTorch's old format."""
        try:
            self._follow(stream, name)
            while starts(_peek(stream)):
                self._follow(stream, name)
        except Broken as broken:
            if not _STORAGE.search(name):
                self._miss(name, str(broken))

    def _follow(self, stream: IO[bytes], name: str) -> None:
        """One pickle as joblib reads it, and where that differs, as Python does: who loads it is not known here."""
        self.files += 1
        start = stream.tell()
        follower = Follower(self._instructions)
        try:
            follower.follow(stream)
        finally:
            self._told(follower, name)
            if follower.passed:
                end = stream.tell()
                self._plainly(stream, start, name)
                stream.seek(end)

    def _plainly(self, stream: IO[bytes], start: int, name: str) -> None:
        stream.seek(start)
        follower = Follower(self._instructions, arrays=False)
        # An array's bytes make no sense as instructions, unless somebody made them so.
        with contextlib.suppress(Broken):
            follower.follow(stream)
        self._told(follower, name)

    def _told(self, follower: Follower, name: str) -> None:
        self._instructions = max(0, follower.left)
        for told in follower.found:
            self._name(name, told.module, told.name)

    def _perhaps(self, stream: IO[bytes], name: str) -> None:
        """A file of which nothing says that it is a pickle, as protocol 0 and 1 do not. Text often begins like one, so
        it counts when it reads to its end, or when it asks for something unsafe before it breaks off."""
        follower = Follower(self._instructions)
        whole = True
        try:
            follower.follow(stream)
        except Broken:
            whole = False
        self._instructions = max(0, follower.left)
        if follower.left < 0:
            self._miss(name, "more instructions than are read")
        named = [told for told in follower.found if told.module]
        if any(judge(*told) is Risk.UNSAFE for told in named) or (whole and named):
            self.files += 1
            for told in named:
                self._name(name, told.module, told.name)

    def _name(self, file: str, module: str, name: str) -> None:
        risk = judge(module, name) if module else Risk.UNSAFE
        if risk is not Risk.USUAL:
            self.found[Found(file, f"{module}.{name}" if module else name, risk)] = None

    def _miss(self, name: str, why: str) -> None:
        self.unread[Unread(name, why)] = None

    # --- what pickles are wrapped in

    def _array(self, stream: IO[bytes], name: str) -> None:
        """A .npy file: a pickle follows its header where its elements are objects."""
        head = stream.read(12)
        version, length = head[6:7], int.from_bytes(head[8:10] if head[6:7] == b"\x01" else head[8:12], "little")
        start = (10 if version == b"\x01" else 12) + length
        stream.seek(0)
        header = stream.read(min(start, 100_000))
        if not _PLAIN.match(header, 10 if version == b"\x01" else 12):
            stream.seek(start)
            (self._pickles if starts(_peek(stream)) else self._perhaps)(stream, name)

    def _packed(self, stream: IO[bytes], name: str, depth: int) -> None:
        """A compressed file. Only the beginning is unpacked unless that is a pickle."""
        head = stream.read(8)
        stream.seek(0)
        whole = io.BytesIO()
        try:
            for piece in _packed.pieces(stream, head):
                self._spend(len(piece))
                whole.write(piece)
                start = whole.getbuffer()[:8].tobytes()
                if len(start) == 8 and not (starts(start) or start.startswith(_ZIP) or _suffixed(name)):
                    return
        except _packed.ERRORS as error:
            if _suffixed(name):
                self._miss(name, f"it does not unpack: {error}")
            return
        except Broken as broken:
            self._miss(name, str(broken))
            return
        whole.seek(0)
        self._inner(whole, name, depth + 1)

    def _inner(self, stream: IO[bytes], name: str, depth: int) -> None:
        if depth > _MAX_DEPTH:
            self._miss(name, f"archives within archives, more than {_MAX_DEPTH} deep")
            return
        archive = zipfile.is_zipfile(stream)
        if archive:
            self._archive(stream, name, depth)
        stream.seek(0)
        self._content(stream, name, depth, archive)

    def _archive(self, stream: IO[bytes], name: str, depth: int) -> None:
        try:
            with zipfile.ZipFile(stream) as archive:
                members = archive.infolist()
                if len(members) > MEMBER_LIMIT:
                    self._miss(name, f"it has more than {MEMBER_LIMIT:,} members")
                    return
                for member in members:
                    self._member(archive, member, name, depth)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            self._miss(name, f"the archive does not open: {error}")

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, depth: int) -> None:
        inner = f"{name}:{member.filename}"
        try:
            with archive.open(member) as stream:
                head = stream.read(8)
                if member.is_dir() or not (_wanted(head) or _suffixed(inner) or member.filename == _skops.SCHEMA):
                    return
                rest = stream.read(self._unpacked + 1)
            self._spend(len(head) + len(rest))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, zlib.error) as error:
            self._miss(inner, f"it does not unpack: {error}")
            return
        except Broken as broken:
            self._miss(inner, str(broken))
            return
        if member.filename == _skops.SCHEMA:
            self._types(head + rest, inner)
        else:
            self._inner(io.BytesIO(head + rest), inner, depth + 1)

    def _types(self, data: bytes, name: str) -> None:
        """The types that a skops file names; a schema.json of something else names none."""
        self.files += 1
        try:
            for module, kind in _skops.types(data):
                self._name(name, module, kind)
        except ValueError as error:
            self._miss(name, str(error))

    def _spend(self, size: int) -> None:
        self._unpacked -= size
        if self._unpacked < 0:
            raise Broken(f"the artifact unpacks to more than {UNPACKED_LIMIT:,} bytes")


def _suffixed(name: str) -> bool:
    return PurePosixPath(name.lower()).suffix in _SUFFIXES and not _STORAGE.search(name)


def _wanted(head: bytes) -> bool:
    """Whether an archive's member begins like a pickle, or like what one can be wrapped in."""
    return (
        starts(head) or head.startswith((_NPY, _ZIP, *_packed.BEGINNINGS)) or head[:1] in (b"c", b"(", b"i", b"]", b"}")
    )


def _peek(stream: IO[bytes]) -> bytes:
    head = stream.read(2)
    stream.seek(-len(head), 1)
    return head
