"""What people may do in the repository, and who is in a team."""

from __future__ import annotations

from urllib.parse import quote

from gatehouse.errors import NotFound
from gatehouse.github.line import Line
from gatehouse.github.refusal import Asking, Forbidden

# A role of the organization's own making is told by the base that it stands on.
_ROLES = frozenset({"none", "read", "triage", "write", "maintain", "admin"})


class PeopleReader:
    """Reads people's rights."""

    def __init__(self, line: Line) -> None:
        self._line = line

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
            found = list(self._line.items(f"/orgs/{owner}/teams/{name}/members", asking))
        except (Forbidden, NotFound):
            return None
        return self._line.read(asking, lambda: frozenset(one["login"] for one in found))
