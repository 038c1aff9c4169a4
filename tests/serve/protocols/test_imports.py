"""What stands before callers stays small: reading a request needs no MLflow. (Arrow itself imports pandas.)"""

from __future__ import annotations

import subprocess
import sys

_ASK = """
import sys
from gatehouse.registry.signature import Column, Scalar, Signature
from gatehouse.serve.protocols import inference, outputs, scoring
signature = Signature((Column("a", Scalar("double")), Column("w", Scalar("datetime"))))
scoring.Reader(signature).read(b'{"inputs": {"a": [1], "w": ["2024-02-29"]}}', "application/json")
scoring.Reader(signature).read(b"a,w\\n1,2024-02-29\\n", "text/csv")
print(sorted({"mlflow", "sklearn", "duckdb"} & set(sys.modules)))
"""


def test_mlflow_is_not_imported_to_read_a_request() -> None:
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
