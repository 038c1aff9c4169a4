"""What a process behind walls can reach: attacks from inside on what a machine has outside, at every such level."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gatehouse
from gatehouse.runtime.launch import Command, Launcher
from gatehouse.runtime.limits import MIB, Limits
from tests.runtime.processes import launcher

CANARY = "canary-4711-"
SMALL = Limits(memory_mb=256, processes=8, seconds=60)
_PRELUDE = """
import ctypes, errno, glob, json, os, resource, signal, socket, subprocess, sys
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
def tried(attempt, *given):
    try:
        return attempt(*given)
    except OSError as error:
        return errno.errorcode[error.errno]
def call(name, *given):
    return errno.errorcode[ctypes.get_errno()] if getattr(libc, name)(*given) < 0 else "done"
"""


@pytest.fixture(scope="module", params=["unshare", "bubblewrap"])
def walls(request: pytest.FixtureRequest) -> Launcher:
    return launcher(request.param, SMALL)


class Inside:
    """Runs code behind walls that may read ``shown``, and gives back the value of its last line, an expression."""

    def __init__(self, walls: Launcher, shown: Path, scratch: Path) -> None:
        self.walls, self.shown, self.scratch = walls, shown, scratch

    def __call__(self, code: str) -> Any:
        lines = code.strip().splitlines()
        program = "\n".join((_PRELUDE, *lines[:-1], f"print(json.dumps({lines[-1]}))"))
        command = Command((sys.executable, "-P", "-s", "-c", program), (self.shown,), self.scratch, ())
        with self.walls.launch(command) as process:
            said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
        return json.loads(said.decode().splitlines()[-1])


@pytest.fixture
def inside(walls: Launcher, tmp_path: Path) -> Inside:
    shown, scratch = tmp_path / "model", tmp_path / "scratch"
    shown.mkdir()
    scratch.mkdir()
    (shown / "MLmodel").write_text("flavors: {}\n")
    return Inside(walls, shown, scratch)


# The word is not spelled out, or the hunter would find itself.
_HUNT = """
places = [place for name in ('environ', 'cmdline') for place in glob.glob(f'/proc/*/{name}')]
[len(places) > 2, [place for place in places if 'can' + 'ary' in str(tried(Path(place).read_bytes))]]
"""


def test_the_parents_environment_is_not_there_to_be_read(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", CANARY + "token")
    # The environment in /proc is the one that a process began with, so the secret is in a child's.
    holder = os.spawnve(os.P_NOWAIT, "/bin/sleep", ["sleep", "60"], {"SECRET": CANARY + "held"})
    try:
        found = inside(_HUNT)
    finally:
        os.kill(holder, 9)
        os.waitpid(holder, 0)
    assert found == [True, []]


def test_no_process_outside_is_seen_or_reached(inside: Inside) -> None:
    code = f"""
seen = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())
pids = [{os.getpid()}, {os.getppid()}]
[len(seen), os.getpid() < 10, [tried(os.kill, pid, 0) for pid in pids if pid not in seen]]
"""
    seen, low, reached = inside(code)
    assert seen <= 3
    assert low
    assert set(reached) <= {"ESRCH"}


def test_killing_everything_kills_nothing_outside(inside: Inside) -> None:
    witness = os.spawnv(os.P_NOWAIT, "/bin/sleep", ["sleep", "60"])
    try:
        assert inside("tried(os.kill, -1, signal.SIGKILL)") == "ESRCH"
        assert os.waitpid(witness, os.WNOHANG) == (0, 0)
    finally:
        os.kill(witness, 9)
        os.waitpid(witness, 0)


def test_files_of_others_are_not_there(inside: Inside, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    home = Path.home()
    places = [
        str(secret), str(Path(__file__)), str(Path(gatehouse.__path__[0]).parent.parent / "pyproject.toml"),
        str(home / ".ssh"), str(home / ".netrc"), "/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf",
        "/run", "/var", "/sys", "/srv", "/boot", "/mnt",
    ]  # fmt: skip
    assert inside(f"[place for place in {places} if os.path.exists(place)]") == []
    assert inside(f"sorted(os.listdir({str(tmp_path)!r}))") == ["model", "scratch"]


def test_its_own_folder_and_python_can_be_read_and_not_be_written(inside: Inside) -> None:
    package = str(Path(gatehouse.__path__[0]))
    code = f"""
places = [{str(inside.shown)!r}, {package!r}, sys.prefix, sys.base_prefix]
places += ['/usr', '/usr/lib', '/etc', '/', '/dev', '/proc']
writing = [tried(os.open, place + '/new', os.O_WRONLY | os.O_CREAT) for place in places]
changing = [tried(os.chmod, place, 0o777) for place in places] + [tried(os.utime, place) for place in places]
model = {str(inside.shown / "MLmodel")!r}
spoiling = [tried(os.unlink, model), tried(os.open, model, os.O_RDWR)]
[sorted(set(writing)), sorted(set(map(str, changing))), spoiling, Path(model).read_text()]
"""
    writing, changing, spoiling, text = inside(code)
    # Where there is no folder /etc in the sandbox of its own, there is nothing to write to either.
    assert set(writing) <= {"EROFS", "ENOENT", "EACCES"}
    assert set(changing) <= {"EROFS", "ENOENT", "EPERM"}
    assert (spoiling, text) == (["EROFS", "EROFS"], "flavors: {}\n")
    assert sorted(path.name for path in inside.shown.iterdir()) == ["MLmodel"]


def test_the_kernels_settings_are_read_only(inside: Inside) -> None:
    code = """
places = ['/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/self/oom_score_adj', '/proc/self/uid_map',
    '/proc/self/clear_refs', '/proc/sys/vm/drop_caches', '/proc/sys/user/max_user_namespaces']
[tried(os.open, place, os.O_WRONLY) for place in places]
"""
    assert set(inside(code)) <= {"EROFS", "EACCES", "ENOENT", "EPERM"}


def test_what_it_writes_to_its_home_is_gone_with_it(inside: Inside) -> None:
    code = "Path('here').write_text('x'), Path(os.environ['HOME'], 'there').write_text('x')\nos.listdir(os.getcwd())"
    assert sorted(inside(code)) == ["here", "there"]
    assert list(inside.scratch.iterdir()) == []


@pytest.mark.parametrize("place", ["os.environ['HOME']", "'/dev/shm'"])
def test_files_and_shared_memory_end_where_their_share_of_the_memory_does(inside: Inside, place: str) -> None:
    code = f"""
def fill(name):
    with open({place} + '/' + name, 'wb', buffering=0) as file:
        for _ in range(40):
            file.write(bytes({MIB}))
def total():
    return sum(tried(os.path.getsize, {place} + '/' + name) for name in 'abc')
[[tried(fill, name) for name in 'abc'], total()]
"""
    said, total = inside(code)
    assert said[0] is None
    assert said[1:] == ["ENOSPC", "ENOSPC"]
    assert total <= SMALL.files == 64 * MIB


def test_one_file_is_no_larger_than_all_may_be_together(inside: Inside) -> None:
    assert inside(f"tried(os.truncate, os.open('x', os.O_RDWR | os.O_CREAT), {SMALL.files + 1})") == "EFBIG"


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[int, str, Path, list[str]]]:
    """A TCP port, an abstract and a named Unix socket that are open to this machine, and who connected to them."""
    named, abstract = tmp_path / "socket", f"gatehouse-test-{os.getpid()}"
    servers = [socket.create_server(("127.0.0.1", 0)), *(socket.socket(socket.AF_UNIX) for _ in range(2))]
    servers[1].bind("\0" + abstract)
    servers[2].bind(str(named))
    came: list[str] = []

    def wait(server: socket.socket) -> None:
        server.listen()
        try:
            server.accept()
            came.append(str(server.getsockname()))
        except OSError:
            return

    threads = [threading.Thread(target=wait, args=(server,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    yield servers[0].getsockname()[1], abstract, named, came
    for server in servers:
        server.shutdown(socket.SHUT_RDWR) if server.family == socket.AF_UNIX else None
        server.close()


def test_nobody_is_reached_over_any_socket(
    inside: Inside, listening: tuple[int, str, Path, list[str]], tmp_path: Path
) -> None:
    port, abstract, named, came = listening
    code = f"""
def tcp(host, port):
    socket.create_connection((host, port), timeout=3)
def unix(name):
    socket.socket(socket.AF_UNIX).connect(name)
found = [tried(tcp, '127.0.0.1', {port}), tried(unix, '\\0{abstract}'), tried(unix, {str(named)!r})]
found += [tried(tcp, host, 80) for host in ('169.254.169.254', '8.8.8.8', '192.168.0.1')]
vsock, packet, xdp, alg = (40, 1), (17, 3), (44, 3), (38, 5)
families = [tried(lambda: socket.socket(*wanted).close()) for wanted in (vsock, packet, xdp, alg)]
[found, families, [name for _, name in socket.if_nameindex()]]
"""
    # A socket of this test is not shown: the sandbox shows the folder of the model alone.
    found, families, interfaces = inside(code)
    assert found == ["ECONNREFUSED", "ECONNREFUSED", "ENOENT", "ENETUNREACH", "ENETUNREACH", "ENETUNREACH"]
    assert families == ["EAFNOSUPPORT"] * 4
    assert interfaces == ["lo"]
    assert came == []


def test_it_reaches_itself(inside: Inside) -> None:
    code = """
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
client.send(b'hello')
server.accept()[0].recv(5).decode()
"""
    assert inside(code) == "hello"


def test_it_has_no_rights_and_gains_none(inside: Inside) -> None:
    code = """
status = dict(line.split(':\\t') for line in Path('/proc/self/status').read_text().splitlines())
rights = {int(status[name], 16) for name in ('CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb')}
[list(rights), status['NoNewPrivs'], status['Seccomp'], os.getuid(), tried(os.setuid, 0), tried(os.setgroups, [])]
"""
    assert inside(code) == [[0], "1", "2", 1000, "EINVAL", "EPERM"]


@pytest.mark.parametrize(
    ("attempt", "answer"),
    [
        ("call('unshare', 0x10000000)", "EPERM"),
        ("call('mount', b'tmpfs', b'/usr', b'tmpfs', 0, None)", "EPERM"),
        ("call('umount2', b'/proc', 2)", "EPERM"),
        ("call('mount', None, b'/', None, 0x1020, None)", "EPERM"),
        ("call('chroot', b'/')", "EPERM"),
        ("call('ptrace', 16, 1, 0, 0)", "EPERM"),
        ("call('setns', 0, 0)", "EPERM"),
        ("call('syscall', 250, 0, -3, 0)", "EPERM"),
        ("call('syscall', 248, b'user', b'x', b'y', 1, -3)", "EPERM"),
        ("call('syscall', 321, 0, 0, 0)", "EPERM"),
        ("call('syscall', 298, 0, 0, -1, -1, 0)", "EPERM"),
        ("call('syscall', 323, 1)", "EPERM"),
        ("call('syscall', 425, 8, 0)", "ENOSYS"),
        ("call('syscall', 435, 0, 0)", "ENOSYS"),
        ("call('syscall', 442, -100, b'/', 0, 0, 0)", "ENOSYS"),
        ("tried(os.memfd_create, 'x')", "ENOSYS"),
        ("tried(os.open, '/dev/tty', os.O_RDWR)", "ENXIO"),
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
def test_the_kernel_is_asked_for_more_in_vain(inside: Inside, attempt: str, answer: str) -> None:
    assert inside(attempt) in ({answer, "ENOENT"} if "tty" in attempt else {answer})


def test_limits_are_there_and_are_not_raised(inside: Inside) -> None:
    code = """
names = ['RLIMIT_DATA', 'RLIMIT_CPU', 'RLIMIT_NPROC', 'RLIMIT_FSIZE', 'RLIMIT_NOFILE', 'RLIMIT_CORE']
def raised(name):
    try:
        resource.setrlimit(getattr(resource, name), (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (ValueError, OSError):
        return False
    return True
[{name: resource.getrlimit(getattr(resource, name)) for name in names}, [name for name in names if raised(name)]]
"""
    limits, raised = inside(code)
    wanted = {name: list(bounds) for name, bounds in SMALL.rlimits().items()}
    assert all(limits[name][1] <= wanted[name][1] for name in wanted)
    assert limits["RLIMIT_CORE"] == [1, 1]
    assert raised == []


def test_only_its_own_files_are_open(inside: Inside) -> None:
    assert inside("[name for name in os.listdir('/proc/self/fd') if int(name) > 2]") in (["3"], [])


def test_a_library_that_asks_who_it_runs_for_is_answered(inside: Inside) -> None:
    assert inside("import getpass\n[getpass.getuser(), os.path.expanduser('~') == os.getcwd()]") == ["model", True]


def test_python_starts_through_any_number_of_links(
    walls: Launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "python").symlink_to(sys.executable)
    (tmp_path / "one" / "python").symlink_to("../two/python")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "one" / "python"))
    assert Inside(walls, tmp_path / "one", tmp_path / "scratch")("sys.executable").endswith("one/python")


def test_the_machine_is_not_named(inside: Inside) -> None:
    assert inside("[socket.gethostname(), os.environ.get('USER'), os.environ.get('PWD')]") == ["model", None, None]


def test_it_may_start_programs_and_threads(inside: Inside) -> None:
    code = """
import threading
said = []
thread = threading.Thread(target=said.append, args=(1,))
thread.start(); thread.join()
[said, subprocess.run(['sh', '-c', 'echo shell'], capture_output=True, text=True).stdout]
"""
    assert inside(code) == [[1], "shell\n"]


def test_how_it_ended_is_told_as_a_shell_tells_it(inside: Inside) -> None:
    for code, status in (("os._exit(7)", 7), ("os.kill(os.getpid(), 11)", 139), ("os.kill(os.getpid(), 9)", 137)):
        command = Command((sys.executable, "-c", f"import os; {code}"), (), inside.scratch, ())
        with inside.walls.launch(command) as process:
            process.communicate(timeout=60)
        assert process.returncode == status


def test_a_folder_behind_a_symbolic_link_is_shown_under_both_names(walls: Launcher, tmp_path: Path) -> None:
    real, scratch = tmp_path / "real", tmp_path / "scratch"
    real.mkdir()
    scratch.mkdir()
    (real / "weights").write_text("1 2 3")
    (tmp_path / "link").symlink_to(real)
    inside = Inside(walls, tmp_path / "link", scratch)
    assert (
        inside(f"[Path({str(tmp_path)!r}, name, 'weights').read_text() for name in ('real', 'link')]") == ["1 2 3"] * 2
    )


def test_a_symbolic_link_out_of_the_folder_leads_nowhere(inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY)
    (inside.shown / "out").symlink_to(tmp_path / "secret")
    (inside.shown / "up").symlink_to("../secret")
    assert inside(f"[tried(Path({str(inside.shown)!r}, name).read_text) for name in ('out', 'up')]") == ["ENOENT"] * 2


def test_names_that_look_like_options_or_commands_are_names(walls: Launcher, tmp_path: Path) -> None:
    for name in ("--bind", "$(touch owned)", "a b\tc", 'quote"', "ünï", "new\nline"):
        shown, scratch = tmp_path / name, tmp_path / f"scratch {name}"
        shown.mkdir()
        scratch.mkdir()
        (shown / "x").write_text("here")
        assert Inside(walls, shown, scratch)(f"Path({str(shown)!r}, 'x').read_text()") == "here"
