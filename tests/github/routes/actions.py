"""Workflows started by hand, which is also how one starts another."""

from __future__ import annotations

from typing import Any

import yaml

from tests.github.hub import Hub
from tests.github.wire import Answer, Asked, Refused, route

WORKFLOW = "/repos/{owner}/{repo}/actions/workflows/{workflow_id}"


@route("POST", WORKFLOW + "/dispatches", grant="actions", role="write")
def dispatch(hub: Hub, asked: Asked) -> Answer:
    """Notes that a workflow of the branch ``ref`` is to be run; who plays workflows looks there."""
    file, ref = asked.parameters["workflow_id"], str(asked.fields()["ref"])
    if asked.repo.git.resolve(f"refs/heads/{ref}") is None:
        raise Refused(422, f"No ref found for: {ref}")
    if "workflow_dispatch" not in _triggers(asked, file, ref):
        raise Refused(422, "Workflow does not have 'workflow_dispatch' trigger")
    asked.repo.dispatched.append((file, ref))
    return Answer(204)


def _triggers(asked: Asked, file: str, ref: str) -> Any:
    git, path = asked.repo.git, f".github/workflows/{file}"
    blobs = {entry.path: entry.sha for entry in git.entries(ref, recursive=True)}
    if path not in blobs:
        raise Refused(404, "Not Found")
    # YAML 1.1 takes the key `on` for a truth value.
    tree = yaml.safe_load(git.blob(blobs[path]))
    return tree.get("on", tree.get(True)) or ()
