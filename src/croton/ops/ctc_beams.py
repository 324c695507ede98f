"""Beam search: the most probable labels of a connectionist temporal classification (Graves et al. 2006).

Labels are nodes of a tree, in which a prefix is found by its last label and the node of the rest. A beam is a
node with the probabilities of all paths that write its labels, those that end in the blank apart from those
that end in the last label. At every step the best few of all beams and of their extensions by one label are
kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from croton.graph import dims, dtypes
from croton.graph.dtypes import INT64
from croton.graph.errors import DTypeError, ShapeError
from croton.graph.values import NDArray, TensorType
from croton.ops import base
from croton.ops.base import Array, apply
from croton.ops.kernel import CFunction, KernelOperation
from croton.ops.kernel_text import ElementText


class CTCBeams(KernelOperation):
    """The best `paths` labellings found when `width` are followed, the best first.

    Operands: log-probabilities (batch, steps, classes), and steps that count in each entry of the batch,
    int64; more than there are count as all, and less than none as none. Outputs: labels (batch, paths,
    steps), int64, -1 after the last; and their log-probabilities (batch, paths), -inf where there are fewer
    labellings. NaN is never good.
    """

    width: int
    paths: int
    blank: int
    name = "ctc_beams"

    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        scores, lengths = operands
        if scores.dtype not in (dtypes.FLOAT32, dtypes.FLOAT64):
            raise DTypeError(f"ctc_beams is not defined for dtype {scores.dtype.name}")
        if scores.rank != 3 or lengths.rank != 1:
            raise ShapeError(
                "ctc_beams: expected log-probabilities of 3 axes and lengths of 1, got "
                f"{scores.rank} and {lengths.rank}"
            )
        if lengths.dtype != INT64:
            raise DTypeError(f"ctc_beams: lengths must be int64, got {lengths.dtype.name}")
        dims.require_equal(lengths.shape[0], scores.shape[0], "ctc_beams: entries of the batch")
        batch, steps, classes = scores.shape
        if isinstance(classes, int) and not 0 <= self.blank < classes:
            raise ShapeError(f"ctc_beams: the blank is class {self.blank} of {classes}")
        return TensorType(INT64, (batch, self.paths, steps)), TensorType(scores.dtype, (batch, self.paths))

    def evaluate(self, *operands: NDArray) -> tuple[NDArray, ...]:
        scores, lengths = operands
        batch, steps, _ = scores.shape
        labels = np.full((batch, self.paths, steps), -1, np.int64)
        totals = np.full((batch, self.paths), -np.inf, scores.dtype)
        for entry, length in enumerate(np.clip(lengths, 0, steps).tolist()):
            found = _searched(scores[entry, :length].astype(np.float64), self.width, self.blank)
            for path, (written, total) in enumerate(found[: self.paths]):
                labels[entry, path, : len(written)] = written
                totals[entry, path] = total
        return labels, totals

    def c_function(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> CFunction:
        element = ElementText(operands[0].dtype)
        name = f"ct_ctc_beams_{self.width}_{self.paths}_{self.blank}_{element.dtype.name}"
        source = _SOURCE % {
            "name": name,
            "number": element.number,
            "width": self.width,
            "paths": self.paths,
            "blank": self.blank,
        }
        return CFunction(name, source, ("ct_exp_f64", "ct_log1p_f64"), cost=500.0, fallible=True)


def _searched(scores: NDArray, width: int, blank: int) -> list[tuple[list[int], float]]:
    """Labels and log-probabilities of the best beams of one entry, the best first."""
    parents, last = [-1], [-1]
    children: list[dict[int, int]] = [{}]
    nodes, blanks, emits = [0], np.zeros(1), np.full(1, -np.inf)
    for step in scores:
        place = {node: position for position, node in enumerate(nodes)}
        labels = np.array([last[node] for node in nodes], np.int64)
        written = labels >= 0
        totals = np.logaddexp(blanks, emits)
        stay_blank = totals + step[blank]
        stay_emit = np.where(written, emits + step[labels], -np.inf)
        extended = totals[:, None] + step
        extended[written, labels[written]] = blanks[written] + step[labels[written]]
        extended[:, blank] = -np.inf
        for position, node in enumerate(nodes):
            before = place.get(parents[node])
            if before is not None:  # an extension of one beam is another
                stay_emit[position] = np.logaddexp(stay_emit[position], extended[before, last[node]])
                extended[before, last[node]] = -np.inf
        candidates = np.concatenate([np.logaddexp(stay_blank, stay_emit), extended.ravel()])
        candidates = np.where(np.isnan(candidates), -np.inf, candidates)
        best = [int(c) for c in np.argsort(-candidates, kind="stable")[:width] if candidates[c] > -np.inf]
        kept, new_blanks, new_emits = [], [], []
        for candidate in best:
            if candidate < len(nodes):
                kept.append(nodes[candidate])
                new_blanks.append(stay_blank[candidate])
                new_emits.append(stay_emit[candidate])
                continue
            position, label = divmod(candidate - len(nodes), len(step))
            if label not in children[nodes[position]]:
                children[nodes[position]][label] = len(parents)
                parents.append(nodes[position])
                last.append(label)
                children.append({})
            kept.append(children[nodes[position]][label])
            new_blanks.append(-np.inf)
            new_emits.append(extended[position, label])
        nodes, blanks, emits = kept, np.array(new_blanks), np.array(new_emits)
    result = []
    for node, total in zip(nodes, np.logaddexp(blanks, emits).tolist(), strict=True):
        labels_of: list[int] = []
        while node:
            labels_of.insert(0, last[node])
            node = parents[node]
        result.append((labels_of, total))
    return result


# Candidates are beams as they are, then extensions in the order of beams and classes; the heap has the worst
# on top, of equals the last. `here` is the place of a node among the beams, -1 where it is none of them.
_SOURCE = """\
typedef struct {
    double total, blank, emit;
    ct_int number; /* which candidate */
} %(name)s_entry;

static inline double %(name)s_sum(double a, double b)
{
    const double large = a > b ? a : b, small = a > b ? b : a;
    return small == -CT_INF_F64 ? large : large + ct_log1p_f64(ct_exp_f64(small - large));
}

static inline int %(name)s_worse(const %(name)s_entry *a, const %(name)s_entry *b)
{
    return a->total < b->total || (a->total == b->total && a->number > b->number);
}

static void %(name)s_sink(%(name)s_entry *heap, ct_int count, %(name)s_entry item)
{
    ct_int place = 0;
    for (ct_int child = 1; child < count; child = 2 * place + 1) {
        if (child + 1 < count && %(name)s_worse(heap + child + 1, heap + child)) ++child;
        if (!%(name)s_worse(heap + child, &item)) break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = item;
}

static inline void %(name)s_offer(%(name)s_entry *heap, ct_int *count, %(name)s_entry item)
{
    if (!(item.total > -CT_INF_F64)) return;
    if (*count == %(width)d) {
        if (%(name)s_worse(heap, &item)) %(name)s_sink(heap, *count, item);
        return;
    }
    ct_int place = (*count)++;
    for (; place && %(name)s_worse(&item, heap + (place - 1) / 2); place = (place - 1) / 2)
        heap[place] = heap[(place - 1) / 2];
    heap[place] = item;
}

static int %(name)s(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_int batch = sizes[0], steps = sizes[1], classes = sizes[2], width = %(width)d;
    const %(number)s *scores = pointers[0];
    const ct_int *lengths = pointers[1];
    ct_int *labels = pointers[2];
    %(number)s *totals = pointers[3];
    const ct_int most = steps * width + 1; /* nodes */
    %(name)s_entry *beams = context->scratch(
        context, 2 * width * (ct_int)sizeof(%(name)s_entry) + (5 * most + 2 * width + classes) * 8);
    if (!beams) return CT_OUT_OF_MEMORY;
    %(name)s_entry *heap = beams + width;
    ct_int *parent = (ct_int *)(heap + width), *last = parent + most, *child = last + most;
    ct_int *sibling = child + most, *here = sibling + most, *node = here + most, *kept = node + width;
    ct_int *taken = kept + width;
    for (ct_int entry = 0; entry < batch; ++entry) {
        ct_int nodes = 1, count = 1;
        const ct_int length = lengths[entry] < 0 ? 0 : lengths[entry] > steps ? steps : lengths[entry];
        parent[0] = last[0] = child[0] = sibling[0] = -1;
        here[0] = node[0] = 0;
        beams[0] = (%(name)s_entry){0.0, 0.0, -CT_INF_F64, 0};
        for (ct_int c = 0; c < classes; ++c) taken[c] = -1;
        for (ct_int t = 0; t < length; ++t) {
            const %(number)s *step = scores + (entry * steps + t) * classes;
            ct_int found = 0;
            if (context->interrupted(context)) return CT_INTERRUPTED;
            for (ct_int b = 0; b < count; ++b) {
                const ct_int label = last[node[b]], before = node[b] ? here[parent[node[b]]] : -1;
                double emit = -CT_INF_F64;
                if (label >= 0) emit = beams[b].emit + (double)step[label];
                if (before >= 0) {
                    const int again = last[node[before]] == label;
                    const double old = again ? beams[before].blank : beams[before].total;
                    emit = %(name)s_sum(emit, old + (double)step[label]);
                }
                const double blank = beams[b].total + (double)step[%(blank)d];
                %(name)s_offer(heap, &found, (%(name)s_entry){%(name)s_sum(blank, emit), blank, emit, b});
            }
            for (ct_int b = 0; b < count; ++b) {
                const ct_int label = last[node[b]], first = count + b * classes;
                for (ct_int n = child[node[b]]; n >= 0; n = sibling[n])
                    if (here[n] >= 0) taken[last[n]] = first;
                for (ct_int c = 0; c < classes; ++c) {
                    if (c == %(blank)d || taken[c] == first) continue;
                    const double emit = (c == label ? beams[b].blank : beams[b].total) + (double)step[c];
                    %(name)s_offer(heap, &found, (%(name)s_entry){emit, -CT_INF_F64, emit, first + c});
                }
                for (ct_int n = child[node[b]]; n >= 0; n = sibling[n]) taken[last[n]] = -1;
            }
            for (ct_int b = 0; b < count; ++b) here[node[b]] = -1;
            for (ct_int left = found; left > 0; --left) { /* the worst to the end */
                const %(name)s_entry worst = heap[0];
                if (left > 1) %(name)s_sink(heap, left - 1, heap[left - 1]);
                heap[left - 1] = worst;
            }
            for (ct_int b = 0; b < found; ++b) {
                const ct_int number = heap[b].number - count;
                if (number < 0) {
                    kept[b] = node[heap[b].number];
                    continue;
                }
                const ct_int from = node[number / classes], label = number %% classes;
                ct_int n = child[from];
                while (n >= 0 && last[n] != label) n = sibling[n];
                if (n < 0) {
                    n = nodes++;
                    parent[n] = from;
                    last[n] = label;
                    child[n] = -1;
                    sibling[n] = child[from];
                    child[from] = n;
                }
                kept[b] = n;
            }
            for (ct_int b = 0; b < found; ++b) {
                beams[b] = heap[b];
                node[b] = kept[b];
                here[node[b]] = b;
            }
            count = found;
        }
        for (ct_int path = 0; path < %(paths)d; ++path) {
            ct_int *row = labels + (entry * %(paths)d + path) * steps, written = 0;
            totals[entry * %(paths)d + path] = path < count ? (%(number)s)beams[path].total : -CT_INF_F64;
            for (ct_int t = 0; t < steps; ++t) row[t] = -1;
            if (path >= count) continue;
            for (ct_int n = node[path]; n; n = parent[n]) ++written;
            for (ct_int n = node[path]; n; n = parent[n]) row[--written] = last[n];
        }
    }
    return CT_OK;
}
"""


def ctc_beam_search(
    inputs: object, sequence_lengths: object, beam_width: int = 100, top_paths: int = 1, mask_index: int = 0
) -> tuple[Array, Array]:
    """The most probable labels that a beam search finds, and their log-probabilities, the best first.

    inputs: (batch, steps, classes), before the softmax. sequence_lengths: steps that count, (batch,).
    beam_width: how many labellings are followed. mask_index: the blank class. Returns labels (batch,
    top_paths, steps), int64, -1 after the last, and log-probabilities (batch, top_paths).

    Raises:
        ShapeError: wrong numbers of axes. ValueError: beam_width or top_paths below 1.
    """
    from croton.ops.ctc import log_probabilities

    if beam_width < 1 or top_paths < 1:
        raise ValueError(
            f"ctc_beam_search: beam_width and top_paths must be 1 or more, got {beam_width} and {top_paths}"
        )
    lengths = base.cast(base.as_array(sequence_lengths), INT64)
    op = CTCBeams(int(beam_width), int(top_paths), int(mask_index))
    labels, totals = apply(op, log_probabilities(inputs), lengths)
    return labels, totals
