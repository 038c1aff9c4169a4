"""What merges without a person, where a stage asks for none: GitHub's rules have to let it, and only it."""

from __future__ import annotations

from collections.abc import Iterator

from gatehouse.doctor.facts import MAIN, Facts, Main, OnGitHub
from gatehouse.doctor.finding import Finding, ok, unknown, warn
from gatehouse.doctor.words import listed
from gatehouse.pin import ROOT

# Stands for whatever comes: nobody owns a file of this name by name.
NEW = "some-new-one"


def alone(main: Main) -> tuple[str, ...]:
    """The stages in which gates alone decide."""
    return tuple(stage.name for stage in main.stages.stages if stage.review == "none")


def reviewing(main: Main) -> tuple[str, ...]:
    """The stages in which people must agree."""
    return tuple(stage.name for stage in main.stages.stages if stage.review == "required")


def promotions(main: Main, stage: str) -> tuple[str, ...]:
    """The promotion files of a stage, those that may come too."""
    models = {path.split("/")[1] for path in main.paths if path.startswith(f"{ROOT}/") and path.count("/") == 2}
    coming = (f"{ROOT}/{model}/{stage}{part}.yaml" for model in (*sorted(models), NEW) for part in ("", f".{NEW}"))
    there = (path for path in main.paths if _of_stage(path, stage))
    return tuple(dict.fromkeys((*coming, *there)))


def _of_stage(path: str, stage: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder.startswith(f"{ROOT}/") and name.endswith(".yaml") and name.split(".")[0] == stage


def free(main: Main, path: str) -> bool:
    """Whether a file needs no owner: a promotion to a stage in which gates alone decide."""
    return any(_of_stage(path, stage) for stage in alone(main))


def by_itself(main: Main) -> bool:
    """Whether CODEOWNERS leaves every such promotion to the gates, and nothing but those."""
    found = main.owners
    if found is None or found.owners is None or not alone(main):
        return False
    owners = found.owners
    mine = [path for stage in alone(main) for path in promotions(main, stage)]
    others = [path for path in (*main.paths, NEW, f"{NEW}/{NEW}") if not free(main, path)]
    return not any(owners.of(path) for path in mine) and all(owners.of(path) for path in others)


def merges(facts: Facts) -> Iterator[Finding]:
    """Promotions to a stage in which gates alone decide merge themselves: no rule of main asks for a person."""
    hub, main = facts.hub, facts.main
    check, stages = "main/merges-itself", listed(alone(main))
    if not stages:
        return
    guards = [source.guards for source in hub.branches[MAIN].sources]
    owned = [path for stage in alone(main) for path in promotions(main, stage) if _owned(main, path)]
    if owned and any(each.code_owners for each in guards):
        lines = listed(f"`/{ROOT}/*/{each}`" for each in _patterns(main))
        yield warn(
            check,
            f"stages.yaml asks for no review of {stages}, and CODEOWNERS names an owner of {owned[0]}, who must "
            "approve",
            f"end CODEOWNERS with lines that have no owner: {lines}",
            facts.page(main.owners.path) if main.owners else "",
        )
    elif held := [word for word, holds in _asking(hub).items() if holds]:
        yield warn(
            check,
            f"a promotion to {stages} waits for a person, as main's rules ask for {listed(held)} of every pull request",
            "require 0 approvals and none of the last push, and leave the rest to the code owners and to the check "
            "`gatehouse review` (docs/review.md says what that costs); or leave it, and one approval will do",
            hub.settings("rules"),
        )
    elif blind := hub.branches[MAIN].blind:
        yield unknown(check, f"whether a promotion to {stages} waits for a person: {blind.why}", blind.fix)
    else:
        how = "GitHub, where a check is still to come, else the workflow" if hub.host.auto_merge else "the workflow"
        yield ok(check, f"a promotion to {stages} is merged by {how}, as soon as its gates pass")


def _owned(main: Main, path: str) -> bool:
    return bool(main.owners and main.owners.owners and main.owners.owners.of(path))


def _patterns(main: Main) -> list[str]:
    return [f"{stage}{part}.yaml" for stage in alone(main) for part in ("", ".*")]


def _asking(hub: OnGitHub) -> dict[str, bool]:
    guards = [source.guards for source in hub.branches[MAIN].sources]
    return {
        "an approval": any(each.approvals for each in guards),
        "an approval of the last push": any(each.last_push for each in guards),
    }
