"""Which requests urllib3 may repeat by itself: those that were turned away, and reads."""

from __future__ import annotations

from typing import Any

import urllib3
from urllib3.exceptions import MaxRetryError, ResponseError

from gatehouse.github.patience import Patience

_READS = frozenset({"GET", "HEAD"})
_TURNED_AWAY = (403, 429)


class Retry(urllib3.Retry):
    """Repeats what GitHub turned away with ``retry-after`` (it did not take effect), and reads that failed.

    A write that broke down may have taken effect, so it is never repeated here: ``Line.write`` looks first. PyGithub's
    own retry repeats every POST, and waits a minute for any 403 that looks like a limit.
    """

    longest: float

    @classmethod
    def patient(cls, patience: Patience) -> Retry:
        made = cls(
            total=patience.tries - 1,
            allowed_methods=_READS,
            status_forcelist=range(500, 600),
            backoff_factor=patience.pause,
            # The last answer itself says more than "too many tries".
            raise_on_status=False,
        )
        made.longest = patience.longest
        return made

    def new(self, **changed: Any) -> Retry:
        made = super().new(**changed)
        made.longest = self.longest
        return made

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if status_code in _TURNED_AWAY:
            return has_retry_after
        return super().is_retry(method, status_code, has_retry_after)

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        *rest: Any,
        **more: Any,
    ) -> Retry:
        if response is not None and (self.get_retry_after(response) or 0) > self.longest:
            raise MaxRetryError(more["_pool"], url or "", ResponseError("asked to wait too long"))
        return super().increment(method, url, response, *rest, **more)
