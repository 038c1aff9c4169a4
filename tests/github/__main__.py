"""The stand-in as a program.

``python -m tests.github FOLDER --repository acme/models --person ada:write --app gatehouse``

Prints one line of JSON (addresses, git remotes, tokens by login) and serves until it is told to stop; then it writes
the pages into ``--pages`` if asked.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from tests.github import GitHub
from tests.github.state import ROLES, Role


def main() -> None:
    given = _arguments()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with GitHub(given.folder, given.port) as github:
        roles = dict(_person(each) for each in given.person)
        remotes = {slug: github.repository(slug, roles).remote for slug in given.repository}
        tokens = {login: github.token(login) for login in roles}
        tokens |= {f"{slug}[bot]": github.app_token(slug) for slug in given.app}
        print(
            json.dumps({"url": github.url, "api_url": github.api_url, "remotes": remotes, "tokens": tokens}), flush=True
        )
        stopped.wait()
        if given.pages:
            github.export(given.pages)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.github", description="A stand-in for GitHub.")
    parser.add_argument("folder", type=Path, help="where the bare repositories are made")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--repository", action="append", default=[], metavar="OWNER/NAME")
    parser.add_argument("--person", action="append", default=[], metavar="LOGIN:ROLE")
    parser.add_argument("--app", action="append", default=[], metavar="SLUG")
    parser.add_argument("--pages", type=Path, help="write every page here at the end")
    return parser.parse_args()


def _person(text: str) -> tuple[str, Role]:
    login, _, named = text.partition(":")
    role = next((each for each in ROLES if each == (named or "write")), None)
    if role is None:
        raise SystemExit(f"{text}: a role is one of {', '.join(ROLES)}")
    return login, role


if __name__ == "__main__":
    main()
