"""Tables behind http and https: one file a URL, streamed to disk. Proxies, .netrc and certificates are the system's."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gatehouse.errors import GatehouseError, NotFound, Unreachable

if TYPE_CHECKING:
    import requests

_CHUNK = 1 << 20
# Seconds to connect, and between two pieces of the answer.
_PATIENCE = (10, 60)
_GONE, _FORBIDDEN, _BUSY = (404, 410), (401, 403, 407), (408, 429)


def download(url: str, folder: Path, progress: Callable[[int], None] = lambda _: None) -> Path:
    """The file, in ``folder`` under the last part of the URL's path; ``progress`` is told the bytes so far.

    Raises NotFound where there is nothing, Unreachable where nobody answers or the answer breaks off, GatehouseError
    where it is refused, or led from https to a connection that anybody can write into.
    """
    import requests

    named = url.partition("?")[0]
    target = folder / (PurePosixPath(unquote(urlsplit(url).path)).name or "table")
    try:
        with requests.get(url, stream=True, timeout=_PATIENCE) as answer:
            _accepted(named, url, answer)
            _write(answer, target, progress)
    except requests.RequestException as error:
        raise Unreachable(f"{named}: cannot be reached: {_why(error)}", "try again when it answers") from error
    return target


def _accepted(named: str, url: str, answer: requests.Response) -> None:
    """Returns for an answer that is the file."""
    code = answer.status_code
    said = f"{named}: the server answers {code} {answer.reason}"
    if url.lower().startswith("https:") and any(
        not hop.url.lower().startswith("https:") for hop in (*answer.history, answer)
    ):
        raise GatehouseError(f"{named}: leads away from https", "name the place that it leads to, if that is trusted")
    if code in _GONE:
        raise NotFound(said, "check `data:` in policy.yaml")
    if code in _FORBIDDEN:
        raise GatehouseError(said, "give fetch credentials for it in a .netrc file")
    if code in _BUSY or code >= 500:
        raise Unreachable(said, "try again later")
    if code != 200:
        raise GatehouseError(said, "check `data:` in policy.yaml")


def _write(answer: requests.Response, target: Path, progress: Callable[[int], None]) -> None:
    done = 0
    with target.open("wb") as sink:
        for chunk in answer.iter_content(_CHUNK):
            sink.write(chunk)
            done += len(chunk)
            progress(done)


def _why(error: BaseException) -> str:
    """The innermost cause's sentence, without the names of the client's objects in front."""
    causes = [getattr(error, "reason", None), *error.args[::-1]]
    inner = next((cause for cause in causes if isinstance(cause, BaseException)), None)
    return _why(inner) if inner is not None else re.sub(r"^HTTPS?Connection\([^)]*\): ", "", str(error))
