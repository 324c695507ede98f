/* Samplers that need an unknown number of random words for one number: rejection and search.
 *
 * Element i of a draw takes words from blocks i, i + 2^40, i + 2 2^40, ... of the key's stream, so that it
 * depends on the key and on i alone. src/croton/ops/sampling_reference.py states the same in NumPy.
 */

/*@ ct_source: ct_function ct_philox_block ct_uniform_f64 */
typedef struct ct_source {
    ct_u64 key, stream, block;
} ct_source;
typedef struct ct_word_pair {
    ct_u64 first, second;
} ct_word_pair;

CT_FUNCTION ct_word_pair ct_source_next(ct_source *source)
{
    const ct_philox_words b = ct_philox_block(source->key, source->stream, source->block);
    const ct_word_pair words = {(ct_u64)b.word[1] << 32 | b.word[0], (ct_u64)b.word[3] << 32 | b.word[2]};
    source->block += (ct_u64)1 << 40;
    return words;
}

/* Uniform on (0, 1): the middle of one of 2^52 intervals. */
CT_INLINE double ct_open_unit(ct_u64 word)
{
    return ct_uniform_f64(word & ~(ct_u64)0xfff) + 0x1p-53;
}

/*@ ct_sample_log_gamma: ct_source ct_normal_f64 ct_log_f64 ct_log1p_f64 */
/* The logarithm of a gamma variable of shape a >= 0 (Marsaglia and Tsang, "A simple method for generating gamma
 * variables", 2000); a below 1 by a uniform power, whose logarithm cannot underflow. */
CT_FUNCTION double ct_sample_log_gamma(ct_source *source, double a)
{
    double boost = 0.0;
    if (a == 0.0)
        return -CT_INF_F64;
    if (a < 1.0) {
        boost = ct_log_f64(ct_open_unit(ct_source_next(source).first)) / a;
        a += 1.0;
    }
    const double d = a - 1.0 / 3.0, c = 1.0 / __builtin_sqrt(9.0 * d);
    for (;;) {
        const ct_word_pair normal = ct_source_next(source);
        const double x = ct_normal_f64(normal.first, normal.second), t = c * x;
        if (t <= -1.0)
            continue;
        const double u = ct_open_unit(ct_source_next(source).first);
        const double v = (1.0 + t) * (1.0 + t) * (1.0 + t), square = x * x;
        /* The second test is a quick one that implies the third. From 2^33 on the third is lost in rounding, and
         * hardly any number fails it. */
        if (d > 0x1p33 || u < 1.0 - 0.0331 * square * square ||
            ct_log_f64(u) < 0.5 * square + d - d * v + 3.0 * d * ct_log1p_f64(t))
            return ct_log_f64(d * v) + boost;
    }
}

/*@ ct_sample_vonmises: ct_source ct_normal_f64 ct_log_f64 ct_cos_f64 ct_acos_f64 */
/* Von Mises's distribution around 0 (Best and Fisher, "Efficient simulation of the von Mises distribution",
 * 1979); a normal distribution where it is as narrow as that. */
CT_FUNCTION double ct_sample_vonmises(ct_source *source, double kappa)
{
    const double pi = 0x1.921fb54442d18p+1;
    if (kappa > 1e8) {
        const ct_word_pair normal = ct_source_next(source);
        return ct_normal_f64(normal.first, normal.second) / __builtin_sqrt(kappa);
    }
    double s = 1.0 / kappa + kappa; /* what the formula below tends to for small kappa */
    if (kappa >= 1e-5) {
        const double r = 1.0 + __builtin_sqrt(1.0 + 4.0 * kappa * kappa);
        const double rho = (r - __builtin_sqrt(2.0 * r)) / (2.0 * kappa);
        s = (1.0 + rho * rho) / (2.0 * rho);
    }
    for (;;) {
        const ct_word_pair words = ct_source_next(source);
        const double z = ct_cos_f64(pi * ct_open_unit(words.first)), v = ct_open_unit(words.second);
        const double sign = words.first & 1u ? -1.0 : 1.0;
        if (kappa < 1e-8)
            return sign * pi * v;
        const double w = (1.0 + s * z) / (s + z), y = kappa * (s - w);
        if (y * (2.0 - y) - v >= 0.0 || ct_log_f64(y / v) + 1.0 - y >= 0.0)
            return sign * ct_acos_f64(w);
    }
}

/*@ ct_sample_poisson: ct_source ct_exp_f64 ct_log_f64 ct_lgamma_positive_f64 ct_floor_f64 */
/* Poisson's distribution: search from 0 up for small means, else transformed rejection with squeeze (Hoermann,
 * "The transformed rejection method for generating Poisson random variables", 1993). */
CT_FUNCTION double ct_sample_poisson(ct_source *source, double mean)
{
    if (mean < 10.0) {
        double rest = ct_open_unit(ct_source_next(source).first), chance = ct_exp_f64(-mean), k = 0.0;
        while (rest > chance && k < 200.0) {
            rest -= chance;
            k += 1.0;
            chance *= mean / k;
        }
        return k;
    }
    const double b = 0.931 + 2.53 * __builtin_sqrt(mean), a = -0.059 + 0.02483 * b;
    const double inverse = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2.0);
    const double log_mean = ct_log_f64(mean);
    for (;;) {
        const ct_word_pair words = ct_source_next(source);
        const double u = ct_open_unit(words.first) - 0.5, v = ct_open_unit(words.second);
        const double edge = 0.5 - __builtin_fabs(u);
        const double k = ct_floor_f64((2.0 * a / edge + b) * u + mean + 0.43);
        if (edge >= 0.07 && v <= quick)
            return k;
        if (k < 0.0 || (edge < 0.013 && v > edge))
            continue;
        if (ct_log_f64(v * inverse / (a / (edge * edge) + b)) <=
            -mean + k * log_mean - ct_lgamma_positive_f64(k + 1.0))
            return k;
    }
}

/*@ ct_sample_binomial: ct_source ct_exp_f64 ct_log_f64 ct_log1p_f64 ct_lgamma_positive_f64 ct_floor_f64 */
/* The binomial distribution: search from 0 up where few successes are expected, else transformed rejection
 * (Hoermann, "The generation of binomial random variates", 1993). */
CT_FUNCTION double ct_sample_binomial(ct_source *source, double n, double p)
{
    const double q = p > 0.5 ? 1.0 - p : p, odds = q / (1.0 - q);
    if (n * q < 10.0) {
        double rest = ct_open_unit(ct_source_next(source).first), k = 0.0;
        double chance = ct_exp_f64(n * ct_log1p_f64(-q));
        while (rest > chance && k < n && k < 400.0) {
            rest -= chance;
            chance *= (n - k) / (k + 1.0) * odds;
            k += 1.0;
        }
        return p > 0.5 ? n - k : k;
    }
    const double root = __builtin_sqrt(n * q * (1.0 - q)), b = 1.15 + 2.53 * root;
    const double a = -0.0873 + 0.0248 * b + 0.01 * q, alpha = (2.83 + 5.1 / b) * root, quick = 0.92 - 4.2 / b;
    const double mode = ct_floor_f64((n + 1.0) * q), log_odds = ct_log_f64(odds);
    const double height = ct_lgamma_positive_f64(mode + 1.0) + ct_lgamma_positive_f64(n - mode + 1.0);
    for (;;) {
        const ct_word_pair words = ct_source_next(source);
        const double u = ct_open_unit(words.first) - 0.5, v = ct_open_unit(words.second);
        const double edge = 0.5 - __builtin_fabs(u);
        const double k = ct_floor_f64((2.0 * a / edge + b) * u + n * q + 0.5);
        if (k < 0.0 || k > n)
            continue;
        if ((edge >= 0.07 && v <= quick) ||
            ct_log_f64(v * alpha / (a / (edge * edge) + b)) <= height - ct_lgamma_positive_f64(k + 1.0) -
                                                                   ct_lgamma_positive_f64(n - k + 1.0) +
                                                                   (k - mode) * log_odds)
            return p > 0.5 ? n - k : k;
    }
}

/*@ ct_sample_hypergeometric: ct_source ct_exp_f64 ct_lgamma_positive_f64 ct_floor_f64 */
/* The hypergeometric distribution by searching from the most likely number to both sides. */
CT_FUNCTION double ct_log_choices(double n, double k)
{
    return ct_lgamma_positive_f64(n + 1.0) - ct_lgamma_positive_f64(k + 1.0) -
           ct_lgamma_positive_f64(n - k + 1.0);
}
CT_FUNCTION double ct_sample_hypergeometric(ct_source *source, double good, double bad, double taken)
{
    const double mode = ct_floor_f64((taken + 1.0) * (good + 1.0) / (good + bad + 2.0));
    double rest = ct_open_unit(ct_source_next(source).first);
    double above = ct_exp_f64(ct_log_choices(good, mode) + ct_log_choices(bad, taken - mode) -
                              ct_log_choices(good + bad, taken));
    double below = above, high = mode, low = mode;
    rest -= above;
    if (rest <= 0.0)
        return mode;
    while (above > 0.0 || below > 0.0) {
        above *= (good - high) * (taken - high) / ((high + 1.0) * (bad - taken + high + 1.0));
        high += 1.0;
        rest -= above;
        if (above > 0.0 && rest <= 0.0)
            return high;
        below *= low * (bad - taken + low) / ((good - low + 1.0) * (taken - low + 1.0));
        low -= 1.0;
        rest -= below;
        if (below > 0.0 && rest <= 0.0)
            return low;
    }
    return mode;
}

/*@ ct_sample_multinomial: ct_sample_binomial */
/* How often each outcome occurs in so many trials: one binomial number after the other for what is left. */
CT_FUNCTION void ct_sample_multinomial(ct_source *source, double trials, const double *weights,
                                       ct_i64 outcomes, ct_i64 *counts)
{
    double rest = 0.0;
    ct_i64 last = 0;
    for (ct_i64 k = 0; k < outcomes; ++k) {
        rest += weights[k];
        if (weights[k] > 0.0)
            last = k;
    }
    for (ct_i64 k = 0; k < outcomes; ++k) {
        double drawn = 0.0;
        if (k == last || (weights[k] > 0.0 && weights[k] >= rest))
            drawn = trials;
        else if (weights[k] > 0.0)
            drawn = ct_sample_binomial(source, trials, weights[k] / rest);
        counts[k] = (ct_i64)drawn;
        trials -= drawn;
        rest -= weights[k];
    }
}

/*@ ct_sample_urn: ct_source */
/* Indices of different outcomes in the order in which they are drawn; `weights` end as 0 where drawn. */
CT_FUNCTION void ct_sample_urn(ct_source *source, double *weights, ct_i64 outcomes, ct_i64 count,
                               ct_i64 *drawn)
{
    for (ct_i64 j = 0; j < count; ++j) {
        double total = 0.0;
        for (ct_i64 k = 0; k < outcomes; ++k)
            total += weights[k];
        const double wanted = ct_open_unit(ct_source_next(source).first) * total;
        double running = 0.0;
        ct_i64 chosen = 0;
        for (ct_i64 k = 0; k < outcomes; ++k) {
            if (weights[k] <= 0.0)
                continue;
            chosen = k;
            running += weights[k];
            if (running > wanted)
                break;
        }
        drawn[j] = chosen;
        weights[chosen] = 0.0;
    }
}
