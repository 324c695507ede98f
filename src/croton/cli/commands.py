"""What the command line offers; each command says what it is in its help."""

from __future__ import annotations

from typing import Annotated

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


def _console() -> Console:
    return Console(highlight=False)


def _print_json(facts: object) -> None:
    import json

    typer.echo(json.dumps(facts, indent=2))
