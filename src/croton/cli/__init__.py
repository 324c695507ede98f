"""The command line: `croton doctor`, `croton cache`, `croton bench`.

Typer and rich are imported by `main` only, so that nothing else pays for them.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line of this process."""
    from croton.cli.commands import app

    app()
