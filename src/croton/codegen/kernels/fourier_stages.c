/* The stages of a transform: many sequences at once, one in each lane of vectors.
 *
 * Stockham's form: a stage reads one buffer and writes the other, and what comes out is in order. A stage
 * of radix r takes sequences of length r m, `stride` of them interleaved, to r times as many of length m.
 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT ON
#else
#pragma GCC optimize("fp-contract=fast")
#endif

typedef struct {
    vector re, im;
} value;

typedef struct {
    vector *re, *im;
} lines;

INLINE value at(lines from, ct_int place)
{
    return (value){from.re[place], from.im[place]};
}

INLINE void put(lines to, ct_int place, value v)
{
    to.re[place] = v.re;
    to.im[place] = v.im;
}

INLINE value sum(value a, value b)
{
    return (value){a.re + b.re, a.im + b.im};
}

INLINE value difference(value a, value b)
{
    return (value){a.re - b.re, a.im - b.im};
}

/* -i a */
INLINE value turned_back(value a)
{
    return (value){a.im, -a.re};
}

INLINE value turned(value a, REAL re, REAL im)
{
    return (value){a.re * re - a.im * im, a.re * im + a.im * re};
}

/* a + b (re, im) with real factors: part of a sum over a prime number of terms. */
INLINE value plus_scaled(value a, value b, REAL factor)
{
    return (value){a.re + b.re * factor, a.im + b.im * factor};
}

typedef struct {
    numbers roots; /* of the whole length */
    ct_int step;   /* from a root of the length of this transform to the next */
    lines from, to;
    ct_int parts, stride; /* m and the number of interleaved sequences */
} stage;

INLINE value twisted(const stage *s, value v, ct_int p, int k)
{
    const ct_int place = p * k * s->stride * s->step;
    return p == 0 ? v : turned(v, s->roots.re[place], s->roots.im[place]);
}

static void radix_2(const stage *s)
{
    const ct_int m = s->parts, stride = s->stride;
    for (ct_int p = 0; p < m; ++p)
        for (ct_int q = 0; q < stride; ++q) {
            const value a = at(s->from, q + stride * p), b = at(s->from, q + stride * (p + m));
            put(s->to, q + stride * 2 * p, sum(a, b));
            put(s->to, q + stride * (2 * p + 1), twisted(s, difference(a, b), p, 1));
        }
}

static void radix_4(const stage *s)
{
    const ct_int m = s->parts, stride = s->stride;
    for (ct_int p = 0; p < m; ++p)
        for (ct_int q = 0; q < stride; ++q) {
            const value a = at(s->from, q + stride * p), b = at(s->from, q + stride * (p + m));
            const value c = at(s->from, q + stride * (p + 2 * m)), d = at(s->from, q + stride * (p + 3 * m));
            const value even = sum(a, c), odd = sum(b, d), low = difference(a, c);
            const value high = turned_back(difference(b, d));
            put(s->to, q + stride * 4 * p, sum(even, odd));
            put(s->to, q + stride * (4 * p + 1), twisted(s, sum(low, high), p, 1));
            put(s->to, q + stride * (4 * p + 2), twisted(s, difference(even, odd), p, 2));
            put(s->to, q + stride * (4 * p + 3), twisted(s, difference(low, high), p, 3));
        }
}

/* Odd radices: terms j and r - j together, since their roots are conjugates of each other. */
INLINE void radix_odd(const stage *s, const int radix)
{
    const ct_int m = s->parts, stride = s->stride, turn = m * stride * s->step;
    const int half = (radix - 1) / 2;
    for (ct_int p = 0; p < m; ++p)
        for (ct_int q = 0; q < stride; ++q) {
            value sums[LARGEST_PRIME / 2 + 1], differences[LARGEST_PRIME / 2 + 1];
            const value first = at(s->from, q + stride * p);
            value total = first;
            for (int j = 1; j <= half; ++j) {
                const value a = at(s->from, q + stride * (p + j * m));
                const value b = at(s->from, q + stride * (p + (radix - j) * m));
                sums[j] = sum(a, b);
                differences[j] = turned_back(difference(a, b));
                total = sum(total, sums[j]);
            }
            put(s->to, q + stride * radix * p, total);
            for (int k = 1; k <= half; ++k) {
                value even = first, odd = {(vector){0}, (vector){0}};
                for (int j = 1; j <= half; ++j) {
                    const ct_int place = (ct_int)(j * k % radix) * turn;
                    even = plus_scaled(even, sums[j], s->roots.re[place]);
                    odd = plus_scaled(odd, differences[j], -s->roots.im[place]);
                }
                put(s->to, q + stride * (radix * p + k), twisted(s, sum(even, odd), p, k));
                put(s->to, q + stride * (radix * p + radix - k),
                    twisted(s, difference(even, odd), p, radix - k));
            }
        }
}

static void radix_3(const stage *s)
{
    radix_odd(s, 3);
}

static void radix_5(const stage *s)
{
    radix_odd(s, 5);
}

static void radix_prime(const stage *s, int radix)
{
    radix_odd(s, radix);
}

/* Transforms sequences of a length that divides that of the roots; returns the buffer with the result. */
static lines transform_lines(numbers roots, ct_int roots_length, const factors *of, lines data, lines other)
{
    stage s = {roots, roots_length / of->length, data, other, of->length, 1};
    for (int i = 0; i < of->count; ++i) {
        const int radix = of->radices[i];
        s.parts /= radix;
        if (radix == 4)
            radix_4(&s);
        else if (radix == 2)
            radix_2(&s);
        else if (radix == 3)
            radix_3(&s);
        else if (radix == 5)
            radix_5(&s);
        else
            radix_prime(&s, radix);
        s.stride *= radix;
        const lines written = s.to;
        s.to = s.from;
        s.from = written;
    }
    return s.from;
}
