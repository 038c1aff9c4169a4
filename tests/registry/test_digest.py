from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatehouse.errors import GatehouseError, NotFound
from gatehouse.registry.digest import STAMP, digest, file_digest

FILES = {"MLmodel": b"flavors: {}\n", "model.pkl": bytes(range(256)) * 9_000, "code/a b.py": b"x = 1\n", "empty": b""}


def _write(root: Path, files: dict[str, bytes] = FILES) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _write(tmp_path / "model")


def test_the_digest_is_what_sha256sum_makes_of_the_tree(folder: Path) -> None:
    (folder / STAMP).write_text("model_name: churn\nmodel_version: '3'\n")
    command = f"find . -type f ! -path ./{STAMP} -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    said = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, check=True, text=True).stdout
    assert digest(folder) == f"sha256:{said.split()[0]}"


def test_the_digest_of_known_files_never_changes_between_releases(tmp_path: Path) -> None:
    # Pins in people's repositories depend on it.
    folder = _write(tmp_path, {"MLmodel": b"flavors: {}\n", "model.pkl": b"\0", "code/a.py": b""})
    assert digest(folder) == "sha256:ebe291ffb0de3d34e3b1f2137987cd091276a9f6cbfd9cb99bbf8b33cbc5c5b0"


def _overwrite(folder: Path) -> None:
    (folder / "code/a b.py").write_bytes(b"x = 2\n")


def _add(folder: Path) -> None:
    (folder / "code/b.py").write_bytes(b"")


def _rename(folder: Path) -> None:
    (folder / "model.pkl").rename(folder / "model.skops")


def _move(folder: Path) -> None:
    (folder / "empty").rename(folder / "code/empty")


def _remove(folder: Path) -> None:
    (folder / "empty").unlink()


def _swap(folder: Path) -> None:
    (folder / "MLmodel").rename(folder / "x")
    (folder / "empty").rename(folder / "MLmodel")
    (folder / "x").rename(folder / "empty")


def _grow(folder: Path) -> None:
    with (folder / "model.pkl").open("ab") as out:
        out.write(b"\0")


@pytest.mark.parametrize("change", [_overwrite, _add, _rename, _move, _remove, _swap, _grow])
def test_any_change_of_a_file_or_its_name_changes_the_digest(folder: Path, change: Callable[[Path], None]) -> None:
    before = digest(folder)
    change(folder)
    assert digest(folder) != before


def test_modes_times_place_order_and_empty_folders_do_not_count(folder: Path, tmp_path: Path) -> None:
    other = _write(tmp_path / "elsewhere", dict(reversed(FILES.items())))
    (other / "MLmodel").chmod(0o755)
    os.utime(other / "empty", (0, 0))
    (other / "nothing/below").mkdir(parents=True)
    assert digest(other) == digest(folder)


@given(st.dictionaries(st.sampled_from(["a", "b", "c/d", "c/é", "e f", "-n"]), st.binary(max_size=40), min_size=1))
@settings(max_examples=30, deadline=None)
def test_two_trees_have_one_digest_exactly_when_they_are_equal(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        one, other = _write(Path(scratch, "one"), files), _write(Path(scratch, "other"), files)
        assert digest(one) == digest(other)
        name = min(files)
        (other / name).write_bytes(files[name] + b"!")
        assert digest(one) != digest(other)


@pytest.mark.parametrize(
    "text",
    [
        "model_name: credit-risk\nmodel_version: '12'\n",
        "model_name: '2024'\nmodel_version: 3\n",
        "model_name: null\nmodel_version: null\n",
    ],
)
def test_the_note_that_mlflow_leaves_beside_a_loaded_model_does_not_count(folder: Path, text: str) -> None:
    before = digest(folder)
    (folder / STAMP).write_text(text)
    assert digest(folder) == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model_name: churn\nmodel_version: '3'\npayload: 1\n",
        "model_name: !!python/object:os.system x\nmodel_version: 3\n",
        "model_name: " + "x" * 2_000 + "\nmodel_version: '3'\n",
        "# a comment\nmodel_name: churn\nmodel_version: '3'\n",
    ],
)
def test_a_file_of_that_name_with_anything_else_in_it_counts(folder: Path, text: str) -> None:
    before = digest(folder)
    (folder / STAMP).write_text(text)
    assert digest(folder) != before


def test_the_note_counts_below_the_root(folder: Path) -> None:
    before = digest(folder)
    (folder / "code" / STAMP).write_text("model_name: churn\nmodel_version: '3'\n")
    assert digest(folder) != before


def test_links_are_refused(folder: Path) -> None:
    (folder / "code/link").symlink_to(folder / "MLmodel")
    with pytest.raises(GatehouseError, match="code/link is a symbolic link"):
        digest(folder)
    (folder / "code/link").unlink()
    (folder / "linked").symlink_to("/etc", target_is_directory=True)
    with pytest.raises(GatehouseError, match="linked is a symbolic link"):
        digest(folder)


def test_dangling_links_are_refused(folder: Path) -> None:
    (folder / "gone").symlink_to(folder / "nowhere")
    with pytest.raises(GatehouseError, match="symbolic link"):
        digest(folder)


def test_pipes_and_sockets_are_refused_without_opening_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(GatehouseError, match="neither a file nor a folder"):
        digest(folder)
    (folder / "pipe").unlink()
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        with pytest.raises(GatehouseError, match="neither a file nor a folder"):
            digest(folder)


@pytest.mark.parametrize("name", [".git", ".gitignore", ".gitattributes", ".GitHub", ".artifact.uploading.x"])
@pytest.mark.parametrize("where", ["", "code/"])
def test_names_that_other_tools_pass_over_are_refused(folder: Path, name: str, where: str) -> None:
    (folder / where / name).write_bytes(b"")
    with pytest.raises(GatehouseError, match="nothing vouches for it"):
        digest(folder)


@pytest.mark.parametrize("name", [b"a\nb", b"a\\b", b"a\x7f", b"\xff\xfe"])
def test_names_that_mean_different_things_elsewhere_are_refused(folder: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"")
    with pytest.raises(GatehouseError, match=r"unsafe file name|is not UTF-8"):
        digest(folder)


def test_nothing_has_no_digest(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no folder"):
        digest(tmp_path / "none")
    (tmp_path / "empty/below").mkdir(parents=True)
    with pytest.raises(GatehouseError, match="holds no files"):
        digest(tmp_path / "empty")
    (tmp_path / "empty" / STAMP).write_text("model_name: churn\nmodel_version: '3'\n")
    with pytest.raises(GatehouseError, match="holds no files"):
        digest(tmp_path / "empty")


def test_a_folder_without_end_is_refused(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 70)
    deep.mkdir(parents=True)
    with pytest.raises(GatehouseError, match="folders deep"):
        digest(tmp_path)


def test_a_folder_of_one_file_is_not_that_file(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder)
    _write(folder, {"only": b"x"})
    assert digest(folder) != file_digest(folder / "only")


def test_a_data_file_has_the_digest_of_sha256sum_even_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "eval.csv").write_bytes(b"a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to("eval.csv")
    said = subprocess.run(["sha256sum", "eval.csv"], cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    assert file_digest(tmp_path / "eval.csv") == file_digest(tmp_path / "link.csv") == f"sha256:{said.split()[0]}"


def test_a_folder_of_data_counts_every_file(folder: Path) -> None:
    assert file_digest(folder) == digest(folder)
    (folder / STAMP).write_text("model_name: churn\nmodel_version: '3'\n")
    assert file_digest(folder) != digest(folder)


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file .*eval\.parquet"):
        file_digest(tmp_path / "eval.parquet")
