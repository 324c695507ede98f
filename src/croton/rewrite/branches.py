"""What only one branch needs is computed inside it, so that the branch not taken costs nothing."""

from __future__ import annotations

from collections.abc import Sequence

from croton.graph import dims
from croton.graph.graph import Graph, copy_graph, transform
from croton.graph.values import Constant, Equation, Value
from croton.ops.control import Cond, size_carriers


def sink_into_branches(graph: Graph) -> Graph:
    """The graph with every equation that one branch of a Cond alone reads moved into that branch.

    The last Cond is dealt with first: it may take others in, which are dealt with inside.
    """
    done: set[int] = set()
    while True:
        place = next(
            (
                number
                for number in range(len(graph.equations) - 1, -1, -1)
                if isinstance(graph.equations[number].op, Cond) and id(graph.equations[number]) not in done
            ),
            None,
        )
        if place is None:
            return graph
        graph = _sunk(graph, graph.equations[place], done)


def _sunk(graph: Graph, cond: Equation, done: set[int]) -> Graph:
    """The graph with one Cond extended; what is made is noted in `done`."""
    exclusive = [_exclusive(graph, cond, branch) for branch in (0, 1)]
    if not any(exclusive):
        done.add(id(cond))
        return graph
    extended = _extended(cond, exclusive)
    done.add(id(extended))
    return transform(graph, lambda equation: extended.outputs if equation is cond else None)


def _branch_graph(cond: Equation, branch: int) -> Graph:
    op = cond.op
    assert isinstance(op, Cond)
    return (op.chosen, op.other)[branch]


def _operands_read(cond: Equation, branch: int) -> set[Value]:
    """Operands that a branch reads."""
    graph = _branch_graph(cond, branch)
    read = {operand for equation in graph.equations for operand in equation.inputs} | set(graph.outputs)
    pairs = zip(graph.inputs, cond.inputs[1:], strict=True)
    return {operand for inside, operand in pairs if inside in read}


def _exclusive(graph: Graph, cond: Equation, branch: int) -> list[Equation]:
    """Equations that nothing but one branch of a Cond needs, in order."""
    only = _operands_read(cond, branch) - _operands_read(cond, 1 - branch) - {cond.inputs[0]}
    shared = set(graph.outputs) | (set(cond.inputs) - only)
    found: dict[Equation, None] = {}
    named = dims.runtime_symbols(size for output in cond.outputs for size in output.type.shape)
    named |= dims.runtime_symbols(_branch_graph(cond, 1 - branch).free_dims())
    before = False
    for equation in reversed(graph.equations):
        if equation is cond:
            before = True
            continue
        bound = set(equation.bound_symbols())
        readers = [reader for output in equation.outputs for reader in graph.consumers.get(output, [])]
        if (
            before
            and (readers or bound)
            and not any(output in shared for output in equation.outputs)
            and all(reader in found or reader is cond for reader in readers)
            and not bound & named
        ):
            found[equation] = None
        else:
            named |= _symbols_of(equation)
    return list(reversed(found))


def _symbols_of(equation: Equation) -> set[dims.Symbol]:
    """The runtime sizes that an equation names."""
    sizes = [size for output in equation.outputs for size in output.type.shape]
    sizes += equation.op.parameter_dims()
    sizes += [side for guard in equation.guards for side in (guard.left, guard.right)]
    return dims.runtime_symbols(sizes)


def _extended(cond: Equation, exclusive: Sequence[Sequence[Equation]]) -> Equation:
    """The Cond with these equations inside its branches."""
    bodies = []
    boundary: dict[Value, None] = {}
    for branch, moved in enumerate(exclusive):
        graph = _branch_graph(cond, branch)
        inlined = copy_graph(graph, dict(zip(graph.inputs, cond.inputs[1:], strict=True)))
        equations = (*moved, *inlined.equations)
        made = {output for equation in equations for output in equation.outputs}
        read = [*(operand for equation in equations for operand in equation.inputs), *inlined.outputs]
        outside = dict.fromkeys(v for v in read if v not in made and not isinstance(v, Constant))
        boundary.update(outside)
        boundary.update(dict.fromkeys(size_carriers(equations, list(outside))))
        bodies.append(Graph((), inlined.outputs, equations))
    stand_ins = {value: Value.factory(value.type) for value in boundary}
    branches = []
    for body in bodies:
        renewed = copy_graph(body, stand_ins, body.fresh_sizes())
        branches.append(Graph.of(list(stand_ins.values()), renewed.outputs, renewed.equations))
    types = [output.type for output in cond.outputs]
    return Equation(Cond(*branches), [cond.inputs[0], *boundary], types, cond.guards, cond.location)
