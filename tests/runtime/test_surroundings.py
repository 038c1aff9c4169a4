"""What of this machine's file system is shown, before anything is mounted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import gatehouse
from gatehouse.runtime.surroundings import links, visible


def test_python_gatehouse_and_the_systems_libraries_are_always_shown() -> None:
    shown = visible(())
    for path in (Path(sys.prefix), Path(sys.base_prefix), Path(gatehouse.__path__[0]), Path("/usr")):
        assert any(place == path or place in path.parents for place in shown)


def test_a_path_inside_another_one_is_shown_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    shown = visible((tmp_path / "a" / "b", tmp_path / "a", tmp_path / "ab", tmp_path / "a"))
    assert [place.name for place in shown if tmp_path in place.parents] == ["a", "ab"]


def test_a_link_is_shown_under_its_name_and_its_targets(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert {place.name for place in visible((tmp_path / "link",)) if tmp_path in place.parents} == {"link", "real"}


def test_every_link_that_leads_to_the_interpreter_is_shown_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("venv", "minor"):
        (tmp_path / name).mkdir()
    (tmp_path / "minor" / "python").symlink_to(sys.executable)
    (tmp_path / "venv" / "python").symlink_to("../minor/python")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    shown = [place for place in visible(()) if tmp_path in place.parents]
    assert sorted(shown) == [tmp_path / "minor" / "python", tmp_path / "venv" / "python"]


def test_places_of_people_and_services_are_not_shown() -> None:
    shown = visible(())
    for secret in ("/etc/passwd", "/etc/shadow", "/run/docker.sock", "/var/lib", "/proc/1", "/sys", "/tmp"):
        assert not any(place == Path(secret) or place in Path(secret).parents for place in shown)


def test_folders_of_the_system_that_are_links_stay_links() -> None:
    assert all(link.is_symlink() and link.readlink() == target for link, target in links().items())
    assert not set(links()) & set(visible(()))
