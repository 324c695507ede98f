"""Functions in many processes: what one compiled the others find; what is broken is made again."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import croton as ct
import croton.tensor as T

PROGRAM = """
import warnings
import numpy as np
import croton as ct, croton.tensor as T
from croton.toolchain import compilations
x = T.dmatrix("x")
w = ct.shared(np.eye(3), "w")
cost = T.sum(T.softmax(x @ w) ** 2)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    train = ct.function([x], cost, updates=[(w, w - 0.1 * ct.grad(cost, w))])
    apply = ct.function([x], T.tanh(x @ w))
array = np.arange(6.0).reshape(2, 3)
value = sum(float(train(array)) for _ in range(3)) + float(apply(array).sum())
counted = compilations()
print(repr(round(value, 9)), compilations().compiled)
print([str(w.category.__name__) for w in caught])
"""


def start(cache: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "CROTON_CACHE_DIR": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str]) -> tuple[str, int, str]:
    """What it computed, how often it ran the compiler, and the warnings it saw."""
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    first, second = out.splitlines()
    value, count = first.split()
    return value, int(count), second


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache that one process has filled, and what that process found."""
    folder = tmp_path_factory.mktemp("cache")
    return folder, result(start(folder))


def test_a_second_process_compiles_nothing(cache):
    folder, (value, count, warned) = cache
    assert count > 0
    assert result(start(folder)) == (value, 0, "[]")
    assert warned == "[]"


def test_eight_processes_at_once_with_nothing_in_the_cache(cache, tmp_path):
    processes = [start(tmp_path) for _ in range(8)]
    assert {result(process)[0] for process in processes} == {cache[1][0]}


def test_damaged_files_are_made_again(cache, tmp_path):
    value = result(start(tmp_path))[0]
    damaged = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert damaged
    for path in damaged:
        data = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(data[: len(data) // 2])
    assert result(start(tmp_path))[0] == value == cache[1][0]


def test_without_a_compiler_numpy_does_the_work_and_says_so_once(cache, tmp_path):
    value, count, warned = result(start(tmp_path, CROTON_CC="none"))
    assert (value, count) == (cache[1][0], 0)
    assert warned == "['RuntimeWarning']"


def test_a_child_of_a_process_that_used_functions_can_use_them():
    x = T.dmatrix("x")
    w = ct.shared(np.ones((200, 200)), "w")
    f = ct.function([x], T.tanh(x @ w).sum(), updates=[(w, w * 0.5)])
    array = np.ones((300, 200)) / 1000
    f(array)
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def child() -> None:
        sending.send(float(f(array)))

    process = context.Process(target=child)
    process.start()
    assert receiving.poll(60), "the child hangs"
    found = receiving.recv()
    process.join(60)
    assert process.exitcode == 0
    assert found == float(f(array))  # state is the child's own
