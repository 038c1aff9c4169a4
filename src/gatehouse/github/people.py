"""What people may do in the repository, and who is in a team."""

from __future__ import annotations

from urllib.parse import quote

from gatehouse.errors import NotFound
from gatehouse.github.line import Line
from gatehouse.github.refusal import Asking, Forbidden, Refused

_UNKNOWN = 401
_TEAMS = "check GATEHOUSE_TEAMS_TOKEN: it may be expired or revoked; without one teams are asked for with GITHUB_TOKEN"
# A role of the organization's own making is told by the base that it stands on.
_ROLES = frozenset({"none", "read", "triage", "write", "maintain", "admin"})


class PeopleReader:
    """Reads people's rights; who is in a team is asked on the line ``teams``, which may have a token of its own."""

    def __init__(self, line: Line, teams: Line | None = None) -> None:
        self._line = line
        self._teams = teams or line

    def permission(self, login: str) -> str:
        """What somebody may do: none, read, triage, write, maintain or admin, from whatever grants it.

        Raises Forbidden where the token may not ask.
        """
        path = f"{self._line.repository.url}/collaborators/{quote(login, safe='')}/permission"
        try:
            told = self._line.get(path, Asking(f"tell what @{login} may do", "read access to metadata"))
        except NotFound:
            # No such account, or one that has nothing to do with a private repository.
            return "none"
        named = (told.get("role_name"), told["permission"])
        return next((role for role in named if role in _ROLES), "none")

    def members(self, team: str) -> frozenset[str] | None:
        """The logins in a team, ``owner/name``, and in those below it; None where the token may not see it, or there is
        no such team: GitHub says the same of both. One request for each 100."""
        owner, _, name = (quote(part, safe="") for part in team.partition("/"))
        asking = Asking(f"list the members of @{team}", "read access to the organization's members")
        try:
            found = list(self._teams.items(f"/orgs/{owner}/teams/{name}/members", asking))
        except (Forbidden, NotFound):
            return None
        except Refused as error:
            if self._teams is self._line or error.status != _UNKNOWN:
                raise
            raise Refused(f"the token for the members of teams: {error.message}", _TEAMS, _UNKNOWN) from error
        return self._teams.read(asking, lambda: frozenset(one["login"] for one in found))
