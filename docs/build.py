"""Builds the API documentation from docstrings with pdoc; any warning is an error.

Usage: python docs/build.py FOLDER
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pdoc
import pdoc.render

import croton  # an editable installation is built now, not while pdoc looks at it

for name in croton.__all__:  # pdoc does not find what is imported when it is first used
    setattr(croton, name, getattr(croton, name))

# pdoc evaluates annotations inside the class: there `type` is the field of a value, not the builtin, and the
# fields of a named tuple are looked up in the wrong module. The pages show these annotations as written.
HARMLESS = ("ClassVar[type[Value]] for croton.", "for croton.frontends.derivation.Record.__init__")


def main() -> int:
    folder = Path(sys.argv[1])
    pdoc.render.configure(docformat="google", footer_text="Croton")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pdoc.pdoc("croton", output_directory=folder)
    caught = [warning for warning in caught if not any(text in str(warning.message) for text in HARMLESS)]
    for warning in caught:
        print(f"warning: {warning.message}", file=sys.stderr)
    pages = len(list(folder.rglob("*.html")))
    print(f"{pages} pages in {folder}")
    return 1 if caught else 0


if __name__ == "__main__":
    sys.exit(main())
