"""The rules that keep values and derivatives finite and accurate, table after table, in the order tried."""

from __future__ import annotations

from functools import lru_cache

from croton.graph.graph import Graph
from croton.rewrite.cancellation import CANCELLATIONS
from croton.rewrite.canonical import CANONICAL
from croton.rewrite.engine import Rule, RuleSet, rewrite
from croton.rewrite.logarithms import LOGARITHMS
from croton.rewrite.powers import POWERS
from croton.rewrite.ratios import RATIOS

TABLES: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("canonical", CANONICAL),
    ("powers", POWERS),
    ("ratios", RATIOS),
    ("cancellations", CANCELLATIONS),
    ("logarithms", LOGARITHMS),
)


@lru_cache(maxsize=64)
def rule_set(disabled: frozenset[str] = frozenset()) -> RuleSet:
    """All rules but those whose name, or whose table's name, is disabled."""
    return RuleSet((table for name, table in TABLES if name not in disabled), tuple(disabled))


def stabilized(graph: Graph, disabled: frozenset[str] = frozenset()) -> Graph:
    """The graph after every rule has had its say."""
    return rewrite(graph, rule_set(disabled))
