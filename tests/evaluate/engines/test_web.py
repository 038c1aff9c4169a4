from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from gatehouse.errors import GatehouseError, NotFound, Unreachable
from gatehouse.evaluate.engines import web
from tests.support.web import Site, certified, served


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # Whatever proxy this machine has is not asked for what is on it.
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    with served() as running:
        yield running


def test_a_file_is_fetched_under_the_name_that_its_url_ends_in(site: Site, tmp_path: Path) -> None:
    site.bodies["/tables/eval 2.csv"] = b"a\n1\n"
    place = web.download(f"{site.url}/tables/eval%202.csv?version=3", tmp_path)
    assert place == tmp_path / "eval 2.csv"
    assert place.read_bytes() == b"a\n1\n"
    assert site.asked == [("/tables/eval%202.csv?version=3", None)]


def test_a_url_that_ends_in_no_name_has_one(site: Site, tmp_path: Path) -> None:
    site.bodies["/"] = b"a"
    assert web.download(f"{site.url}/", tmp_path).name == "table"


@pytest.mark.parametrize("path", ["/..%2f..%2fx.csv", "/%2e%2e/x.csv", "/a%2f..%2f..%2fx.csv"])
def test_no_url_leads_out_of_the_folder(site: Site, tmp_path: Path, path: str) -> None:
    site.bodies[unquote(path)] = site.bodies["/x.csv"] = b"a"
    assert web.download(f"{site.url}{path}", tmp_path) == tmp_path / "x.csv"


def test_a_large_file_comes_in_pieces_and_the_bytes_are_told(site: Site, tmp_path: Path) -> None:
    said: list[int] = []
    site.bodies["/t.csv"] = b"x" * 2_500_000
    assert web.download(f"{site.url}/t.csv", tmp_path, said.append).stat().st_size == 2_500_000
    assert said[-1] == 2_500_000
    assert len(said) > 1


def test_a_redirection_is_followed(site: Site, tmp_path: Path) -> None:
    site.moved["/old.csv"] = "/new.csv"
    site.bodies["/new.csv"] = b"new"
    assert web.download(f"{site.url}/old.csv", tmp_path).read_bytes() == b"new"


def test_credentials_come_from_netrc(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine localhost login ada password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.bodies["/t.csv"] = b"a"
    web.download(f"{site.url}/t.csv", tmp_path)
    assert (site.asked[0][1] or "").startswith("Basic ")


@pytest.mark.parametrize(
    ("code", "kind", "fix"),
    [
        (404, NotFound, "check `data:`"),
        (410, NotFound, "check `data:`"),
        (401, GatehouseError, ".netrc"),
        (403, GatehouseError, ".netrc"),
        (418, GatehouseError, "check `data:`"),
        (204, GatehouseError, "check `data:`"),
        (429, Unreachable, "try again"),
        (500, Unreachable, "try again"),
        (503, Unreachable, "try again"),
    ],
)
def test_an_answer_that_is_not_the_file_is_told_by_its_number(
    site: Site, tmp_path: Path, code: int, kind: type[GatehouseError], fix: str
) -> None:
    site.codes["/t.csv"] = code
    with pytest.raises(GatehouseError) as raised:
        web.download(f"{site.url}/t.csv?a=b", tmp_path)
    assert type(raised.value) is kind
    assert raised.value.message.startswith(f"{site.url}/t.csv: the server answers {code}")
    assert fix in raised.value.fix


def test_an_answer_that_breaks_off_is_unreachable(site: Site, tmp_path: Path) -> None:
    site.bodies["/t.csv"], site.short = b"half", 4
    with pytest.raises(Unreachable, match="4 bytes read, 4 more expected"):
        web.download(f"{site.url}/t.csv", tmp_path)


def test_a_server_that_is_gone_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/t.csv"
        with pytest.raises(Unreachable) as raised:
            web.download(url, tmp_path)
    assert raised.value.message == f"{url}: cannot be reached: Failed to establish a new connection: [Errno 111] " + (
        "Connection refused"
    )


class TestOverHttps:
    def test_a_certificate_that_the_system_trusts_is_trusted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate = certified(tmp_path / "localhost.pem")
        monkeypatch.setenv("NO_PROXY", "localhost")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with served(certificate) as site:
            site.bodies["/t.csv"] = b"a"
            assert web.download(f"{site.url}/t.csv", tmp_path).read_bytes() == b"a"

    def test_another_one_is_not(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_PROXY", "localhost")
        with (
            served(certified(tmp_path / "localhost.pem")) as site,
            pytest.raises(Unreachable, match="certificate verify failed"),
        ):
            web.download(f"{site.url}/t.csv", tmp_path)

    def test_it_leads_nowhere_else(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
        certificate = certified(tmp_path / "localhost.pem")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with served(certificate) as safe:
            safe.moved["/t.csv"] = f"{site.url}/t.csv"
            site.bodies["/t.csv"] = b"forged"
            with pytest.raises(GatehouseError, match="leads away from https"):
                web.download(f"{safe.url}/t.csv", tmp_path)
        assert not (tmp_path / "t.csv").exists()
