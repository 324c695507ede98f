"""What processor this is: its name, its instruction sets, and an identity for cache keys."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cache

# Facts of /proc/cpuinfo that say what code a processor runs best; others change from boot to boot.
_IDENTIFYING = (
    "vendor_id",
    "cpu family",
    "model",
    "model name",
    "flags",
    "CPU implementer",
    "CPU part",
    "Features",
)


@dataclass(frozen=True)
class Processor:
    """The processor of this machine.

    Attributes:
        architecture: as ``platform.machine()`` says, such as "x86_64" or "aarch64".
        name: the maker's name for the model.
        features: instruction-set extensions, sorted.
        vector_bits: width of the widest vector registers that generated code uses.
        identity: hexadecimal digest; machine code may be shared between processors of equal identity.
    """

    architecture: str
    name: str
    features: tuple[str, ...]
    vector_bits: int
    identity: str


@cache
def processor() -> Processor:
    """Describe the processor of this machine."""
    architecture = platform.machine()
    facts = _read_cpuinfo()
    features = tuple(sorted((facts.get("flags") or facts.get("Features") or "").split()))
    name = facts.get("model name") or facts.get("CPU part") or platform.processor() or architecture
    digest = hashlib.blake2b(digest_size=16)
    for text in (architecture, *(facts.get(key, "") for key in _IDENTIFYING)):
        digest.update(text.encode() + b"\0")
    return Processor(architecture, name, features, _vector_bits(architecture, features), digest.hexdigest())


def _read_cpuinfo() -> dict[str, str]:
    """Facts about the first processor listed; empty where there is no such file."""
    facts: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:  # stop early: the kernel composes the text as it is read, core by core
                key, separator, value = line.partition(":")
                if not separator and facts:
                    break
                facts[key.strip()] = value.strip()
    except OSError:
        pass
    return facts


def _vector_bits(architecture: str, features: tuple[str, ...]) -> int:
    if "avx512f" in features:
        return 512
    if "avx" in features:
        return 256
    if architecture in ("x86_64", "AMD64", "aarch64", "arm64"):
        return 128
    return 64
