"""Gathering the facts: the only part of doctor that asks anybody anything. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from gatehouse.doctor import tree
from gatehouse.doctor.checks.branches import guarded
from gatehouse.doctor.checks.review import teams
from gatehouse.doctor.facts import MAIN, Branch, Facts, Machine, Main, OnGitHub
from gatehouse.doctor.finding import Unseen
from gatehouse.errors import GatehouseError, NotFound
from gatehouse.git import Repository
from gatehouse.github import Forbidden
from gatehouse.github.settings import SettingsReader
from gatehouse.registry import server
from gatehouse.registry.server import Server

T = TypeVar("T")
Say = Callable[[str], None]
ACTIONS = "github-actions"
"""The app as which every workflow's GITHUB_TOKEN speaks."""


def look(
    repository: Repository, environ: Mapping[str, str], github: SettingsReader | Unseen, app: str, say: Say
) -> Facts:
    """Everything that can be seen. What does not answer is ``Unseen`` among the facts.

    ``github``: Unseen where there is no way to ask it; ``app`` posts the check. Raises NotFound where the repository
    has no branch main, or GitHub no such app.
    """
    say("reading main")
    main = tree.read(repository, environ)
    return Facts(
        main=main,
        github=github if isinstance(github, Unseen) else _on_github(github, main, app, say),
        registries=_registries(main, environ, say),
        machine=_machine(environ, say),
    )


def _on_github(reader: SettingsReader, main: Main, app: str, say: Say) -> OnGitHub | Unseen:
    say("asking GitHub for its settings")
    try:
        host = reader.repository()
        number = _app(reader, app)
        return OnGitHub(
            host=host,
            tip=reader.tip(MAIN),
            app_slug=app,
            app=number,
            actions=number if app == ACTIONS else _seen(lambda: reader.app(ACTIONS), "Metadata: read"),
            branches={name: _branch(reader, name) for name in (MAIN, *guarded(main))},
            rulesets=_seen(reader.rulesets, "Metadata: read"),
            environments=_seen(reader.environments, "Actions: read"),
            secrets=_seen(reader.secrets, "Secrets: read"),
            power=_seen(reader.token_power, "Administration: read"),
            push_keys=_seen(reader.push_keys, "Administration: read"),
            members={team: reader.members(team) for team in teams(main)},
            owners_errors=_seen(lambda: reader.owners_errors(MAIN), "Contents: read"),
        )
    except _NoSuchApp:
        raise
    except GatehouseError as error:
        return Unseen(error.message, error.fix)


class _NoSuchApp(NotFound):
    pass


def _app(reader: SettingsReader, slug: str) -> int | Unseen:
    try:
        return reader.app(slug)
    except Forbidden:
        return Unseen("this token may not see apps", "run it with a token of a person")
    except NotFound as error:
        fix = "name it as in its address, https://github.com/apps/NAME, with --app"
        raise _NoSuchApp(f"GitHub knows no app {slug!r}", fix) from error


def _branch(reader: SettingsReader, name: str) -> Branch:
    rulesets = _seen(lambda: reader.sources(name), "Metadata: read")
    return Branch(name, rulesets, _seen(lambda: reader.protection(name), "Administration: read"))


def _seen(ask: Callable[[], T], permission: str) -> T | Unseen:
    """What one question is answered with; Unseen where the token may not ask it, which GitHub also says as 404."""
    try:
        return ask()
    except (Forbidden, NotFound) as error:
        if "upgrade" in error.message.lower():
            # No token would see it: private repositories have some of this in paid plans alone.
            return Unseen(
                error.message, "GitHub's plan for this repository does not have it: https://github.com/pricing"
            )
        return Unseen("this token may not see it", f"give the token {permission}")


def _registries(main: Main, environ: Mapping[str, str], say: Say) -> dict[str, Server | Unseen]:
    found: dict[str, Server | Unseen] = {}
    for address in dict.fromkeys(stage.registry for stage in main.stages.stages):
        if "${" in address:
            fix = "set it as the workflows do"
            found[address] = Unseen(f"which registry {address} is: the variable is not set here", fix)
            continue
        say("asking the registry")
        try:
            found[server.shown(address)] = server.look(address, environ)
        except GatehouseError as error:
            found[server.shown(address)] = Unseen(error.message, error.fix)
    return found


def _machine(environ: Mapping[str, str], say: Say) -> Machine:
    from importlib.metadata import version

    from gatehouse.runtime.isolation import probe

    say("trying the sandboxes")
    return Machine(version("mlflow"), probe(), environ.get("GITHUB_ACTIONS") == "true")
