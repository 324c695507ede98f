"""Hard derivatives: plainly written expressions at points where naive differentiation fails.

Each case is a formula as a user would type it, a point, and the true derivative there, which `truth`
computes with mpmath at several hundred digits from the same formula (or which a stated convention fixes
where the point is singular).  `python -m benchmarks.hard_derivatives` asks the installed libraries for
these derivatives in float64 and prints who is right.

The field `stable` of every case says in one line which form a compiler has to reach for the derivative
to be right; taken together these lines specify the stabilising rewrites and the derivative rules.
"""
