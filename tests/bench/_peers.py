"""What people use now, timed in its own interpreter: ``python _peers.py PEER DATA.npz`` prints seconds and figures.

Runs alone (the peers may live in another environment, without gatehouse), so it imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np


def sklearn_auc(data: Any) -> tuple[float, list[float]]:
    from sklearn.metrics import roc_auc_score

    start = time.perf_counter()
    value = roc_auc_score(data["label"], data["candidate"])
    return time.perf_counter() - start, [float(value)]


def fairlearn(data: Any) -> tuple[float, list[float]]:
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import roc_auc_score

    label, score = data["label"], data["candidate"]
    names = np.array(list("abcdef"))[data["group"]]
    start = time.perf_counter()
    decided = (score >= 0.5).astype(int)
    rates = {"selection_rate": selection_rate, "tpr": true_positive_rate, "fpr": false_positive_rate}
    by_rate = MetricFrame(metrics=rates, y_true=label, y_pred=decided, sensitive_features=names).by_group
    area = MetricFrame(metrics=roc_auc_score, y_true=label, y_pred=score, sensitive_features=names).by_group
    seconds = time.perf_counter() - start
    figures = [*area.sort_index(), *(value for name in rates for value in by_rate[name].sort_index())]
    return seconds, [float(value) for value in figures]


def evidently(data: Any) -> tuple[float, list[float]]:
    import pandas as pd
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    names = [f"f{index:02}" for index in range(30)]
    before, after = (pd.DataFrame(data[side], columns=names) for side in ("training", "production"))
    definition = DataDefinition(numerical_columns=names)
    start = time.perf_counter()
    current = Dataset.from_pandas(after, data_definition=definition)
    reference = Dataset.from_pandas(before, data_definition=definition)
    report = Report([DataDriftPreset(num_method="psi", num_threshold=0.1)]).run(current, reference)
    found = report.dict()
    seconds = time.perf_counter() - start
    by_name = {
        str(metric["metric_name"]): metric["value"] for metric in found["metrics"] if "ValueDrift" in str(metric)
    }
    return seconds, [float(next(v for k, v in by_name.items() if name in k)) for name in names]


def mlflow_metrics(data: Any) -> tuple[float, list[float]]:
    import mlflow
    import pandas as pd

    table = pd.DataFrame({"label": data["label"], "prediction": (data["candidate"] >= 0.5).astype(int)})
    start = time.perf_counter()
    found = mlflow.models.evaluate(
        data=table, targets="label", predictions="prediction", model_type="classifier", evaluators="default"
    ).metrics
    seconds = time.perf_counter() - start
    return seconds, [float(found[name]) for name in ("accuracy_score", "precision_score", "recall_score", "f1_score")]


PEERS: dict[str, Callable[[Any], tuple[float, list[float]]]] = {
    "scikit-learn": sklearn_auc,
    "fairlearn": fairlearn,
    "evidently": evidently,
    "mlflow": mlflow_metrics,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    taken, values = PEERS[sys.argv[1]](np.load(sys.argv[2]))
    sys.stdout.write("\n" + json.dumps({"seconds": taken, "figures": values}) + "\n")
