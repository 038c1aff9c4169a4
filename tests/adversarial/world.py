"""What an attacker may want, and whether it was had: secrets, places to write, ports to call, processes to kill."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from gatehouse.errors import GatehouseError
from gatehouse.evaluate.material import Case, Fetched, Material, write
from gatehouse.evaluate.result import Subject
from gatehouse.pin import Pin, Slot
from gatehouse.registry.digest import digest, file_digest
from tests.adversarial import belongings
from tests.adversarial.listener import Listener
from tests.adversarial.pack import Attack
from tests.evaluate import made
from tests.support import models

ROOT = Path(__file__).parents[2]
MODEL = "credit-risk"
# Every attack ends within its limit and this.
GRACE_S = 5.0
# Any world's: whoever looks through a machine on which several run may come upon the canary of another one first.
_SECRET = re.compile(r"CANARY-[0-9a-f]{32}")
POLICY = """\
owner: "@acme/credit-risk"
risk: high
task: binary
reviewed: 2026-03-01
data:
  evaluation: {{path: data/eval.parquet, label: defaulted}}
  production: {{path: data/production.parquet}}
sandbox: {{minimum: {minimum}, memory_mb: {memory_mb}, processes: {processes}, seconds: {seconds}}}
gates:
  accuracy: {{metric: roc_auc, minimum: 0.6}}
  artifact: {{unsafe_pickles: block}}
  latency: {latency}
stages:
  production: {{gates: [{gates}]}}
"""


class Judge:
    """The judge's process, in a session of its own, with the canary in its environment."""

    def __init__(self, canary: str, home: Path, temporary: Path) -> None:
        environ = {**os.environ, belongings.CANARY: canary, "HOME": str(home), "TMPDIR": str(temporary)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.adversarial.judge"],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def ask(self, question: Mapping[str, str], within: float) -> dict[str, Any]:
        """Raises TimeoutError where there is no answer in time, EOFError where there will be none."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(question).encode() + b"\n")
        process.stdin.flush()
        said, deadline = bytearray(), time.monotonic() + within
        while not said.endswith(b"\n"):
            if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"the judge did not answer within {within:g} s")
            if not (piece := os.read(process.stdout.fileno(), 1 << 16)):
                raise EOFError("the judge is gone")
            said += piece
        found: dict[str, Any] = json.loads(said)
        return found

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@dataclass(frozen=True)
class Seen:
    """What came of one attack. ``found`` is the result as it travels, or ``refused``; ``leaks`` are places where a
    secret arrived; ``written`` what is not as it was; ``left`` processes; ``killed`` whether the victim is dead."""

    found: Mapping[str, Any]
    seconds: float
    leaks: tuple[str, ...]
    written: tuple[str, ...]
    left: tuple[int, ...]
    killed: bool

    @property
    def verdicts(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.found.get("verdicts", ())
        return found

    @property
    def passed(self) -> bool:
        return bool(self.verdicts) and all(verdict["outcome"] in ("PASS", "WARN") for verdict in self.verdicts)

    def summary(self, gate: str) -> str:
        return str(next(verdict["summary"] for verdict in self.verdicts if verdict["gate"] == gate))


class World:
    """A folder with a repository, a home and a judge in it, for many attacks; each attack has material of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.canary = "CANARY-" + secrets.token_hex(16)
        self.home, self.temporary = root / "home", root / "temporary"
        for folder in (self.home, self.temporary, root / "repository", root / "results"):
            folder.mkdir(parents=True)
        (self.home / ".netrc").write_text(f"machine registry login gates password {self.canary}\n")
        (root / "repository" / ".env").write_text(f"TOKEN={self.canary}\n")
        self._name = f"gatehouse-test-{secrets.token_hex(8)}"
        self._segment_key = secrets.randbelow(1 << 30) + 1
        self._segment = belongings.share(self._segment_key, self.canary.encode())
        self._listeners = self._listening()
        self._judge: Judge | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._judge is not None:
            self._judge.close()
        Path(self._listeners["socket"].socket.getsockname()).unlink()
        for listener in self._listeners.values():
            listener.close()
        belongings.unshare(self._segment)

    def attack(self, attack: Attack, level: str) -> Seen:
        """Puts a model through a check at a level, and looks at everything that it may have touched."""
        note = f"gatehouse-note-{secrets.token_hex(8)}"
        for listener in self._listeners.values():
            listener.heard.clear()
        with _victim() as victim:
            material = self._material(attack, level, note, victim.pid)
            before = self._tree(material)
            if self._judge is None:
                self._judge = Judge(self.canary, self.home, self.temporary)
            question = {"material": str(material), "level": level, "home": str(self.home / ".netrc")}
            try:
                answer = self._judge.ask(question, attack.seconds + 60.0)
            except (TimeoutError, EOFError):
                self._judge.close()
                self._judge = None
                raise
            killed = victim.poll() is not None
        left = tuple(_processes(note, str(material)))
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        written = tuple(self._written(before, self._tree(material), note))
        return Seen(answer["found"], answer["seconds"], tuple(self._leaks(answer)), written, left, killed)

    def _material(self, attack: Attack, level: str, note: str, victim: int) -> Path:
        material = self.root / "material" / f"{attack.name}-{level}"
        folder = material / "models" / attack.name
        told = {
            "material": str(material),
            "results": str(self.root / "results"),
            "home": str(self.home / ".netrc"),
            "repository": str(self.root / "repository" / ".env"),
            "temporary": str(self.temporary),
            "tcp": self._listeners["tcp"].socket.getsockname()[1],
            "udp": self._listeners["udp"].socket.getsockname()[1],
            "socket": str(self._listeners["socket"].socket.getsockname()),
            "abstract": self._name,
            "shared": self._segment_key,
            "key": belongings.KEY,
            "note": note,
            "victim": victim,
        }
        base = material / "base/promotions"
        (base / MODEL).mkdir(parents=True)
        (material / "data").mkdir()
        folder.parent.mkdir()
        models.frame(300, seed=7).to_parquet(material / "data/eval.parquet")
        models.features(300, seed=9).to_parquet(material / "data/production.parquet")
        (material / "data/notes.txt").write_text(self.canary)
        (base / "stages.yaml").write_text("stages:\n  - {name: production, registry: 'sqlite:///m.db'}\n")
        (base / MODEL / "policy.yaml").write_text(
            POLICY.format(minimum=level, latency=attack.latency, gates=attack.gates, **attack.sandbox)
        )
        attack.save(folder, told)
        write(Material((self._case(attack, folder),), datetime.now(UTC)), material)
        return material

    def _case(self, attack: Attack, folder: Path) -> Case:
        """As fetch describes what it has fetched, or why there is nothing to evaluate."""
        material = folder.parents[1]
        slot = Slot(MODEL, "production")
        try:
            found = "sha256:" + "1" * 64 if attack.overlooked else digest(folder)
        except GatehouseError as error:
            return Case(made.request(made.pin(), slot=slot), problem=error.message, fix=error.fix)
        pin = Pin(2, attack.pinned or found)
        data = {kind: f"data/{name}.parquet" for kind, name in (("evaluation", "eval"), ("production", "production"))}
        return Case(
            made.request(pin, slot=slot),
            Fetched(Subject(pin), f"models/{folder.name}", found),
            data=data,
            digests={kind: file_digest(material / path) for kind, path in data.items()},
        )

    def _listening(self) -> dict[str, Listener]:
        kinds = {"tcp": (socket.AF_INET, socket.SOCK_STREAM), "udp": (socket.AF_INET, socket.SOCK_DGRAM)}
        kinds |= dict.fromkeys(("socket", "abstract"), (socket.AF_UNIX, socket.SOCK_STREAM))
        # A path of a socket may have 108 bytes, fewer than a test's folder has; it goes with the world.
        short = Path("/tmp") / self._name
        places: dict[str, Any] = {"tcp": ("127.0.0.1", 0), "udp": ("127.0.0.1", 0), "socket": str(short)}
        places["abstract"] = "\0" + self._name
        found = {}
        for name, (family, kind) in kinds.items():
            made = socket.socket(family, kind)
            made.bind(places[name])
            if kind is socket.SOCK_STREAM:
                made.listen()
            found[name] = Listener(self.canary, made)
        return found

    def _tree(self, material: Path) -> dict[str, str]:
        """What every file is that a model has no business with."""
        found = {}
        for folder in (material, self.home, self.temporary, self.root / "repository", self.root / "results"):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and not path.is_symlink():
                    content = hashlib.sha256(path.read_bytes()).hexdigest()
                    found[str(path)] = f"{content} {path.stat().st_mode:o}"
        return found

    def _written(self, before: Mapping[str, str], after: Mapping[str, str], note: str) -> Iterator[str]:
        yield from (path for path in {*before, *after} if before.get(path) != after.get(path))
        for folder in ("/dev/shm", "/tmp", "/var/tmp", "/run"):
            if (path := Path(folder) / note).exists():
                yield str(path)
                path.unlink()

    def _leaks(self, answer: Mapping[str, Any]) -> Iterator[str]:
        if _SECRET.search(json.dumps(answer)):
            yield "the result"
        for name, listener in self._listeners.items():
            if listener.heard:
                yield name
        for path in (self.root / "results").iterdir():
            if path.is_file() and _SECRET.search(path.read_text(errors="replace")):
                yield path.name
            path.unlink()


@contextmanager
def _victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing, and is alive unless somebody kills it."""
    with subprocess.Popen(["sleep", "300"]) as process:
        try:
            yield process
        finally:
            process.kill()


def _processes(*marks: str) -> Iterator[int]:
    """Those that still run after they had a moment to go, by words of their command lines."""
    deadline = time.monotonic() + 2
    while (found := list(_running(marks))) and time.monotonic() < deadline:
        time.sleep(0.05)
    yield from found


def _running(marks: Sequence[str]) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes().decode(errors="replace")
            if any(mark in line for mark in marks):
                yield int(process.name)
