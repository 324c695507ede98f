"""C text -> shared library: compilers, flags, and the on-disk cache."""

from croton.toolchain.build import (
    CompileError,
    Counters,
    NoCompilerError,
    build,
    build_executable,
    compilations,
    digest,
    load,
)
from croton.toolchain.cache import Cache, CacheError, CacheWarning, Entry, default_cache
from croton.toolchain.compilers import Compiler, CompilerWarning, find_compiler
from croton.toolchain.cpu import Processor, processor

__all__ = [
    "Cache",
    "CacheError",
    "CacheWarning",
    "CompileError",
    "Compiler",
    "CompilerWarning",
    "Counters",
    "Entry",
    "NoCompilerError",
    "Processor",
    "build",
    "build_executable",
    "compilations",
    "default_cache",
    "digest",
    "find_compiler",
    "load",
    "processor",
]
