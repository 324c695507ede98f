"""What the command line offers; each command says what it is in its help."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console

from croton.cli import views

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Croton: a compiler for array programs.",
)
cache_app = typer.Typer(invoke_without_command=True, help="Compiled code remembered on disk.")
app.add_typer(cache_app, name="cache")

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs to read.")]


@app.command()
def doctor(as_json: _AsJson = False) -> None:
    """What this machine offers to compiled code, and whether compiling works. Status 1 when it does not."""
    from croton.toolchain.doctor import report

    facts = report()
    if as_json:
        _print_json(facts)
    else:
        _console().print(views.doctor(facts))
    if not facts["works"]["compiles"]:
        raise typer.Exit(1)


@cache_app.callback()
def cache_default(context: typer.Context) -> None:
    """Compiled code remembered on disk; lists it when no command is given."""
    if context.invoked_subcommand is None:
        list_entries()


@cache_app.command("list")
def list_entries(
    limit: Annotated[int, typer.Option(min=1, help="How many of the entries used last.")] = 20,
    as_json: _AsJson = False,
) -> None:
    """The entries, last used first."""
    from croton.toolchain import default_cache

    cache = default_cache()
    entries = cache.entries()[::-1]
    if as_json:
        shown = [{"path": str(entry.path), "bytes": entry.size} for entry in entries[:limit]]
        _print_json({"directory": str(cache.root), "entries": shown})
    else:
        _console().print(views.entries(str(cache.root), entries, limit))


@cache_app.command("size")
def show_size(as_json: _AsJson = False) -> None:
    """Where the cache is, how large it is, and how large it may grow."""
    from croton.toolchain import default_cache

    cache = default_cache()
    entries = cache.entries()
    total = sum(entry.size for entry in entries)
    if as_json:
        _print_json(
            {"directory": str(cache.root), "entries": len(entries), "bytes": total, "limit": cache.limit}
        )
    else:
        limit = views.size(cache.limit)
        typer.echo(f"{len(entries)} entries, {views.size(total)} of at most {limit}, in {cache.root}")


@cache_app.command("clear")
def clear() -> None:
    """Remove every entry; programs that run now are not disturbed."""
    from croton.toolchain import default_cache

    cache = default_cache()
    total = cache.size()
    removed = cache.clear()
    typer.echo(f"removed {removed} entries, {views.size(total)}, from {cache.root}")


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, help="Times that both are measured in turn.")] = 5,
    as_json: _AsJson = False,
) -> None:
    """Six small programs in Croton and in NumPy, on this machine, in a few seconds.

    The source tree compares with TensorFlow, JAX, PyTorch and PyTensor: `python -m benchmarks.micro`.
    """
    from croton.cli.comparison import compare

    measured = compare(rounds)
    if as_json:
        _print_json([row.as_dict() for row in measured])
    else:
        _console().print(views.comparison(measured))


@app.command()
def export(
    function: Annotated[str, typer.Argument(help="MODULE:NAME or FILE.py:NAME of a compiled function.")],
    directory: Annotated[str, typer.Argument(help="Folder for the C files; made if need be.")],
    name: Annotated[str | None, typer.Option(help="Name of the C function.")] = None,
) -> None:
    """Write a compiled function as C that builds and runs without Python."""
    found = _load(function)
    if not hasattr(found, "export"):
        raise typer.BadParameter(f"{function} is a {type(found).__name__}, not a compiled function")
    for path in found.export(directory, name):
        typer.echo(path)


def _load(place: str) -> Any:
    """The object that MODULE:NAME or FILE.py:NAME says."""
    import importlib
    import runpy
    import sys

    module, colon, name = place.rpartition(":")
    if not colon or not module or not name:
        raise typer.BadParameter(f"expected MODULE:NAME or FILE.py:NAME, got {place!r}")
    try:
        if module.endswith(".py"):
            return runpy.run_path(module, run_name="croton_export")[name]
        sys.path.insert(0, "")
        return getattr(importlib.import_module(module), name)
    except (ImportError, OSError, KeyError, AttributeError) as error:
        raise typer.BadParameter(f"cannot load {place}: {error}") from None


def _console() -> Console:
    return Console(highlight=False)


def _print_json(facts: object) -> None:
    import json

    typer.echo(json.dumps(facts, indent=2))
