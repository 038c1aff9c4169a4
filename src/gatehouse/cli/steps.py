"""The three steps of a check, as the verbs share them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.cli import hub
from gatehouse.cli.frame import Settings
from gatehouse.cli.scene import Say, Scene, reader
from gatehouse.declare.types import Declared
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.gates import discover
from gatehouse.evaluate.result import Result
from gatehouse.report.context import Context, Links

if TYPE_CHECKING:
    from gatehouse.declare.source import Source
    from gatehouse.evaluate.material import Material

RESULTS = "results.json"
REPORT = "report.html"


def fetch(scene: Scene, folder: Path, say: Say) -> Material:
    """Step 1: everything that the gates need, into ``folder``."""
    from gatehouse.evaluate.fetch import Fetcher

    fetcher = Fetcher(
        base=scene.base,
        declared=scene.declared,
        root=scene.repository.root,
        folder=folder,
        reader=reader,
        staged=scene.staged,
        progress=say,
    )
    return fetcher.fetch(scene.requests)


def refuse(error: GatehouseError, folder: Path) -> Material:
    """Step 1 where the pins cannot be read: material that carries the reason on to the report."""
    from gatehouse.evaluate import material

    folder.mkdir(parents=True, exist_ok=True)
    refused = material.Material((), datetime.now(UTC), error.message, error.fix)
    material.write(refused, folder)
    return refused


def evaluate(folder: Path, say: Say) -> tuple[Result, ...]:
    """Step 2: the gates' verdicts on what was fetched."""
    from gatehouse.evaluate.run import Evaluator

    return Evaluator(folder, progress=say).evaluate()


def context(settings: Settings, base: Source, declared: Declared, pull: int | None = None) -> Context:
    """What a report knows besides the results, from the trusted base and the environment."""
    repository = hub.slug(settings)
    return Context(
        repository=repository,
        pull_request=pull,
        links=_links(settings, declared, repository),
        gates=_headlines(base),
        limitations={model: policy.review.limitations for model, policy in declared.policies.items()},
        owners={model: policy.owner for model, policy in declared.policies.items()},
    )


def _links(settings: Settings, declared: Declared, repository: str) -> Links:
    """The workflow run keeps the whole report; a registry has pages where it is a server."""
    server = settings.environ.get("GITHUB_SERVER_URL", "")
    page = f"{server}/{repository}" if server and repository else ""
    run = settings.environ.get("GITHUB_RUN_ID", "")
    registries = {stage.registry for stage in declared.stages.stages}
    pages = [uri for uri in sorted(registries) if uri.startswith(("http://", "https://")) and "@" not in uri]
    return Links(
        report=f"{page}/actions/runs/{run}" if page and run else "",
        mlflow=pages[0] if len(pages) == 1 else "",
        repository=page,
    )


def _headlines(base: Source) -> Mapping[str, str]:
    return {name: gate.headline for name, gate in discover(base).items()}


def write(results: Sequence[Result], surroundings: Context, out: Path) -> None:
    """Step 3, on paper: the Markdown comment, the HTML page, and the document, side by side in ``out``."""
    from gatehouse.report import document, html, markdown

    out.mkdir(parents=True, exist_ok=True)
    (out / RESULTS).write_bytes(document.encode(results))
    (out / REPORT).write_text(html.page(results, surroundings))
    (out / "comment.md").write_text(markdown.comment(results, surroundings))


def read_results(folder: Path) -> bytes:
    """The document that ``evaluate`` wrote. Raises GatehouseError where there is none."""
    try:
        return (folder / RESULTS).read_bytes()
    except OSError as error:
        raise GatehouseError(
            f"{folder} holds no {RESULTS}", "run `gatehouse evaluate MATERIAL --out DIR` first"
        ) from error
