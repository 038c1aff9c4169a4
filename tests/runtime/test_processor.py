"""What the kernel says of a family's time on the processor, on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatehouse.runtime.processor import Spent, of_family, of_this_thread

SPIN = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass\ninput()"
pytestmark = pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel keeps no schedstat")


def test_work_of_a_process_and_its_children_is_counted() -> None:
    with subprocess.Popen(["sh", "-c", f"{sys.executable} -c '{SPIN}'; true"], stdin=subprocess.PIPE) as process:
        while of_family(process.pid).worked < 0.2:
            assert process.poll() is None
        process.kill()


def test_who_is_gone_has_spent_nothing() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert of_family(process.pid) == Spent(0.0, 0.0)


def test_sleeping_is_neither_work_nor_waiting() -> None:
    before = of_this_thread()
    subprocess.run(["sleep", "0.3"], check=True)
    spent = of_this_thread() - before
    assert spent.worked < 0.3


def test_who_shares_a_processor_waits_for_it() -> None:
    (first, *_) = sorted(os.sched_getaffinity(0))
    pin = f"import os; os.sched_setaffinity(0, [{first}])\nwhile True: pass"
    both = [subprocess.Popen([sys.executable, "-c", pin]) for _ in range(2)]
    try:
        while of_family(both[0].pid).waited < 0.1:
            assert both[0].poll() is None
    finally:
        for process in both:
            process.kill()
            process.wait()
