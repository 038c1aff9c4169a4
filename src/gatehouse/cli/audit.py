"""``gatehouse audit``: is the record whole, and what does it say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from gatehouse.cli import remembered
from gatehouse.cli.frame import BLOCKED, DONE, Settings, emit, progress, verb
from gatehouse.errors import GatehouseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatehouse.audit.chain import Link
    from gatehouse.declare.types import Declared
    from gatehouse.sync.trunk import Trunk


class Verified(msgspec.Struct, frozen=True):
    """What ``audit verify --format json`` prints.

    ``head`` is the hash of the last of ``records``; ``anchors`` counts the published heads it was held against.
    ``broken`` is the number of the first bad record (0: none), ``reason`` what is wrong with it.
    """

    whole: bool
    records: int
    head: str
    anchors: int
    broken: int = 0
    reason: str = ""


class Exported(msgspec.Struct, frozen=True):
    """What ``audit export --out FILE --format json`` prints."""

    records: int
    head: str
    file: str


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Verify and export the tamper-evident record."""


@verb
@click.option("--head", multiple=True, metavar="HASH", help="A head that you know from elsewhere; may be repeated.")
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Verify an exported file.")
def verify(settings: Settings, head: tuple[str, ...], file: Path | None) -> int:
    """Check that no record was edited, removed, moved or cut off; name the first bad one.

    Every link is hashed again. Heads that sync published in the commits of the serving branch, and those given with
    --head, must be in the chain: that is what shows a cut-off end. Exit 1 where anything is wrong. An exported FILE is
    verified without the store, and offline: only against --head.
    """
    from gatehouse.audit.chain import GENESIS
    from gatehouse.audit.chain import verify as verified

    given = [_checked(one) for one in head]
    with progress(settings) as say:
        if file is None:
            trunk, declared = remembered.main(settings, say)
            say("reading the audit record")
            links = list(remembered.audit_store(settings, declared).read())
            anchors = [*given, *_published(trunk, declared)]
        else:
            links, anchors = _read(file), given
        broken = verified(links, anchors)
    answer = Verified(
        whole=broken is None,
        records=len(links),
        head=links[-1].hash if links else GENESIS,
        anchors=len(set(anchors)),
        broken=broken.sequence if broken else 0,
        reason=str(broken) if broken else "",
    )
    emit(settings, answer, _said(answer))
    return DONE if broken is None else BLOCKED


@verb
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here instead of standard output.")
def export(settings: Settings, out: Path | None) -> int:
    """Write the record as JSON lines: one link a line, with its sequence, previous hash, hash, and the record itself.

    The record's bytes are those that were hashed, so that anybody can verify the file with sha256 alone.
    """
    with progress(settings) as say:
        _, declared = remembered.main(settings, say)
        links = list(remembered.audit_store(settings, declared).read())
    lines = b"".join(msgspec.json.encode(link) + b"\n" for link in links)
    if out is None:
        click.echo(lines.decode(), nl=False)
        return DONE
    try:
        out.write_bytes(lines)
    except OSError as error:
        raise GatehouseError(f"{out} cannot be written: {error.strerror}", "name another file with --out") from error
    answer = Exported(len(links), links[-1].hash if links else "", str(out))
    emit(settings, answer, f"{answer.records} records written to {out}; the last one's hash is {answer.head or 'none'}")
    return DONE


command.add_command(verify, "verify")
command.add_command(export, "export")


def _checked(head: str) -> str:
    if len(head) != 64 or not set(head) <= set("0123456789abcdef"):
        raise GatehouseError(
            f"--head {head}: a head is 64 lower-case hex digits", "copy it from a commit of the serving branch"
        )
    return head


def _published(trunk: Trunk, declared: Declared) -> list[str]:
    """Every head that a serving branch vouches for, oldest first."""
    from gatehouse.audit.chain import anchors

    found: list[str] = []
    for branch in dict.fromkeys(stage.serving.branch for stage in declared.stages.stages if stage.serving):
        commit = trunk.writer().fetch(branch)
        if commit is not None:
            log = trunk.repository.log(commit)
            found += [head for entry in reversed(log) for head in anchors(entry.message)]
    return found


def _read(file: Path) -> list[Link]:
    from gatehouse.audit.chain import Link

    links = []
    for number, line in enumerate(file.read_bytes().splitlines(), start=1):
        try:
            links.append(msgspec.json.decode(line, type=Link))
        except msgspec.MsgspecError as error:
            raise GatehouseError(
                f"{file}:{number}: not a link of an audit record: {error}", "export it again"
            ) from error
    return links


def _said(answer: Verified) -> Sequence[str]:
    if not answer.whole:
        return [f"✗ {answer.reason}", "  keep the store as it is, and find out who could write to it"]
    held = f"held against {answer.anchors} published heads" if answer.anchors else "no published head is known"
    said = [f"✓ {answer.records} records, none edited, removed or moved; {held}"]
    if not answer.anchors:
        said.append("! a cut-off end cannot be seen without one: pass --head, or run `gatehouse sync` once")
    return [*said, f"  head {answer.head}"]
