"""Softmax, written out or called, and losses on top of it."""

from __future__ import annotations

from ..case import Array, Family, Namespace

family = Family("softmax and cross-entropy")
case = family.case

MINUS_INFINITY = float("-inf")
LOG_SOFTMAX = (
    "log(exp(x) / sum(exp(x))) -> x - logsumexp(x) = log_softmax(x), derivative w - sum(w) softmax(x)"
)


@case(at=[[1000.0, 0.0, -1000.0]], stable=LOG_SOFTMAX)
def log_softmax_plain(xp: Namespace, x: Array) -> Array:
    weights = xp.const([0.2, 0.3, 0.5])
    return xp.sum(weights * xp.log(xp.exp(x) / xp.sum(xp.exp(x))))


@case(at=[[0.0, 1000.0, -1000.0]], stable="log(softmax(x)) -> log_softmax(x)")
def log_softmax_op(xp: Namespace, x: Array) -> Array:
    weights = xp.const([0.2, 0.3, 0.5])
    return xp.sum(weights * xp.log(xp.softmax(x)))


@case(at=[[1000.0, 1001.0, 999.0]], stable="exp(x) / sum(exp(x)) -> softmax(x) with the maximum subtracted")
def softmax_plain(xp: Namespace, x: Array) -> Array:
    weights = xp.const([1.0, 2.0, 4.0])
    return xp.sum(weights * (xp.exp(x) / xp.sum(xp.exp(x))))


@case(at=[[-1000.0, -1001.0, -999.0]], stable="exp(x) / sum(exp(x)) -> softmax(x)")
def softmax_plain_far_left(xp: Namespace, x: Array) -> Array:
    weights = xp.const([1.0, 2.0, 4.0])
    return xp.sum(weights * (xp.exp(x) / xp.sum(xp.exp(x))))


@case(at=[[1.0, 1.0005, 0.9]], stable="exp(u) / sum(exp(u)) -> softmax(u), u = x / t")
def softmax_cold(xp: Namespace, x: Array) -> Array:
    weights = xp.const([1.0, 2.0, 4.0])
    powers = xp.exp(x / 0.001)
    return xp.sum(weights * (powers / xp.sum(powers)))


@case(at=[[1.0, 5.0, 2.0]], stable="softmax of where(mask, x, -inf): 0 at masked entries, and a 0 derivative")
def softmax_masked(xp: Namespace, x: Array) -> Array:
    weights = xp.const([1.0, 2.0, 4.0])
    masked = xp.where(xp.const([1.0, 0.0, 1.0]) > 0, x + 900.0, MINUS_INFINITY)
    return xp.sum(weights * (xp.exp(masked) / xp.sum(xp.exp(masked))))


@case(
    at=[[1.0, 5.0, 2.0]],
    stable="where(mask, log(softmax(where(mask, x, -inf))), 0) -> log_softmax; no 0 * inf behind the mask",
)
def log_softmax_masked(xp: Namespace, x: Array) -> Array:
    mask = xp.const([1.0, 0.0, 1.0]) > 0
    p = xp.softmax(xp.where(mask, x, MINUS_INFINITY))
    return xp.sum(xp.where(mask, xp.log(p), 0.0))


@case(
    at=[[[700.0, 710.0, 720.0], [-800.0, -790.0, -810.0]]],
    stable="exp(x) / sum(exp(x), axis, keepdims) -> softmax(x, axis)",
)
def softmax_rows_plain(xp: Namespace, x: Array) -> Array:
    weights = xp.const([[1.0, 2.0, 4.0], [3.0, 1.0, 2.0]])
    powers = xp.exp(x)
    return xp.sum(weights * (powers / xp.sum(powers, axis=1, keepdims=True)))


@case(
    at=[[1000.0, 0.0, -1000.0]],
    stable="-sum(y log(softmax(x))) -> -sum(y log_softmax(x)); 0 * log(0) never formed",
)
def cross_entropy_wrong_label(xp: Namespace, x: Array) -> Array:
    y = xp.const([0.0, 1.0, 0.0])
    p = xp.exp(x) / xp.sum(xp.exp(x))
    return -xp.sum(y * xp.log(p))


@case(
    at=[[[800.0, 0.0, -300.0], [5.0, 1000.0, 1.0]]],
    stable="-mean(sum(y log(softmax(x)), axis)) -> sum(y) logsumexp(x) - sum(y x), row by row",
)
def cross_entropy_batch(xp: Namespace, x: Array) -> Array:
    y = xp.const([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    return -xp.mean(xp.sum(y * xp.log(xp.softmax(x)), axis=1))


@case(
    at=[[800.0, -800.0, 40.0], [-800.0, 800.0, 0.0]],
    stable="log(exp(a) / (exp(a) + exp(b))) -> -softplus(b - a), derivatives +-sigmoid(b - a)",
)
def log_two_way_ratio(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.log(xp.exp(a) / (xp.exp(a) + xp.exp(b)))


@case(at=[[40.0, 700.0, -700.0], [0.0, -100.0, 100.0]], stable="log(exp(a) + exp(b)) - a -> softplus(b - a)")
def two_way_loss_from_logits(xp: Namespace, a: Array, b: Array) -> Array:
    return xp.log(xp.exp(a) + xp.exp(b)) - a


@case(
    at=[[1000.0, 0.0, -500.0]],
    stable="-sum(p log(p)), p = softmax(x) -> -sum(p log_softmax(x)); x log(x) is 0 at 0",
)
def entropy_of_softmax(xp: Namespace, x: Array) -> Array:
    p = xp.softmax(x)
    return -xp.sum(p * xp.log(p))


@case(
    at=[[900.0, 0.0, 1.0]],
    stable="sum(p (log(p) - log(q))), q = softmax(x), p constant with zeros: p log(q) -> p log_softmax(x)",
)
def relative_entropy_to_softmax(xp: Namespace, x: Array) -> Array:
    p = xp.const([0.5, 0.5, 0.0])
    q = xp.exp(x) / xp.sum(xp.exp(x))
    return xp.sum(p * (xp.const([-1.0, -1.0, 0.0]) - xp.log(q)))


@case(
    at=[[1000.0, 998.0, 990.0]],
    stable="already stable by hand: must stay right (the derivative through max cancels)",
)
def logsumexp_by_hand(xp: Namespace, x: Array) -> Array:
    m = xp.max(x)
    return m + xp.log(xp.sum(xp.exp(x - m)))
