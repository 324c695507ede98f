"""Ask the installed libraries for the hard derivatives and print who is right.

python -m benchmarks.hard_derivatives                          every library that can be imported
python -m benchmarks.hard_derivatives --library jax            one of them (may be repeated)
python -m benchmarks.hard_derivatives --python OTHER/bin/python   libraries of another environment
python -m benchmarks.hard_derivatives --case softplus          cases whose name contains this
python -m benchmarks.hard_derivatives --specification          the stable form of every case
python -m benchmarks.hard_derivatives --store                  compute the truths of all cases and store them
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence

import numpy as np

from .adapters import RUNNERS, Results, evaluate
from .case import Case
from .cases import CASES, FAMILIES

NOT_INSTALLED = 3


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hard_derivatives", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--library", action="append", choices=list(RUNNERS), help="may be repeated")
    parser.add_argument("--python", action="append", metavar="PATH", help="a Python to run libraries in")
    parser.add_argument("--case", default="", metavar="TEXT", help="only cases whose name contains TEXT")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--specification", action="store_true", help="print the stable form of every case")
    parser.add_argument("--store", action="store_true", help="compute and store the truths of all cases")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one library")
    parser.add_argument("--evaluate", choices=list(RUNNERS), help=argparse.SUPPRESS)
    return parser.parse_args()


def _print_evaluation(library: str, cases: Sequence[Case]) -> int:
    """Run in the child process: print the answers of one library as one line of JSON."""
    try:
        answers = evaluate(library, cases)
    except ImportError:
        return NOT_INSTALLED
    plain = {
        name: answer if isinstance(answer, str) else [array.tolist() for array in answer]
        for name, answer in answers.items()
    }
    print("\n" + json.dumps(plain))
    return 0


def _ask(python: str, library: str, text: str, timeout: float) -> dict[str, Results | str] | None:
    """The answers of a library in its own process; None when it is not installed there.

    Raises RuntimeError when the process fails, subprocess.TimeoutExpired when it takes too long.
    """
    command = [python, "-m", "benchmarks.hard_derivatives", "--evaluate", library, "--case", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode == NOT_INSTALLED:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"{library} in {python} ended with status {done.returncode}:\n{done.stderr}")
    answers = json.loads(done.stdout.splitlines()[-1])
    return {
        name: answer if isinstance(answer, str) else [np.asarray(values) for values in answer]
        for name, answer in answers.items()
    }


def _print_specification() -> None:
    for family in FAMILIES:
        print(f"\n{family.title}")
        for case in family.cases:
            print(f"  {case.name}: {case.stable}")


def main() -> int:
    """Run the program; the exit status is 2 when no library was found."""
    arguments = _arguments()
    cases = [case for case in CASES if arguments.case in case.name]
    if arguments.evaluate:
        return _print_evaluation(arguments.evaluate, cases)
    if arguments.store:
        from .truth import store_truths

        store_truths(CASES)
        return 0
    if arguments.specification:
        _print_specification()
        return 0

    # Judging needs mpmath and rich, which the environment of a library need not have.
    from .judge import Verdict, judge, wrong
    from .report import as_json, print_table

    verdicts: dict[str, dict[str, Verdict]] = {}
    for library in arguments.library or RUNNERS:
        for python in arguments.python or [sys.executable]:
            answers = _ask(python, library, arguments.case, arguments.timeout)
            if answers is None:
                continue
            column = {}
            for case in cases:
                answer = answers[case.name]
                column[case.name] = wrong(case, answer) if isinstance(answer, str) else judge(case, answer)
            verdicts[library] = column
            break
    if not verdicts:
        print("none of the libraries asked for is installed", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(as_json(verdicts), indent=1))
    else:
        print_table(verdicts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
