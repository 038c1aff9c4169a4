"""S3 as moto plays it: a server of its own, spoken to over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.support.optional import part


@dataclass(frozen=True)
class Buckets:
    """One bucket, called ``bucket``."""

    host: str

    def url(self, key: str) -> str:
        return f"s3://bucket/{key}?endpoint_override={self.host}&scheme=http&region=us-east-1"

    def put(self, key: str, body: bytes) -> None:
        from pyarrow.fs import FileSystem

        store, path = FileSystem.from_uri(self.url(key))
        with store.open_output_stream(path) as stream:
            stream.write(body)

    def refuse_after(self, requests: int) -> None:
        """From so many requests on, nobody's credentials are good."""
        url = f"http://{self.host}/moto-api/reset-auth"
        asked = Request(url, str(requests).encode(), {"Content-Type": "text/plain"}, method="POST")
        with urlopen(asked, timeout=10) as answer:
            answer.read()


@contextmanager
def started(patch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    """Skips where moto is missing."""
    server: Any = part("moto.server", "'moto[s3]'").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "open sesame")
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server.start()
    try:
        host, port = server.get_host_and_port()
        buckets = Buckets(f"{host}:{port}")
        _create(buckets)
        yield buckets
    finally:
        server.stop()


def _create(buckets: Buckets) -> None:
    from pyarrow.fs import FileSystem

    store, _ = FileSystem.from_uri(f"{buckets.url('')}&allow_bucket_creation=true")
    store.create_dir("bucket")
