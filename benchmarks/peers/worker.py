"""One library in a process of its own: builds the workloads, then measures a round for each line it reads.

Usage: python -m peers.worker MODULE STYLE [SUITE], where SUITE is the ending of the module of workloads
("programs" unless given; then their data are in SUITE_data.py). Writes JSON lines: first {"ready": seconds,
"version": ..., "totals": sums of results}, then medians in microseconds by workload. What libraries print
goes to stderr.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any


def total(result: Any) -> float:
    """The sum of a result's magnitudes, whatever arrays it is made of."""
    import numpy as np

    parts = result if isinstance(result, (list, tuple)) else [result]
    return float(sum(np.abs(np.asarray(part, dtype=np.float64)).sum() for part in parts))


def main() -> None:
    name, style = sys.argv[1:3]
    suite = sys.argv[3] if len(sys.argv) > 3 else "programs"
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    started = time.perf_counter()
    data = importlib.import_module("peers.data" if suite == "programs" else f"peers.{suite}_data")
    library = importlib.import_module("croton" if name == "hand" else name)
    programs = importlib.import_module(f"peers.{name}_{suite}").programs(style)
    results = {workload: call() for workload, call in programs.items()}
    ready = time.perf_counter() - started
    totals = {workload: total(results[workload]) for workload in data.COMPARED if workload in programs}
    version = str(getattr(library, "__version__", ""))
    print(json.dumps({"ready": ready, "version": version, "totals": totals}), file=answers)
    for _ in sys.stdin:
        print(
            json.dumps({w: data.median_microseconds(w, call) for w, call in programs.items()}), file=answers
        )


main()
