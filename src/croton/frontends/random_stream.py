"""Streams of random numbers whose states are shared variables: every call of a function draws anew.

A state is a key of `croton.ops.random`, uint64 of shape (2,): the first word names the variable drawn, the
second counts the calls. So the numbers of a call are known from the seed and the number of the call alone, a
state can jump to any call at once, and streams of different seeds never meet.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from croton.frontends.config import config
from croton.frontends.variables import SharedVariable
from croton.graph.dtypes import INT64
from croton.graph.errors import ShapeError
from croton.graph.values import NDArray, Value
from croton.ops import base, discrete_distributions, distributions, random
from croton.ops.base import Array
from croton.tensor.random import CONTINUOUS

_SPLITTING = 0xD1B54A32D192ED03  # sets the seeds of parallel streams apart from the states of this one


class StreamState(np.ndarray[Any, Any]):
    """The value of a random state: uint64 (2,), which can be seeded as generators are."""

    def seed(self, number: int) -> None:
        """Starts the sequence of this number."""
        self[...] = random.key(number).data

    def get_state(self) -> NDArray:
        """The state as a plain array."""
        return np.array(self)

    def set_state(self, state: NDArray) -> None:
        """Takes the state that `get_state` gave."""
        self[...] = state


class RandomState(SharedVariable):
    """The state of one random variable; it advances whenever a function that reads it is called."""

    def __init__(self, value: NDArray, name: str | None = None) -> None:
        super().__init__(value, name, None)
        from croton.ops.arithmetic import add

        self.following: Value = add(self, np.array([0, 1], np.uint64))
        self.default_update = self.following

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> StreamState:
        """The current state: a copy, or with `borrow` the buffer itself."""
        return super().get_value(borrow).view(StreamState)

    def seed(self, number: int) -> None:
        """Starts the sequence of this number."""
        self.set_value(random.key(number).data)


class RandomStream:
    """Random variables, each with a state of its own that all functions using it advance.

    seed: a number of up to 128 bits; None takes entropy from the operating system. Methods take the size
    first and give a variable `rv` with `rv.rng`, its state, and `rv.update`, the pair (state, next state).

    Sizes are ints or symbolic; None: the shape of the parameters together. Floats are of dtype
    `config.floatX` unless another is given. `ndim` is only checked, and `nstreams` ignored: any number of
    threads gives the same numbers.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.state_updates: list[tuple[RandomState, Value]] = []
        self.seed(seed)

    def seed(self, seed: int | None = None) -> None:
        """Starts this stream anew, with all variables drawn from it."""
        number = int.from_bytes(os.urandom(16), "little") if seed is None else seed
        first, second = (int(word) for word in random.key(number).data)
        self._key = (first, second)
        for position, (state, _) in enumerate(self.state_updates):
            state.set_value(self._first_state(position))

    def updates(self) -> list[tuple[RandomState, Value]]:
        """The pairs (state, next state) of all variables; functions apply them by themselves."""
        return list(self.state_updates)

    def jump(self, calls: int = 1 << 40) -> None:
        """Moves all variables on as if functions had drawn each of them `calls` times more, or fewer.

        Raises:
            TypeError: not an int.
        """
        if isinstance(calls, bool) or not isinstance(calls, (int, np.integer)):
            raise TypeError(f"RandomStream.jump: expected an int, got {calls!r}")
        for state, _ in self.state_updates:
            value = state.get_value()
            value[1] = (int(value[1]) + int(calls)) % (1 << 64)
            state.set_value(value)

    def split(self, number: int) -> list[RandomStream]:
        """Streams independent of this one and of each other, the same for the same seed.

        Raises:
            ValueError: not a positive int.
        """
        if isinstance(number, bool) or not isinstance(number, (int, np.integer)) or number < 1:
            raise ValueError(f"RandomStream.split: expected a positive int, got {number!r}")
        first, second = self._key
        seeds = [random.fill_pairs(first ^ _SPLITTING, second, i) for i in range(int(number))]
        return [RandomStream(int(low) | int(high) << 64) for low, high in seeds]

    def _first_state(self, position: int) -> NDArray:
        first, second = self._key
        pair = random.fill_pairs(first, second ^ _SPLITTING, position)
        return np.array([pair[0], 0], np.uint64)

    def gen(self, draw: Callable[..., Array], *args: Any, **options: Any) -> Any:
        """draw(*args, **options, key=state) for a new state: how variables are made of functions of a key."""
        state = RandomState(self._first_state(len(self.state_updates)))
        result = draw(*args, key=state, **options)
        update = (state, state.following)
        result.rng, result.update = update[0], update
        self.state_updates.append(update)
        return result

    def uniform(
        self,
        size: Any = None,
        low: object = 0.0,
        high: object = 1.0,
        ndim: int | None = None,
        dtype: object = None,
        nstreams: int | None = None,
    ) -> Any:
        """Uniform on [low, high)."""
        return self._floats(random.uniform, size, ndim, dtype, low, high)

    def normal(
        self,
        size: Any = None,
        avg: object = 0.0,
        std: object = 1.0,
        ndim: int | None = None,
        dtype: object = None,
        nstreams: int | None = None,
        truncate: bool = False,
    ) -> Any:
        """Normally distributed; `truncate` cuts off at two standard deviations."""
        draw = random.truncated_normal if truncate else random.normal
        return self._floats(draw, size, ndim, dtype, avg, std)

    def truncated_normal(
        self,
        size: Any = None,
        avg: object = 0.0,
        std: object = 1.0,
        ndim: int | None = None,
        dtype: object = None,
        nstreams: int | None = None,
    ) -> Any:
        """Normally distributed, cut off at two standard deviations."""
        return self._floats(random.truncated_normal, size, ndim, dtype, avg, std)

    def binomial(
        self,
        size: Any = None,
        n: object = 1,
        p: object = 0.5,
        ndim: int | None = None,
        dtype: object = INT64,
        nstreams: int | None = None,
        prob: object = None,
    ) -> Any:
        """How many of n trials succeed with probability p; `prob` is Theano's older name for p."""
        chance = p if prob is None else prob
        return self._drawn(discrete_distributions.binomial, size, ndim, dtype, n, chance)

    def multinomial(
        self,
        size: Any = None,
        n: object = 1,
        pvals: object = (0.5, 0.5),
        ndim: int | None = None,
        dtype: object = INT64,
        nstreams: int | None = None,
    ) -> Any:
        """How often each outcome occurs in n trials with these probabilities, along a last axis."""
        return self._drawn(discrete_distributions.multinomial, size, None, dtype, n, pvals)

    def choice(
        self,
        size: Any = None,
        a: object = 2,
        replace: bool = True,
        p: object = None,
        ndim: int | None = None,
        dtype: object = None,
        nstreams: int | None = None,
    ) -> Any:
        """Entries of `a` along its first axis, or of range(a) for an int, with probabilities p."""
        drawn = self.gen(discrete_distributions.choice, a, () if size is None else size, replace, p)
        return drawn if dtype is None else self._same(drawn, base.cast(drawn, dtype))

    def multinomial_wo_replacement(
        self, size: Any = None, n: int = 1, pvals: object = None, ndim: int | None = None, **_: Any
    ) -> Any:
        """n different indices per row of probabilities, as MRG_RandomStreams has it."""
        return self.gen(discrete_distributions.choice_without_replacement, pvals, n)

    choice_from_uniform = multinomial_wo_replacement

    def random_integers(
        self,
        size: Any = None,
        low: object = 0,
        high: object = 1,
        ndim: int | None = None,
        dtype: object = INT64,
    ) -> Any:
        """Integers from low to high, both included."""
        from croton.ops.arithmetic import add

        top = high + 1 if isinstance(high, (int, np.integer)) else add(high, 1)
        return self.integers(size, low, top, ndim, dtype)

    def integers(
        self,
        size: Any = None,
        low: object = 0,
        high: object = None,
        ndim: int | None = None,
        dtype: object = INT64,
    ) -> Any:
        """Integers from low up to, not including, high (from 0 up to low when high is None)."""
        return self.gen(random.integers, low, high, self._size(size, ndim), dtype=dtype)

    randint = integers

    def permutation(
        self, size: Any = None, n: object = 1, ndim: int | None = None, dtype: object = INT64
    ) -> Any:
        """The numbers below n in random order, along a last axis; `size`: of the other axes."""
        drawn = self.gen(discrete_distributions.permutations, () if size is None else size, n)
        return self._same(drawn, base.cast(drawn, dtype))

    def shuffle_row_elements(self, input: object) -> Any:
        """Every row (along the last axis) in a random order of its own."""
        return self.gen(discrete_distributions.shuffled, input, -1, True)

    def shuffle(self, x: object, axis: int = 0) -> Any:
        """The entries along an axis in random order, the same for all."""
        return self.gen(discrete_distributions.shuffled, x, axis, False)

    def categorical(self, logits: object, size: Any = None, axis: int = -1) -> Any:
        """Indices drawn with probabilities softmax(logits) along an axis."""
        return self.gen(random.categorical, logits, size, axis)

    def _floats(self, draw: Callable[..., Array], size: Any, ndim: int | None, dtype: object, *p: Any) -> Any:
        target = config.floatX if dtype is None else dtype
        return self._drawn(draw, size, ndim, target, *p)

    def _drawn(self, draw: Callable[..., Array], size: Any, ndim: int | None, dtype: object, *p: Any) -> Any:
        return self.gen(draw, self._size(size, ndim), *p, dtype=dtype)

    def _size(self, size: Any, ndim: int | None) -> Any:
        rank = None if size is None else len(base.as_dims(size))
        if ndim is not None and rank is not None and ndim != rank:
            raise ShapeError(f"RandomStream: ndim is {ndim}, but size has {rank} entries")
        return size

    @staticmethod
    def _same(drawn: Any, changed: Any) -> Any:
        """What was made of a variable has its state."""
        if changed is not drawn:
            changed.rng, changed.update = drawn.rng, drawn.update
        return changed


def _method(name: str, floating: bool) -> Callable[..., Any]:
    module = next(m for m in (distributions, discrete_distributions, random) if hasattr(m, name))
    draw = getattr(module, name)

    def method(
        self: RandomStream,
        size: Any = None,
        *parameters: object,
        ndim: int | None = None,
        dtype: object = None,
        **named: object,
    ) -> Any:
        target = dtype if dtype is not None else config.floatX if floating else INT64
        shape = self._size(size, ndim)
        return self.gen(draw, shape, *parameters, **named, dtype=target)

    method.__name__ = name
    method.__doc__ = f"{draw.__doc__}\n\nTakes the size first, then the parameters of the distribution."
    return method


_FLOATS = ("exponential", *CONTINUOUS)
_INTEGERS = ("bernoulli", "geometric", "hypergeometric", "negative_binomial", "poisson")
for _name in (*_FLOATS, *_INTEGERS):
    setattr(RandomStream, _name, _method(_name, _name in _FLOATS))

RandomStreams = RandomStream
