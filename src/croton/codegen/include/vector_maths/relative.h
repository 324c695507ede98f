/* Functions that keep their relative accuracy where the formula they stand for cancels, and the integrals
 * that their derivatives are made of (croton/ops/relative.py states them). The integrals have loops of a
 * length that depends on the order: they are not for vector loops. Single precision works in double.
 */

/*@ ct_log1mexp_f64: ct_log_f64 ct_log1p_f64 ct_exp_f64 ct_expm1_f64 */
/* log(1 - exp(x)), x < 0 (Maechler 2012). */
CT_INLINE double ct_log1mexp_f64(double x)
{
    int near = x > -0x1.62e42fefa39efp-1;
    double from_log = ct_log_f64(-ct_expm1_f64(x)), from_log1p = ct_log1p_f64(-ct_exp_f64(x));
    return near ? from_log : from_log1p;
}

/*@ ct_exprel_f64: ct_expm1_f64 ct_exp_f64 */
/* (exp(x) - 1)/x; beyond 700 as two factors, since exp overflows before the quotient does. */
CT_INLINE double ct_exprel_f64(double x)
{
    double half = ct_exp_f64(0.5 * (x < 800.0 ? x : 800.0)), safe = x == 0.0 ? 1.0 : x;
    double y = x > 700.0 ? half / safe * half : ct_expm1_f64(x) / safe;
    y = x > 800.0 ? CT_INF_F64 : y;
    return x == 0.0 ? 1.0 : y;
}

/*@ ct_log1prel_f64: ct_log1p_f64 */
CT_INLINE double ct_log1prel_f64(double x)
{
    double y = ct_log1p_f64(x) / (x == 0.0 ? 1.0 : x);
    y = x == CT_INF_F64 ? 0.0 : y;
    return x == 0.0 ? 1.0 : y;
}

/*@ ct_sinc_unnormalized_f64: ct_sin_f64 */
CT_INLINE double ct_sinc_unnormalized_f64(double x)
{
    double y = ct_sin_f64(x) / (x == 0.0 ? 1.0 : x);
    y = __builtin_fabs(x) == CT_INF_F64 ? 0.0 : y;
    return x == 0.0 ? 1.0 : y;
}

/*@ ct_sinhc_f64: ct_sinh_f64 ct_exp_f64 */
CT_INLINE double ct_sinhc_f64(double x)
{
    double a = __builtin_fabs(x), half = ct_exp_f64(0.5 * (a < 800.0 ? a : 800.0)), safe = x == 0.0 ? 1.0 : x;
    double y = a > 700.0 ? 0.5 * half / a * half : ct_sinh_f64(x) / safe;
    y = a > 800.0 ? CT_INF_F64 : y;
    return x == 0.0 ? 1.0 : y;
}

/*@ ct_cosm1_f64: ct_sin_f64 */
/* -2 sin(x/2)^2 */
CT_INLINE double ct_cosm1_f64(double x)
{
    double s = ct_sin_f64(0.5 * x);
    return -2.0 * s * s;
}

/*@ ct_coshm1_f64: ct_sinh_f64 */
/* 2 sinh(x/2)^2 */
CT_INLINE double ct_coshm1_f64(double x)
{
    double s = ct_sinh_f64(0.5 * x);
    return 2.0 * s * s;
}

/*@ ct_log_cosh_f64: ct_coshm1_f64 ct_log1p_f64 ct_exp_f64 */
/* log1p(cosh x - 1) up to 1, beyond |x| + log1p(exp(-2|x|)) - log 2. */
CT_INLINE double ct_log_cosh_f64(double x)
{
    double a = __builtin_fabs(x);
    double near = ct_log1p_f64(ct_coshm1_f64(a < 1.0 ? a : 1.0));
    double far = a + (ct_log1p_f64(ct_exp_f64(-2.0 * a)) - 0x1.62e42fefa39efp-1);
    return a < 1.0 ? near : far;
}

/*@ ct_sqrt1pm1_f64: ct_inline */
CT_INLINE double ct_sqrt1pm1_f64(double x)
{
    double root = __builtin_sqrt(1.0 + x);
    return x > 1.0 ? root - 1.0 : x / (root + 1.0);
}

/*@ ct_ndtr_f64: ct_erfc_f64 ct_two_product_f64 */
/* erfc(z)/2 with z = -x/sqrt 2; in the tail the rounding of z counts 2 z times, so its error is put back;
 * at most 3.25 ulp. */
CT_INLINE double ct_ndtr_f64(double x)
{
    double z = x * -0x1.6a09e667f3bcdp-1, y = 0.5 * ct_erfc_f64(z);
    double low = -ct_product_error_f64(x, 0x1.6a09e667f3bcdp-1, -z) + x * 0x1.bdd3413b26456p-55;
    return z > 1.0 && z < 30.0 ? y - y * 2.0 * z * low : y;
}

/*@ ct_log_erfc_f64: ct_erf_f64 ct_erfcx_f64 ct_log_f64 ct_log1p_f64 */
/* log1p(-erf x) up to 1/2, beyond log(erfcx x) - x^2. */
CT_INLINE double ct_log_erfc_f64(double x)
{
    double near = ct_log1p_f64(-ct_erf_f64(x)), far = ct_log_f64(ct_erfcx_f64(x < 0.5 ? 0.5 : x)) - x * x;
    return x < 0.5 ? near : (x == CT_INF_F64 ? -x : far);
}

/*@ ct_log_ndtr_f64: ct_ndtr_f64 ct_erfcx_f64 ct_log_f64 ct_log1p_f64 */
/* log1p(-erfc(x/sqrt 2)/2) from -1 on, below log(erfcx(-x/sqrt 2)/2) - x^2/2. */
CT_INLINE double ct_log_ndtr_f64(double x)
{
    double z = x * 0x1.6a09e667f3bcdp-1;
    double near = ct_log1p_f64(-ct_ndtr_f64(-x));
    double far = ct_log_f64(0.5 * ct_erfcx_f64(x > -1.0 ? 1.0 : -z)) - 0.5 * x * x;
    return x > -1.0 ? near : (x == -CT_INF_F64 ? x : far);
}

/*@ ct_erfc_hazard_f64: ct_erfcx_f64 */
/* (2/sqrt pi)/erfcx(x): minus the slope of log erfc. */
CT_INLINE double ct_erfc_hazard_f64(double x)
{
    return 0x1.20dd750429b6dp+0 / ct_erfcx_f64(x);
}

/*@ ct_over_hypot_f64: ct_hypot_f64 */
/* x/hypot(x, y), 0 at the origin; scaled where hypot would leave the range of ordinary numbers. */
CT_INLINE double ct_over_hypot_f64(double x, double y)
{
    double ax = __builtin_fabs(x), ay = __builtin_fabs(y), large = ax > ay ? ax : ay;
    double scale = large > 0x1p1000 ? 0x1p-100 : (large < 0x1p-900 ? 0x1p200 : 1.0);
    double size = ct_hypot_f64(x * scale, y * scale);
    return size == 0.0 ? size : x * scale / size;
}

/*@ ct_erfcx_moment_ratio_f64: ct_erfcx_f64 */
/* W_n/W_0 with W_n the integral of t^n exp(-t^2 - 2xt) over t > 0. Below 1 by the recurrence
 * W_{n+1} = (n W_{n-1} - 2x W_n)/2 upwards; beyond as the product of continued fractions
 * W_n/W_{n-1} = n/(2x + 2 W_{n+1}/W_n). */
static inline __attribute__((unused)) double ct_erfcx_moment_ratio_f64(double order, double x)
{
    int n = (int)order;
    if (n == 0 || x != x)
        return x != x ? x : 1.0;
    if (x < 1.0) {
        double previous = 1.0, current = 0x1.20dd750429b6dp-1 / ct_erfcx_f64(x) - x;
        for (int k = 1; k < n; k++) {
            double following = 0.5 * (k * previous - 2.0 * x * current);
            previous = current;
            current = following;
        }
        return current;
    }
    double ratio = 0.0, product = 1.0;
    for (int k = n + (x < 3.0 ? 200 : 40); k > 0; k--) {
        ratio = k / (2.0 * x + 2.0 * ratio);
        if (k <= n)
            product *= ratio;
    }
    return product;
}

/*@ ct_erfcx_moment_f64: ct_erfcx_moment_ratio_f64 */
/* (2/sqrt pi) times the integral of t^n exp(-t^2 - 2xt) over t > 0; order 0 is erfcx. Below 1 by recurrence
 * from erfcx itself, which may be infinite where a ratio is not. */
static inline __attribute__((unused)) double ct_erfcx_moment_f64(double order, double x)
{
    double zeroth = ct_erfcx_f64(x);
    int n = (int)order;
    if (n == 0)
        return zeroth;
    if (!(x < 1.0))
        return zeroth * ct_erfcx_moment_ratio_f64(order, x);
    double previous = zeroth, current = 0x1.20dd750429b6dp-1 - x * zeroth;
    for (int k = 1; k < n; k++) {
        double following = 0.5 * (k * previous - 2.0 * x * current);
        previous = current;
        current = following;
    }
    return current;
}

/*@ ct_far_exponential_moment_f64: ct_exp_f64 */
/* The integral of t^n exp(xt) over [0, 1] for |x| > 40, by I_n = (exp x - n I_{n-1})/x in units of exp(x)
 * where x is positive. */
static inline __attribute__((unused)) double ct_far_exponential_moment_f64(int n, double x)
{
    if (x - x != 0.0)
        return x != x ? x : (x > 0.0 ? x : 0.0);
    double scale = x > 0.0 ? 1.0 : ct_exp_f64(x), value = (scale - (x > 0.0 ? ct_exp_f64(-x) : 1.0)) / x;
    for (int k = 1; k <= n; k++)
        value = (scale - k * value) / x;
    double half = x > 0.0 ? ct_exp_f64(0.5 * x) : 1.0;
    return value * half * half;
}

/*@ ct_exponential_moment_f64: ct_far_exponential_moment_f64 */
/* The integral of t^n exp(xt) over [0, 1]: up to 40 by series of positive terms, for negative x after
 * Kummer's transformation. */
static inline __attribute__((unused)) double ct_exponential_moment_f64(double order, double x)
{
    int n = (int)order;
    double a = __builtin_fabs(x), term = 1.0, sum = 0.0;
    if (!(a <= 40.0))
        return ct_far_exponential_moment_f64(n, x);
    if (x > 0.0) {
        for (int k = 0; k < 180 && term > sum * 0x1p-60; k++) {
            sum += term / (k + n + 1);
            term *= a / (k + 1);
        }
        return sum;
    }
    for (int k = 0; k < 180 && term > sum * 0x1p-60; k++) {
        sum += term;
        term *= a / (n + 2 + k);
    }
    return ct_exp_f64(x) * sum / (n + 1);
}

/*@ ct_hyperbolic_moment_f64: ct_far_exponential_moment_f64 */
/* The n-th derivative of sinh(x)/x, by its series of positive terms up to 40. */
static inline __attribute__((unused)) double ct_hyperbolic_moment_f64(double order, double x)
{
    int n = (int)order, odd = n & 1;
    double a = __builtin_fabs(x), sum = 0.0, term = odd ? a : 1.0;
    if (a <= 40.0) {
        for (int k = odd; k < 180 && term > sum * 0x1p-60; k += 2) {
            sum += term / (k + n + 1);
            term *= a * a / ((double)(k + 1) * (k + 2));
        }
    } else
        sum = 0.5 * ct_far_exponential_moment_f64(n, a);
    return odd && x < 0.0 ? -sum : sum;
}

/*@ ct_logarithm_moment_f64: ct_log1p_f64 */
/* The integral of t^n/(1 + xt)^(n+1) over [0, 1]. With u = x/(1 + x) it is (1 + x)^-(n+1) times J_n, the
 * integral of v^n/(1 - uv): by series for |u| <= 3/4, beyond by J_n = (J_{n-1} - 1/n)/u. */
static inline __attribute__((unused)) double ct_logarithm_moment_f64(double order, double x)
{
    int n = (int)order;
    double whole = 1.0 + x, u = x == CT_INF_F64 ? 1.0 : x / whole, sum = 0.0;
    if (__builtin_fabs(u) <= 0.75) {
        for (int k = 140; k >= 0; k--)
            sum = sum * u + 1.0 / (n + 1 + k);
    } else {
        sum = ct_log1p_f64(x) / u;
        for (int k = 1; k <= n; k++)
            sum = (sum - 1.0 / k) / u;
    }
    for (int k = 0; k <= n; k++)
        sum /= whole;
    return sum;
}

/*@ ct_cosine_moment_f64: ct_sin_f64 ct_cos_f64 */
/* The n-th derivative of sin(x)/x, from x f_n + n f_{n-1} = sin(x + n pi/2): upwards for |x| > n + 4,
 * downwards from sixty orders above otherwise (Miller's algorithm). */
static inline __attribute__((unused)) double ct_cosine_moment_f64(double order, double x)
{
    int n = (int)order;
    if (__builtin_fabs(x) == CT_INF_F64)
        return 0.0;
    double s = ct_sin_f64(x), c = ct_cos_f64(x), f;
    if (__builtin_fabs(x) > n + 4) {
        f = s / x;
        for (int k = 1; k <= n; k++)
            f = ((k & 1 ? (k & 2 ? -c : c) : (k & 2 ? -s : s)) - k * f) / x;
        return f;
    }
    f = 0.0;
    for (int k = n + 60; k > n; k--)
        f = ((k & 1 ? (k & 2 ? -c : c) : (k & 2 ? -s : s)) - x * f) / k;
    return f;
}

/*@ ct_polygamma_f64: ct_trigamma_f64 ct_digamma_f64 ct_pow_f64 */
/* The n-th derivative of digamma: (-1)^(n+1) n! zeta(n + 1, x), the zeta function by its first terms and
 * the Euler-Maclaurin formula from x + N >= n + 12 on, which recurrence reaches for negative x too. */
static inline __attribute__((unused)) double ct_polygamma_f64(double order, double x)
{
    static const double coefficients[] = {
        /* (2j)!/B_2j */
        12.0,
        -720.0,
        30240.0,
        -1209600.0,
        47900160.0,
        -1307674368000.0 / 691.0,
        74724249600.0,
        -10670622842880000.0 / 3617.0,
        5109094217170944000.0 / 43867.0,
        -802857662698291200000.0 / 174611.0,
    };
    int n = (int)order;
    if (n == 0)
        return ct_digamma_f64(x);
    if (n == 1)
        return ct_trigamma_f64(x);
    if (x != x || x == CT_INF_F64)
        return x != x ? x : (n & 1 ? 0.0 : -0.0);
    if (x <= 0.0 && x == __builtin_floor(x))
        return CT_INF_F64 * (n & 1 ? 1.0 : -1.0);
    if (x < -1e5)
        return CT_NAN_F64;
    double s = n + 1.0, sum = 0.0, factorial = 1.0;
    for (int k = 2; k <= n; k++)
        factorial *= k;
    for (; x < n + 12.0; x += 1.0)
        sum += ct_pow_f64(x, -s);
    double power = ct_pow_f64(x, -s), tail = power * x / (s - 1.0) + 0.5 * power, rising = s,
           factor = power / x;
    for (int j = 0; j < 10; j++) {
        tail += rising * factor / coefficients[j];
        rising *= (s + 2.0 * j + 1.0) * (s + 2.0 * j + 2.0);
        factor /= x * x;
    }
    double y = factorial * (sum + tail);
    return n & 1 ? y : -y;
}

/*@ ct_ldexp_whole_f64: ct_ldexp_f64 */
/* ldexp with the exponent given as a double that holds a whole number. */
CT_INLINE double ct_ldexp_whole_f64(double x, double n)
{
    n = n > 5000.0 ? 5000.0 : n;
    n = n < -5000.0 ? -5000.0 : n;
    return ct_ldexp_f64(x, (ct_i64)(ct_i32)n);
}

/*@ ct_ldexp_whole_f32: ct_ldexp_f32 */
CT_INLINE float ct_ldexp_whole_f32(float x, float n)
{
    n = n > 5000.0f ? 5000.0f : n;
    n = n < -5000.0f ? -5000.0f : n;
    return ct_ldexp_f32(x, (ct_i64)(ct_i32)n);
}

/*@ ct_log1mexp_f32: ct_log1mexp_f64 */
CT_INLINE float ct_log1mexp_f32(float x)
{
    return (float)ct_log1mexp_f64(x);
}

/*@ ct_exprel_f32: ct_exprel_f64 */
CT_INLINE float ct_exprel_f32(float x)
{
    return (float)ct_exprel_f64(x);
}

/*@ ct_log1prel_f32: ct_log1prel_f64 */
CT_INLINE float ct_log1prel_f32(float x)
{
    return (float)ct_log1prel_f64(x);
}

/*@ ct_sinc_unnormalized_f32: ct_sinc_unnormalized_f64 */
CT_INLINE float ct_sinc_unnormalized_f32(float x)
{
    return (float)ct_sinc_unnormalized_f64(x);
}

/*@ ct_sinhc_f32: ct_sinhc_f64 */
CT_INLINE float ct_sinhc_f32(float x)
{
    return (float)ct_sinhc_f64(x);
}

/*@ ct_cosm1_f32: ct_cosm1_f64 */
CT_INLINE float ct_cosm1_f32(float x)
{
    return (float)ct_cosm1_f64(x);
}

/*@ ct_coshm1_f32: ct_coshm1_f64 */
CT_INLINE float ct_coshm1_f32(float x)
{
    return (float)ct_coshm1_f64(x);
}

/*@ ct_log_cosh_f32: ct_log_cosh_f64 */
CT_INLINE float ct_log_cosh_f32(float x)
{
    return (float)ct_log_cosh_f64(x);
}

/*@ ct_sqrt1pm1_f32: ct_sqrt1pm1_f64 */
CT_INLINE float ct_sqrt1pm1_f32(float x)
{
    return (float)ct_sqrt1pm1_f64(x);
}

/*@ ct_log_erfc_f32: ct_log_erfc_f64 */
CT_INLINE float ct_log_erfc_f32(float x)
{
    return (float)ct_log_erfc_f64(x);
}

/*@ ct_log_ndtr_f32: ct_log_ndtr_f64 */
CT_INLINE float ct_log_ndtr_f32(float x)
{
    return (float)ct_log_ndtr_f64(x);
}

/*@ ct_erfc_hazard_f32: ct_erfc_hazard_f64 */
CT_INLINE float ct_erfc_hazard_f32(float x)
{
    return (float)ct_erfc_hazard_f64(x);
}

/*@ ct_over_hypot_f32: ct_over_hypot_f64 */
CT_INLINE float ct_over_hypot_f32(float x, float y)
{
    return (float)ct_over_hypot_f64(x, y);
}

/*@ ct_erfcx_moment_ratio_f32: ct_erfcx_moment_ratio_f64 */
CT_INLINE float ct_erfcx_moment_ratio_f32(float order, float x)
{
    return (float)ct_erfcx_moment_ratio_f64(order, x);
}

/*@ ct_erfcx_moment_f32: ct_erfcx_moment_f64 */
CT_INLINE float ct_erfcx_moment_f32(float order, float x)
{
    return (float)ct_erfcx_moment_f64(order, x);
}

/*@ ct_exponential_moment_f32: ct_exponential_moment_f64 */
CT_INLINE float ct_exponential_moment_f32(float order, float x)
{
    return (float)ct_exponential_moment_f64(order, x);
}

/*@ ct_hyperbolic_moment_f32: ct_hyperbolic_moment_f64 */
CT_INLINE float ct_hyperbolic_moment_f32(float order, float x)
{
    return (float)ct_hyperbolic_moment_f64(order, x);
}

/*@ ct_logarithm_moment_f32: ct_logarithm_moment_f64 */
CT_INLINE float ct_logarithm_moment_f32(float order, float x)
{
    return (float)ct_logarithm_moment_f64(order, x);
}

/*@ ct_cosine_moment_f32: ct_cosine_moment_f64 */
CT_INLINE float ct_cosine_moment_f32(float order, float x)
{
    return (float)ct_cosine_moment_f64(order, x);
}

/*@ ct_polygamma_f32: ct_polygamma_f64 */
CT_INLINE float ct_polygamma_f32(float order, float x)
{
    return (float)ct_polygamma_f64(order, x);
}

/*@ ct_nextafter_f16: ct_f16_from_f32 ct_f32_from_f16 */
/* The neighbour of x towards y among half precision numbers, which floats hold. */
CT_INLINE float ct_nextafter_f16(float x, float y)
{
    unsigned short bits = ct_f16_from_f32(x);
    unsigned short moved = (unsigned short)((y > x) == (x > 0.0f) ? bits + 1 : bits - 1);
    float next = x == 0.0f ? __builtin_copysignf(0x1p-24f, y) : ct_f32_from_f16(moved);
    return (x != x) | (y != y) ? x + y : (x == y ? y : next);
}

/*@ ct_nextafter_bf16: ct_bf16_from_f32 ct_f32_from_bf16 */
CT_INLINE float ct_nextafter_bf16(float x, float y)
{
    unsigned short bits = ct_bf16_from_f32(x);
    unsigned short moved = (unsigned short)((y > x) == (x > 0.0f) ? bits + 1 : bits - 1);
    float next = x == 0.0f ? __builtin_copysignf(0x1p-133f, y) : ct_f32_from_bf16(moved);
    return (x != x) | (y != y) ? x + y : (x == y ? y : next);
}

/*@ ct_xlogy_f64: ct_log_f64 */
/* x log y, 0 where x is 0 and y is a number. */
CT_INLINE double ct_xlogy_f64(double x, double y)
{
    return (x == 0.0) & (y == y) ? 0.0 : x * ct_log_f64(y);
}

/*@ ct_xlogy_f32: ct_log_f32 */
CT_INLINE float ct_xlogy_f32(float x, float y)
{
    return (x == 0.0f) & (y == y) ? 0.0f : x * ct_log_f32(y);
}

/*@ ct_xlog1py_f64: ct_log1p_f64 */
CT_INLINE double ct_xlog1py_f64(double x, double y)
{
    return (x == 0.0) & (y == y) ? 0.0 : x * ct_log1p_f64(y);
}

/*@ ct_xlog1py_f32: ct_log1p_f32 */
CT_INLINE float ct_xlog1py_f32(float x, float y)
{
    return (x == 0.0f) & (y == y) ? 0.0f : x * ct_log1p_f32(y);
}
