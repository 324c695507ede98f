/* What a transform of one length needs besides the data: roots of unity and factors.
 *
 * Before this text: REAL (float or double).
 * Lengths whose prime factors are small are transformed factor by factor. Others go through a convolution
 * with a chirp (Bluestein, "A linear filtering approach to the computation of the discrete Fourier
 * transform", 1968) of a length that is a power of two.
 * A transform of real numbers of even length n is one of n / 2 complex ones and a last turn.
 */
#define INLINE static inline __attribute__((always_inline))
#define LARGEST_PRIME 31
#define LANES ((int)(64 / sizeof(REAL)))

typedef REAL vector __attribute__((vector_size(64)));

/* Numbers as two arrays, one of the real parts and one of the imaginary parts. */
typedef struct {
    REAL *re, *im;
} numbers;

typedef struct {
    ct_int length;
    int count, radices[64];
} factors;

typedef struct {
    ct_context *context;
    ct_int length;  /* of the complex transform */
    ct_int padded;  /* of the transforms that are done: `length` itself or that of the convolution */
    numbers roots;  /* exp(-2 pi i k / padded) */
    numbers chirp;  /* exp(-pi i k^2 / length), if padded */
    numbers filter; /* the transform of the chirp that is convolved with */
    numbers turns;  /* exp(-2 pi i k / n) for k <= n / 2, for real numbers of even length n */
    factors all, columns, rows; /* of padded, and of two numbers whose product it is */
} plan;

static int is_smooth(ct_int n)
{
    for (ct_int prime = 2; prime <= LARGEST_PRIME; ++prime)
        while (n % prime == 0 && n > 1)
            n /= prime;
    return n <= 1;
}

static factors factors_of(ct_int n)
{
    factors found = {n, 0, {0}};
    while (n % 4 == 0)
        found.radices[found.count++] = 4, n /= 4;
    for (int prime = 2; n > 1; ++prime)
        while (n % prime == 0)
            found.radices[found.count++] = prime, n /= prime;
    return found;
}

static ct_int padded_length(ct_int n)
{
    ct_int padded = 1;
    if (is_smooth(n))
        return n;
    while (padded < 2 * n - 1)
        padded *= 2;
    return padded;
}

/* exp(-2 pi i k / n): the angle is brought into the first eighth of a turn in whole numbers, and what is
 * lost in rounding it is added in first order. */
static void root_of_unity(ct_int k, ct_int n, double *re, double *im)
{
    const double quarter_pi = 0x1.921fb54442d18p-1, rest_of_it = 0x1.1a62633145c07p-55;
    const ct_int eighths = 8 * k, octant = eighths / n;
    ct_int rest = eighths - octant * n;
    rest = octant & 1 ? n - rest : rest;
    const double size = (double)n, part = (double)rest / size;
    const double product = part * size, angle = part * quarter_pi;
    const double lost = ((double)rest - product - ct_product_error_f64(part, size, product)) / size;
    const double more = ct_product_error_f64(part, quarter_pi, angle) + part * rest_of_it + lost * quarter_pi;
    const double sine = ct_sin_f64(angle), cosine = ct_cos_f64(angle);
    const double s = sine + more * cosine, c = cosine - more * sine;
    const int swapped = ((octant + 1) & 2) != 0;
    const double x = swapped ? s : c, y = swapped ? c : s;
    *re = octant >= 2 && octant < 6 ? -x : x;
    *im = octant < 4 ? -y : y;
}
