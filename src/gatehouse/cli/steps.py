"""The three steps of a check, as the verbs share them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gatehouse.cli import hub
from gatehouse.cli.frame import Progress, Settings
from gatehouse.cli.scene import Say, Scene, reader
from gatehouse.declare.levels import Level
from gatehouse.declare.types import Declared
from gatehouse.errors import GatehouseError
from gatehouse.evaluate.gates import discover
from gatehouse.evaluate.result import Result
from gatehouse.report.context import Context, Links

if TYPE_CHECKING:
    from gatehouse.cli.notary import Notary
    from gatehouse.declare.source import Source
    from gatehouse.evaluate.material import Material

RESULTS = "results.json"
REPORT = "report.html"
MANUAL = "docs/gates.md"


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


def evaluate(folder: Path, say: Progress, accepted: Level | None = None) -> tuple[Result, ...]:
    """Step 2: the gates' verdicts on what was fetched, after what its tables are too small to decide.

    ``accepted`` is the weakest isolation to go on with, instead of what each policy asks for.
    """
    from gatehouse.evaluate.run import Evaluator

    def foretell(line: str) -> None:
        say.stay(f"before the models are asked: {line}")

    return Evaluator(folder, accepted=accepted, progress=say, foretell=foretell).evaluate()


def context(
    settings: Settings,
    base: Source,
    declared: Declared,
    pull: int | None = None,
    results: Sequence[Result] = (),
) -> Context:
    """What a report knows besides the results, from the trusted base and the environment.

    With the ``results`` it also knows the promotions before them, and of a pull request how people agree to it.
    """
    from gatehouse.cli.earlier import earlier
    from gatehouse.cli.reviews.howto import asking

    repository, gates = hub.slug(settings), discover(base)
    manual = (base.read(MANUAL) or b"").decode(errors="replace").splitlines()
    return Context(
        repository=repository,
        pull_request=pull,
        links=_links(settings, declared),
        gates={name: gate.headline for name, gate in gates.items()},
        explained={name: gate.doc for name, gate in gates.items()},
        documented=frozenset(name for name in gates if f"## {name}" in manual),
        limitations={model: policy.review.limitations for model, policy in declared.policies.items()},
        owners={model: policy.owner for model, policy in declared.policies.items()},
        earlier=earlier(settings.repository, results[0].request.base, results) if results else {},
        asking=asking(results, declared, settings.repository, pull) if pull is not None else (),
    )


def _links(settings: Settings, declared: Declared) -> Links:
    """The workflow run keeps the whole report; a registry has pages where it is a server."""
    page = hub.page(settings)
    registries = {stage.name: stage.registry for stage in declared.stages.stages}
    served = {
        name: uri for name, uri in registries.items() if uri.startswith(("http://", "https://")) and "@" not in uri
    }
    # One page for all of them is a link of its own.
    pages = set(served.values()) if len(set(registries.values())) == 1 else set()
    return Links(
        report=hub.run_page(settings),
        mlflow=pages.pop() if pages else "",
        # HEAD is the default branch: a report is read long after the branch that it was made for is gone.
        docs=f"{page}/blob/HEAD/{MANUAL}" if page else "",
        repository=page,
        registries=served,
    )


def write(results: Sequence[Result], surroundings: Context, out: Path, notary: Notary) -> None:
    """Step 3, on paper, side by side in ``out``: the document, the page, the comment, what CI systems read, and the
    statement on each result."""
    from gatehouse.report import document, html, junit, markdown, sarif

    out.mkdir(parents=True, exist_ok=True)
    (out / RESULTS).write_bytes(document.encode(results))
    (out / REPORT).write_text(html.page(results, surroundings))
    (out / "comment.md").write_text(markdown.comment(results, surroundings))
    (out / "junit.xml").write_text(junit.junit(results), encoding="utf-8")
    (out / "gates.sarif").write_bytes(sarif.sarif(results, surroundings))
    notary.write(results, out)


def read_results(folder: Path) -> bytes:
    """The document that ``evaluate`` wrote, as far as one may be read; nothing is followed out of the folder, and
    nothing waited for. Raises GatehouseError where there is none."""
    from gatehouse.report.document import MAX_BYTES

    file = folder / RESULTS
    if folder.is_symlink() or file.is_symlink() or not file.is_file():
        raise GatehouseError(f"{folder} holds no {RESULTS}", "run `gatehouse evaluate MATERIAL --out DIR` first")
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)
