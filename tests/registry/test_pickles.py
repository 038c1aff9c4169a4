"""Pickles that mean harm, made by hand, and real models that do not. None is ever loaded."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import logging.config
import lzma
import os
import pickle
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib  # type: ignore[import-untyped] # untyped
import numpy as np
import pytest

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry import pickles
from gatehouse.registry.pickles import Risk, Scan, scan
from tests.support import models


class Evil:
    """Would call ``what`` when it is loaded."""

    def __init__(self, what: Any = os.system, *arguments: Any) -> None:
        self.call = what, arguments or ("true",)

    def __reduce__(self) -> tuple[Any, Any]:
        return self.call


def looked_at(folder: Path, content: bytes, name: str = "model.pkl") -> Scan:
    (folder / name).write_bytes(content)
    return scan(folder)


def unsafe(said: Scan) -> list[str]:
    return [one.name for one in said.of(Risk.UNSAFE)]


@pytest.mark.parametrize("name", ["model.pkl", "weights.bin", "anything"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_command_is_found_in_every_protocol_under_any_file_name(tmp_path: Path, protocol: int, name: str) -> None:
    said = looked_at(tmp_path, pickle.dumps({"a": Evil()}, protocol), name)

    assert said == Scan(1, (pickles.Found(name, f"{os.system.__module__}.system", Risk.UNSAFE),))


@pytest.mark.parametrize(
    ("what", "name"),
    [
        (subprocess.Popen, "subprocess.Popen"),
        (eval, "builtins.eval"),
        (__import__("socket").create_connection, "socket.create_connection"),
        (logging.config.dictConfig, "logging.config.dictConfig"),
        (np.load, "numpy.load"),
        (joblib.load, "joblib.numpy_pickle.load"),
        (getattr, "builtins.getattr"),
    ],
)
def test_whatever_runs_or_reaches_out_is_unsafe(tmp_path: Path, what: Any, name: str) -> None:
    assert unsafe(looked_at(tmp_path, pickle.dumps(Evil(what)))) == [name]


# Written out: opcodes as pickle.py names them.
SHORT = b"\x8c"


def text(words: str) -> bytes:
    return SHORT + bytes([len(words)]) + words.encode()


STACK_GLOBAL, MEMOIZE, POP, STOP = b"\x93", b"\x94", b"0", b"."


def put(at: int) -> bytes:
    return b"q" + bytes([at])


def get(at: int) -> bytes:
    return b"h" + bytes([at])


CALLED = text("true") + b"\x85R" + STOP


@pytest.mark.parametrize(
    ("instructions", "name"),
    [
        # Names from the memo, with others pushed in between.
        (
            text("os") + put(7) + POP + text("system") + put(9) + POP + text("numpy") + text("dtype") + POP + POP
            + get(7) + get(9) + STACK_GLOBAL,
            "os.system",
        ),
        # The memo's next free place is counted by what it holds, also after explicit places.
        (
            text("os") + put(0) + text("system") + put(1) + text("torch._utils") + MEMOIZE + text("_rebuild_tensor_v2")
            + MEMOIZE + get(0) + get(1) + STACK_GLOBAL,
            "os.system",
        ),
        (text("os") + MEMOIZE + text("system") + MEMOIZE + b"N" + POP + get(0) + get(1) + STACK_GLOBAL, "os.system"),
        (text("os") + text("system") + text("x") + POP + STACK_GLOBAL, "os.system"),
        (text("os") + text("system") + b"2" + POP + STACK_GLOBAL, "os.system"),  # DUP
        (b"(ios\nsystem\n", "os.system"),  # INST
        (b"ccommands\ngetoutput\n", "commands.getoutput"),  # Python 2's subprocess
        (b"c__builtin__\neval\n", "__builtin__.eval"),
        (text("joblib.parallel") + text("os.system") + STACK_GLOBAL, "joblib.parallel.os.system"),
        (text("sklearn.utils") + text("f.__globals__") + STACK_GLOBAL, "sklearn.utils.f.__globals__"),
        # What cannot be told: an attribute as a name, a registered code, a persistent object.
        (b"cnumpy\nprod.a\ncnumpy\nprod.b\n" + STACK_GLOBAL, "a name that is put together while loading"),
        (b"cbuiltins\nstr\n)\x81" + text("system") + STACK_GLOBAL, "a name that is put together while loading"),
        (b"\x82\x01", "a name that is put together while loading"),  # EXT1
        (b"Pos\nPsystem\n" + STACK_GLOBAL, "a name that is put together while loading"),  # PERSID
    ],
)  # fmt: skip
def test_names_are_followed_to_where_they_come_from(tmp_path: Path, instructions: bytes, name: str) -> None:
    said = looked_at(tmp_path, b"\x80\x04" + instructions + CALLED)

    assert unsafe(said) == [name]
    assert said.unread == ()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def array(values: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=True)
    return buffer.getvalue()


EVIL = pickle.dumps(Evil())
SYSTEM = f"{os.system.__module__}.system"


@pytest.mark.parametrize(
    ("name", "content", "found_in"),
    [
        ("a.pt", zipped(**{"archive/data.pkl": EVIL, "archive/data/0": b"\x80\x02raw"}), "a.pt:archive/data.pkl"),
        ("model.pt", zipped(**{"archive/hidden": EVIL}), "model.pt:archive/hidden"),
        ("weights.bin", zipped(**{"a.zip": zipped(b=EVIL)}), "weights.bin:a.zip:b"),
        ("a.npz", zipped(**{"x.npy": array(np.array([Evil()]))}), "a.npz:x.npy"),
        ("a.npy", array(np.array([Evil()], dtype=object)), "a.npy"),
        ("old.pt", pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + EVIL + b"raw numbers", "old.pt"),
        ("both", EVIL + zipped(a=b"innocent"), "both"),  # loads as a pickle, opens as an archive
        ("m.joblib", zlib.compress(EVIL), "m.joblib"),
        ("m", gzip.compress(EVIL), "m"),
        ("m.pkl", bz2.compress(EVIL), "m.pkl"),
        ("m.pkl", lzma.compress(EVIL), "m.pkl"),
        ("m.pkl", lzma.compress(EVIL, format=lzma.FORMAT_ALONE), "m.pkl"),
        ("m.zip.gz", gzip.compress(zipped(a=EVIL)), "m.zip.gz:a"),
    ],
    # Not by the bytes: a compressed file holds the time, and every process that collects tests has another.
    ids=["torch", "hidden", "nested", "npz", "npy", "old torch", "both", "zlib", "gzip", "bz2", "xz", "lzma", "zip.gz"],
)  # fmt: skip
def test_a_pickle_is_found_in_whatever_it_is_wrapped(tmp_path: Path, name: str, content: bytes, found_in: str) -> None:
    said = looked_at(tmp_path, content, name)

    assert [(one.file, one.name) for one in said.found] == [(found_in, SYSTEM)]
    assert said.unread == ()


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
@pytest.mark.parametrize("dtype", ["float64", "int8", "<U7", "datetime64[ns]", "bool"])
def test_arrays_amidst_joblibs_instructions_are_passed_over(tmp_path: Path, compress: Any, dtype: str) -> None:
    values = np.arange(1_000).astype(dtype) if dtype != "datetime64[ns]" else np.arange(1_000).view(dtype)
    objects = np.array([Evil(), 1], dtype=object)

    joblib.dump({"a": values.reshape(10, 100), "b": objects, "c": values, "d": Evil()}, tmp_path / "m", compress)

    said = scan(tmp_path)

    assert unsafe(said) == [SYSTEM]
    assert (said.files, said.unread) == (1, ())


@pytest.mark.parametrize("write", [pickle.dumps, lambda model: pickle.dumps(model, 2), lambda model: _joblib(model)])
def test_real_models_import_nothing_unusual(tmp_path: Path, write: Callable[[Any], bytes]) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3))
    for number, model in enumerate(
        (
            models.train(),
            RandomForestRegressor(10, random_state=rng.integers(9)).fit(rows, rows[:, 0]),
            HistGradientBoostingClassifier(max_iter=5).fit(rows, rows[:, 1] > 0),
            models.features(20),
        )
    ):
        (tmp_path / f"{number}.pkl").write_bytes(write(model))

    assert scan(tmp_path) == Scan(4)


def _joblib(model: Any) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer)
    return buffer.getvalue()


def test_models_as_mlflow_saves_them(tmp_path: Path) -> None:
    models.save(models.train(), tmp_path / "skops")
    models.save(models.Odd(), tmp_path / "pyfunc")

    assert scan(tmp_path / "skops") == Scan(1)  # its types, each of them usual
    said = scan(tmp_path / "pyfunc")
    assert {(one.file, one.risk) for one in said.found} == {("python_model.pkl", Risk.CODE)}
    assert said.unread == ()


def test_types_that_a_skops_file_names_are_judged_alike(tmp_path: Path) -> None:
    schema = {"__class__": "list", "__module__": "builtins", "content": [{"__class__": "system", "__module__": "os"}]}

    said = looked_at(tmp_path, zipped(**{"schema.json": json.dumps(schema).encode()}), "model.skops")

    assert [(one.file, one.name) for one in said.found] == [("model.skops:schema.json", "os.system")]


@pytest.mark.parametrize("content", [b"not json", b"[" * 100_000])
def test_a_skops_schema_that_does_not_read_is_said(tmp_path: Path, content: bytes) -> None:
    said = looked_at(tmp_path, zipped(**{"schema.json": content}), "model.skops")

    assert [one.file for one in said.unread] == ["model.skops:schema.json"]


def test_classes_of_the_teams_own_are_told_apart(tmp_path: Path) -> None:
    said = looked_at(tmp_path, b"\x80\x04" + text("acme.features") + text("Bands") + STACK_GLOBAL + STOP)

    assert said.found == (pickles.Found("model.pkl", "acme.features.Bands", Risk.OWN),)


@pytest.mark.parametrize("content", [EVIL[:-1], EVIL[:-1] + b"\xff", b"\x80\x04" + text("os") + STACK_GLOBAL + STOP])
def test_what_breaks_off_is_said_and_what_came_before_it_counts(tmp_path: Path, content: bytes) -> None:
    said = looked_at(tmp_path, content)

    assert [one.file for one in said.unread] == ["model.pkl"]
    assert unsafe(said) == ([SYSTEM] if content.startswith(EVIL[:8]) else [])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.pkl", b"no pickle at all"),
        ("model.joblib", b"\x04\x22\x4d\x18" + b"packed with LZ4"),
        ("model.pkl", zlib.compress(EVIL)[:-20]),
        ("model.pkl", b"\x1f\x8b broken"),
        ("model.pt", b"PK\x03\x04 no archive"),
        ("model.pkl", b"\x80\x04" + b"\x8e" + b"\xff" * 8),  # more bytes than there can be
        ("model.pkl", b"\x80\x04" + get(3) + STOP),  # nothing at that place of the memo
        ("model.pkl", b"\x80\x04K\x01K\x02" + STACK_GLOBAL + STOP),  # numbers as names
        ("model.pkl", b"\x80\x04cnumpy\nndarray\n)\x81" + text("a") + STACK_GLOBAL + STOP),  # an array as a name
        ("model.pkl", b"\x80\x040" + STOP),  # takes from an empty stack
        ("model.pkl", b"\x80\x04t" + STOP),  # a tuple without its mark
    ],
)
def test_what_should_be_a_pickle_and_does_not_read_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    assert [one.file for one in looked_at(tmp_path, content, name).unread] == [name]


def test_a_member_that_does_not_unpack_is_said(tmp_path: Path) -> None:
    content = zipped(**{"data.pkl": pickle.dumps(list(range(500)))}).replace(b"data.pkl", b"data.pkl", 1)
    broken = bytearray(content)
    broken[60:80] = bytes(20)

    assert [one.file for one in looked_at(tmp_path, bytes(broken), "model.pt").unread] == ["model.pt:data.pkl"]


@pytest.mark.parametrize(
    "content",
    [b"", b"flavors:\n  sklearn: {}\n", b"channels:\n- conda-forge\n", b"scikit-learn==1.5\n", b"(1, 2)", b"I1\n.",
     b"(this is text.", b"{}", array(np.arange(3)), b"\x08\x00onnx", zipped(a=b"text")],
)  # fmt: skip
def test_other_files_are_no_pickles(tmp_path: Path, content: bytes) -> None:
    assert looked_at(tmp_path, content, "MLmodel") in (Scan(0), Scan(1))


@pytest.mark.parametrize(("limit", "whole"), [(5, True), (4, False)])
def test_so_many_instructions_are_read_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int, whole: bool
) -> None:
    monkeypatch.setattr(pickles, "INSTRUCTIONS", limit)

    said = looked_at(tmp_path, b"\x80\x04" + b"N" + b"N" + b"0" + STOP)  # PROTO counts too

    assert (said.unread == ()) is whole


@pytest.mark.parametrize(("less", "whole"), [(0, True), (1, False)])
@pytest.mark.parametrize(
    ("name", "wrap"),
    [("m.pt", lambda data: zipped(a=data)), ("m.pkl", zlib.compress), ("m.pkl", bz2.compress), ("m", gzip.compress)],
)
def test_so_much_is_unpacked_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, wrap: Callable[[bytes], bytes], less: int, whole: bool
) -> None:
    bomb = pickle.dumps(b"0" * 3_000_000)
    monkeypatch.setattr(pickles, "UNPACKED_LIMIT", len(bomb) - less)

    assert (looked_at(tmp_path, wrap(bomb), name).unread == ()) is whole


def test_archives_within_archives_end_somewhere(tmp_path: Path) -> None:
    content = EVIL
    for _ in range(8):
        content = zipped(a=content)

    said = looked_at(tmp_path, content)

    assert "archives within archives" in said.unread[0].why


def test_instructions_in_the_place_of_an_arrays_bytes_are_read_too(tmp_path: Path) -> None:
    """joblib passes over them; whoever loads the file with Python's pickle carries them out."""
    buffer = io.BytesIO()
    joblib.dump(np.zeros(100), buffer)
    whole = buffer.getvalue()
    instructions = b"c" + os.system.__module__.encode() + b"\nsystem\n" + CALLED
    begins = whole.index(b"ub", whole.index(b"alignment")) + 2

    said = looked_at(tmp_path, whole[:begins] + instructions + whole[begins + len(instructions) :])

    assert unsafe(said) == [SYSTEM]


@pytest.mark.parametrize("descr", [b"'|O'", b'"|O"', b"'\\x7cO'", b"[('a', '|O')]"])
@pytest.mark.parametrize("protocol", [0, 4])
def test_objects_are_found_however_an_arrays_header_says_so(tmp_path: Path, descr: bytes, protocol: int) -> None:
    header = b"{'descr': " + descr + b", 'fortran_order': False, 'shape': (1,), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header

    assert unsafe(looked_at(tmp_path, content + pickle.dumps(Evil(), protocol), "a.npy")) == [SYSTEM]


def test_a_long_text_is_no_name_and_is_not_kept(tmp_path: Path) -> None:
    long = b"X" + (1_001).to_bytes(4, "little") + b"o" * 1_001

    said = looked_at(tmp_path, b"\x80\x04" + long + text("system") + STACK_GLOBAL + STOP)

    assert unsafe(said) == ["a name that is put together while loading"]


def test_pickles_within_joblibs_arrays_end_somewhere(tmp_path: Path) -> None:
    inner: Any = np.array([1, Evil()], dtype=object)
    joblib.dump(inner, tmp_path / "m.joblib")
    content = (tmp_path / "m.joblib").read_bytes()
    # The array's wrapper, again and again, each promising objects that begin with the next wrapper.
    begins = content[: content.index(b"\x80", 2)]

    said = looked_at(tmp_path, begins * 20, "m.joblib")

    assert "pickles within pickles" in said.unread[0].why


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").symlink_to("/etc/hostname")

    with pytest.raises(GatehouseError, match="symbolic link"):
        scan(tmp_path)


def test_no_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        scan(tmp_path / "none")
