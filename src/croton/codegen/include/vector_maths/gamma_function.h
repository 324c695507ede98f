/* The gamma function itself (gamma.h has its logarithm). It branches: it is not for vector loops. */

/*@ ct_gamma_positive_f64: ct_lgamma_positive_f64 ct_pow_f64 ct_exp_f64 */
/* gamma(x), x > 0: up to 12 by recurrence from exp(lgamma) between 1.25 and 2.25, where the exponent is
 * below 0.13; beyond by Stirling's series, with x^(x - 1/2) in two factors so that it does not overflow. */
static inline __attribute__((unused)) double ct_gamma_positive_f64(double x)
{
    if (x < 12.0) {
        double above = 1.0, below = 1.0;
        for (; x > 2.25; above *= x)
            x -= 1.0;
        for (; x < 1.25; x += 1.0)
            below *= x;
        return ct_exp_f64(ct_lgamma_positive_f64(x)) * above / below;
    }
    if (x > 172.0)
        return CT_INF_F64;
    double w = 1.0 / x, u = w * w;
    double series =
        w *
        (0x1.5555555555555p-4 +
         u * (-0x1.6c16c16c16c17p-9 +
              u * (0x1.a01a01a01a01ap-11 +
                   u * (-0x1.3813813813814p-11 + u * (0x1.b951e2b18ff23p-11 - u * 0x1.f6ab0d9993c7dp-10)))));
    double power = ct_pow_f64(x, 0.5 * x - 0.25);
    return power * ct_exp_f64(-x) * (power * 0x1.40d931ff62706p+1 * ct_exp_f64(series));
}

/*@ ct_gamma_f64: ct_gamma_positive_f64 ct_sin_pi_f64 */
/* gamma(x), double; by reflection for negative x, NaN at the negative whole numbers, infinite at 0. */
static inline __attribute__((unused)) double ct_gamma_f64(double x)
{
    if (x > 0.0 || x != x)
        return x > 0.0 ? ct_gamma_positive_f64(x) : x;
    if (x == 0.0)
        return 1.0 / x;
    if (x > -0x1p-60)
        return 1.0 / x;
    if (!(x > -0x1p52))
        return CT_NAN_F64;
    double s, c;
    ct_sin_cos_pi_f64(x, &s, &c);
    if (s == 0.0)
        return CT_NAN_F64;
    double size = 1.0 - x;
    if (size < 170.0)
        return 0x1.921fb54442d18p+1 / (s * ct_gamma_positive_f64(size));
    /* one step of the recurrence at a time, while gamma(1 - x) itself would overflow */
    double divisor = 1.0;
    for (; size > 165.0 && divisor < 1e300; size -= 1.0)
        divisor *= size - 1.0;
    return size > 170.0 ? 0.0 : 0x1.921fb54442d18p+1 / (s * ct_gamma_positive_f64(size)) / divisor;
}

/*@ ct_gamma_f32: ct_gamma_f64 */
CT_INLINE float ct_gamma_f32(float x)
{
    return (float)ct_gamma_f64(x);
}
