"""An MLflow server as it shows itself to whoever reaches it: its release, its store, and whether it asks who comes."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from gatehouse.errors import GatehouseError, Unreachable
from gatehouse.registry._failures import reason, without_credentials

TIMEOUT = 5
_RELEASE = re.compile(r"\d+(\.\d+){1,3}\S*")


@dataclass(frozen=True, slots=True)
class Server:
    """``release`` is "" where there is no server (a database on disk, say), or where it tells us none.

    ``open``: it lists models to somebody without credentials, None where nobody could be asked. ``store``: SqlStore or
    FileStore, "" where it does not say. ``private``: what is sent to it cannot be read on the way.
    """

    shown: str
    http: bool
    release: str = ""
    store: str = ""
    open: bool | None = None
    private: bool = True


def shown(uri: str) -> str:
    """A registry's address as people may see it: without users, passwords and queries."""
    return without_credentials(uri)


def look(uri: str, environ: Mapping[str, str]) -> Server:
    """What can be seen of a registry; changes nothing.

    ``environ`` says, as for MLflow's own client, whose certificates to trust, and who we are where a server tells its
    release to none but users. Raises Unreachable where nothing answers, GatehouseError where what answers is no MLflow
    server.
    """
    place = shown(uri)
    address = urlsplit(uri)
    if address.scheme not in ("http", "https"):
        return Server(place, http=False)
    insecure = environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("1", "true")
    verify = not insecure and (environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or True)
    root = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path.rstrip('/')}"
    stranger = _Line(root, place, verify)
    status, release = stranger("/version")
    if status in (401, 403) and (ours := _credentials(address, environ)):
        status, release = replace(stranger, authorization=ours)("/version")
    if status == 200 and not _RELEASE.fullmatch(release.strip()):
        raise GatehouseError(
            f"what answers at {place} is not an MLflow server", "check `registry:` in promotions/stages.yaml"
        )
    return Server(
        place,
        http=True,
        release=release.strip() if status == 200 else "",
        store=str(_told(stranger("/api/3.0/mlflow/server-info")).get("store_type") or ""),
        open=_open(*stranger("/api/2.0/mlflow/registered-models/search?max_results=1")),
        private=(address.scheme == "https" and not insecure) or _loopback(address.hostname or ""),
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """Asks as nobody unless told otherwise: neither the address nor .netrc says who we are."""

    root: str
    shown: str
    verify: bool | str
    authorization: str = ""

    def __call__(self, path: str) -> tuple[int, str]:
        import requests

        try:
            answer = requests.get(
                self.root + path,
                headers={"Authorization": self.authorization} if self.authorization else {},
                # Any callable keeps requests from looking into .netrc.
                auth=lambda request: request,
                timeout=TIMEOUT,
                allow_redirects=False,
                verify=self.verify,
            )
            return answer.status_code, answer.text[:10_000]
        except (requests.RequestException, OSError) as error:
            raise Unreachable(
                f"the registry at {self.shown} did not answer: {reason(error) or type(error).__name__}",
                "check that it is running, and that `registry:` in promotions/stages.yaml is right",
            ) from error


def _credentials(address: SplitResult, environ: Mapping[str, str]) -> str:
    """What MLflow's client would say of itself, in its order; "" where it has nothing to say."""
    user, password = address.username or "", address.password or ""
    if not user:
        user, password = (environ.get(f"MLFLOW_TRACKING_{name}", "") for name in ("USERNAME", "PASSWORD"))
    if user and password:
        return f"Basic {b64encode(f'{unquote(user)}:{unquote(password)}'.encode()).decode()}"
    token = environ.get("MLFLOW_TRACKING_TOKEN", "")
    return f"Bearer {token}" if token else ""


def _told(answer: tuple[int, str]) -> Mapping[str, Any]:
    """The JSON object of an answer; empty where it is none, such as a login page's."""
    status, text = answer
    try:
        told = json.loads(text) if status == 200 else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _open(status: int, text: str) -> bool | None:
    if status == 200:
        # A login page is answered with 200 as well.
        return text.lstrip().startswith("{")
    return False if status in (401, 403) or 300 <= status < 400 else None


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
