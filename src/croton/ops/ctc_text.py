"""The C of connectionist temporal classification: recursions over states and steps, in double.

Rows of states lie between two numbers of padding on either side, so that loops over states have no branches.
"""

from __future__ import annotations


def source(name: str, number: str, what: str, blank: int) -> str:
    """The C function for "loss", "slope" or "curvature"; `number` is the type of the scores."""
    return _SOURCE % {
        "name": name,
        "number": number,
        "blank": blank,
        "direction": "pointers[4]" if what == "curvature" else "(void *)0",
        "output": "pointers[5]" if what == "curvature" else "pointers[4]",
        "curvature": int(what == "curvature"),
        "loss": int(what == "loss"),
    }


_SOURCE = """\
/* Combines three ways into each state: the logarithm of the sum, and the mean of the values they carry. */
static void %(name)s_combine(const double *first, const double *second, const double *third,
                             const double *skips, const double *u, const double *v, const double *w,
                             ct_int states, double *total, double *mean)
{
#pragma omp simd
    for (ct_int s = 0; s < states; ++s) {
        const double a = first[s], b = second[s], c = third[s] + skips[s];
        double largest = a > b || a != a ? a : b;
        largest = c > largest || c != c ? c : largest;
        const double shift = largest == -CT_INF_F64 ? 0.0 : largest;
        const double p = ct_exp_f64(a - shift), q = ct_exp_f64(b - shift), r = ct_exp_f64(c - shift);
        const double sum = p + q + r;
        total[s] = ct_log_f64(sum) + shift;
        if (%(curvature)d) mean[s] = (p * u[s] + q * v[s] + r * w[s]) / (sum == 0.0 ? 1.0 : sum);
    }
}

static int %(name)s(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_int batch = sizes[0], most_steps = sizes[1], classes = sizes[2], most_labels = sizes[4];
    const %(number)s *scores = pointers[0], *along = %(direction)s;
    const ct_int *labels = pointers[1], *steps = pointers[2], *counts = pointers[3];
    %(number)s *out = %(output)s;
    const ct_int width = 2 * most_labels + 5; /* states and two numbers of padding on either side */
    const ct_int kept = %(loss)d ? 2 : most_steps + 1;
    /* Rows: forward and means before; skips; backward and means after, of this step and of the next. */
    double *memory = context->scratch(context, (2 * kept + 6) * width * 8);
    if (!memory) return CT_OUT_OF_MEMORY;
    double *forward = memory, *before = forward + kept * width, *skips = before + kept * width;
    double *spare = skips + width;
    ct_int *label_of = (ct_int *)(spare + 4 * width);
    if (!%(loss)d) __builtin_memset(out, 0, (unsigned long)(batch * most_steps * classes) * sizeof(*out));
    for (ct_int entry = 0; entry < batch; ++entry) {
        const ct_int duration = steps[entry], count = counts[entry], states = 2 * count + 1;
        const %(number)s *score = scores + entry * most_steps * classes;
        const %(number)s *moved = along ? along + entry * most_steps * classes : (const %(number)s *)0;
        if (context->interrupted(context)) return CT_INTERRUPTED;
        context->error[1] = -1;
        if (duration < 0 || duration > most_steps)
            context->error[1] = 0, context->error[2] = duration, context->error[3] = most_steps;
        else if (count < 0 || count > most_labels)
            context->error[1] = 1, context->error[2] = count, context->error[3] = most_labels;
        for (ct_int l = 0; context->error[1] < 0 && l < count; ++l) {
            const ct_int label = labels[entry * most_labels + l];
            context->error[2] = label, context->error[3] = classes;
            if (label < 0 || label >= classes) context->error[1] = 2;
        }
        if (context->error[1] >= 0) return CT_RUNTIME_ERROR;
        if (duration == 0) {
            if (%(loss)d) out[entry] = count ? CT_INF_F64 : 0.0;
            continue;
        }
        for (ct_int i = 0; i < (2 * kept + 5) * width; ++i) memory[i] = -CT_INF_F64;
        for (ct_int s = 0; s < states; ++s) {
            label_of[s] = s %% 2 ? labels[entry * most_labels + s / 2] : %(blank)d;
            if (s >= 2 && label_of[s] != label_of[s - 2]) skips[s] = 0.0;
        }
        if (%(curvature)d) {
            for (ct_int i = 0; i < kept * width; ++i) before[i] = 0.0;
            for (ct_int i = 2 * width; i < 4 * width; ++i) spare[i] = 0.0;
        }
        for (ct_int t = 0; t < duration; ++t) {
            double *row = forward + (%(loss)d ? t %% 2 : t) * width + 2;
            double *mean = before + (%(loss)d ? t %% 2 : t) * width + 2;
            const double *last = forward + (%(loss)d ? (t + 1) %% 2 : t - 1) * width + 2;
            const double *last_mean = before + (%(loss)d ? (t + 1) %% 2 : t - 1) * width + 2;
            if (t == 0) {
                row[0] = 0.0;
                if (states > 1) row[1] = 0.0;
            } else
                %(name)s_combine(last, last - 1, last - 2, skips, last_mean, last_mean - 1, last_mean - 2,
                                 states, row, mean);
            for (ct_int s = 0; s < states; ++s) row[s] += (double)score[t * classes + label_of[s]];
            for (ct_int s = 0; %(curvature)d && s < states; ++s)
                mean[s] += (double)moved[t * classes + label_of[s]];
        }
        const double *final = forward + (%(loss)d ? (duration - 1) %% 2 : duration - 1) * width + 2;
        if (%(loss)d) {
            const double a = final[states - 1], b = states > 1 ? final[states - 2] : -CT_INF_F64;
            const double largest = a > b || a != a ? a : b;
            const double other = a > b || a != a ? b : a;
            out[entry] = largest == -CT_INF_F64 ? CT_INF_F64
                                                : -(largest + ct_log1p_f64(ct_exp_f64(other - largest)));
            continue;
        }
        double *backward = spare + 2, *following = spare + width + 2, *after = spare + 2 * width + 2;
        double *after_next = spare + 3 * width + 2, expected = 0.0;
        %(number)s *target = out + entry * most_steps * classes;
        for (ct_int t = duration - 1; t >= 0; --t) {
            if (t == duration - 1) {
                backward[states - 1] = 0.0;
                if (states > 1) backward[states - 2] = 0.0;
            } else {
                const %(number)s *next = score + (t + 1) * classes;
                for (ct_int s = 0; s < states; ++s) following[s] = backward[s] + (double)next[label_of[s]];
                for (ct_int s = 0; %(curvature)d && s < states; ++s)
                    after_next[s] = after[s] + (double)moved[(t + 1) * classes + label_of[s]];
                %(name)s_combine(following, following + 1, following + 2, skips + 2, after_next,
                                 after_next + 1, after_next + 2, states, backward, after);
            }
            const double *row = forward + t * width + 2, *mean = before + t * width + 2;
            double largest = -CT_INF_F64, sum = 0.0;
            for (ct_int s = 0; s < states; ++s) {
                const double both = row[s] + backward[s];
                if (both > largest || both != both) largest = both;
            }
            if (!(largest > -CT_INF_F64 && largest < CT_INF_F64)) break; /* no path fits: zeros */
            for (ct_int s = 0; s < states; ++s) sum += ct_exp_f64(row[s] + backward[s] - largest);
            if (t == duration - 1)
                for (ct_int s = 0; %(curvature)d && s < states; ++s)
                    expected += ct_exp_f64(row[s] + backward[s] - largest) / sum * mean[s];
            for (ct_int s = 0; s < states; ++s) {
                const double visits = ct_exp_f64(row[s] + backward[s] - largest) / sum;
                target[t * classes + label_of[s]] -=
                    (%(number)s)(%(curvature)d ? visits * (mean[s] + after[s] - expected) : visits);
            }
        }
    }
    return CT_OK;
}
"""
