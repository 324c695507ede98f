"""`python examples`: the first programs one after the other, where their C lies, and what else there is."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path

import custom_sine
import dense_gradients
import dense_layer
import digits
import keras_digits
from rich.console import Console

PROGRAMS = (
    ("A dense sigmoid layer", dense_layer),
    ("Gradients of its mean square", dense_gradients),
    ("A sine with a derivative of one's own", custom_sine),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python examples", description=__doc__)
    parser.add_argument("--epochs", type=int, default=30, help="of training the classifier of digits")
    parser.add_argument("--keras-epochs", type=int, default=5, help="of training the Keras model")
    parser.add_argument("--build", type=Path, default=Path("build/demo"), help="where the C is written")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    console.rule("[bold]A Keras model, on every backend that is installed[/]  examples/keras_digits.py")
    keras_digits.compare(arguments.keras_epochs, console)
    console.rule("[bold]A classifier trained through compiled code[/]  examples/digits.py")
    report = digits.run(arguments.epochs, console)
    digits.show(report, console)
    for title, program in PROGRAMS:
        console.rule(f"[bold]{title}[/]  examples/{Path(program.__file__).name}")
        program.main()
    console.rule("[bold]What ran")
    show_c(report.classifier, arguments.build, console)
    console.rule("[bold]More programs, each to be run by itself")
    list_others(console)


def show_c(classifier: digits.Classifier, folder: Path, console: Console) -> None:
    """Writes the C of the classifier's two functions, and says where it and the libraries lie."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, function in (("train_step", classifier.train_step), ("predict", classifier.predict)):
        source = folder / f"{name}.c"
        source.write_text(function.c_source())
        lines = len(source.read_text().splitlines())
        library = function.owner.path if function.owner is not None else "none: interpreted by NumPy"
        console.print(f"{name}: {lines:,} lines of C in [bold]{source}[/]", soft_wrap=True)
        console.print(f"    compiled to {library}", soft_wrap=True)


def list_others(console: Console) -> None:
    """Says of each program that was not run what it is."""
    run = {
        Path(program.__file__) for program in (keras_digits, digits, *(program for _, program in PROGRAMS))
    }
    for path in sorted(set(Path(__file__).parent.glob("*.py")) - run - {Path(__file__)}):
        summary = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
        console.print(f"[bold]examples/{path.name}[/]", soft_wrap=True)
        console.print(f"    {summary}", soft_wrap=True)


if __name__ == "__main__":
    main()
