"""Builds the API documentation from docstrings with pdoc; any warning is an error.

Usage: python docs/build.py FOLDER
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render

import croton  # here, so that an editable installation is built before pdoc looks at it

SOURCE = Path(croton.__file__).parent


def modules() -> list[str]:
    """Names of all modules: an editable installation does not list them."""
    files = sorted(SOURCE.rglob("*.py"))
    names = [".".join(("croton", *file.relative_to(SOURCE).with_suffix("").parts)) for file in files]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def main() -> int:
    folder = Path(sys.argv[1])
    pdoc.render.configure(docformat="google", footer_text="Croton")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pdoc.pdoc(*modules(), output_directory=folder)
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    pages = len(list(folder.rglob("*.html")))
    print(f"{pages} pages in {folder}")
    return 1 if caught else 0


if __name__ == "__main__":
    sys.exit(main())
