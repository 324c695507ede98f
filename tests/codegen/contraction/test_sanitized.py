"""No kernel reads or writes outside its arrays, or does what C leaves undefined."""

from __future__ import annotations

import subprocess

import pytest
from contraction_harness import HERE, build, unit_text

from croton.codegen.contraction import ContractionSpec, contraction_kernel

FLAGS = ["-O1", "-g", "-march=native", "-ffp-contract=off", "-fopenmp-simd", "-std=gnu11", "-Wno-psabi"]
FLAGS += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

SHARED = ContractionSpec("float32")
THIN = ContractionSpec("float32", None, 10, 5, "row", "row")
SPECS = (
    SHARED,
    ContractionSpec("float64"),
    ContractionSpec("int32"),
    THIN,
    ContractionSpec("float64", None, 13, None, "any", "row"),
    ContractionSpec("float32", None, 64, 7, "any", "any"),
)
#: The tiles of other machines: their vectors are put together from what this one has.
MACHINES = ("-D__AVX512F__", "-D__aarch64__", "-U__AVX512F__ -U__AVX__ -U__aarch64__")


@pytest.mark.parametrize(
    ("spec", "machine"),
    [*((spec, "") for spec in SPECS), *((spec, machine) for spec in (SHARED, THIN) for machine in MACHINES)],
    ids=str,
)
def test_sanitizers_find_nothing(spec: ContractionSpec, machine: str) -> None:
    kernel = contraction_kernel(spec)
    definitions = {
        "KERNEL": kernel.function,
        "TYPE": {"float32": "float", "float64": "double", "int32": "int"}[spec.dtype],
        "FIXED_N": -1 if spec.n is None else spec.n,
        "FIXED_K": -1 if spec.k is None else spec.k,
        "FIXED_A_ROW": int(spec.a_layout == "row"),
        "FIXED_B_ROW": int(spec.b_layout == "row"),
    }
    lines = "".join(f"#define {name} {value}\n" for name, value in definitions.items())
    program = build(
        unit_text(kernel) + lines + (HERE / "sanitized.c").read_text(), [*FLAGS, *machine.split()], suffix=""
    )
    done = subprocess.run([program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
