"""Workflows, started by hand: what a workflow's own token merges or pushes starts none by itself."""

from __future__ import annotations

from gatehouse.github.line import Line, again
from gatehouse.github.refusal import Asking


class WorkflowWriter:
    """Starts workflows of the default branch."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def dispatch(self, file: str, ref: str = "main") -> None:
        """Starts the workflow of this file, such as ``sync.yml``, on a branch. After a breakdown it may be started
        twice. Raises NotFound where there is no such file, Refused where it is not started by hand."""
        repository = self._line.repository
        # By its path, since PyGithub would ask for the workflow first.
        path = f"{repository.url}/actions/workflows/{file}/dispatches"
        self._line.write(
            Asking(f"start the workflow {file}", "write access to actions"),
            lambda: repository.requester.requestJsonAndCheck("POST", path, input={"ref": ref}),
            again,
        )
