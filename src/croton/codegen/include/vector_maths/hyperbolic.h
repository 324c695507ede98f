/* Hyperbolic functions (tanh is with the exponentials) and inverse hyperbolic ones. */

/*@ ct_half_exp_f64: ct_exp_unchecked_f64 */
/* exp(a) / 2 for a >= 0 without overflow before the result does: large arguments lose 512 ln 2
 * first, and get the factor 2^511 back. */
CT_INLINE double ct_half_exp_f64(double a)
{
    int large = a > 700.0;
    double shift = large ? 0x1.62e42fefa38p+8 : 0.0; /* 512 ln 2 in 43 bits, exact to subtract */
    double e = ct_exp_unchecked_f64(a - shift);
    /* the constant's error is a factor of exp(h - 512 ln 2) */
    double y = (large ? ct_fma(e, -0x1.ef35793c76730p-36, e) : e) * (large ? 0x1p511 : 0.5);
    return a > 711.0 ? CT_INF_F64 : y;
}

/*@ ct_sinh_f64: ct_half_exp_f64 ct_expm1_unchecked_f64 */
/* sinh, double: with u = expm1(|x|), (u + u/(u+1))/2; beyond 20, exp(|x|)/2; at most 1.65 ulp. */
CT_INLINE double ct_sinh_f64(double x)
{
    double a = __builtin_fabs(x), u = ct_expm1_unchecked_f64(a);
    double y = a > 20.0 ? ct_half_exp_f64(a) : 0.5 * (u + u / (u + 1.0));
    return a < 0x1p-28 ? x : __builtin_copysign(y, x);
}

/*@ ct_cosh_f64: ct_half_exp_f64 */
/* cosh, double: h + 1/(4h) with h = exp(|x|)/2; at most 1.30 ulp. */
CT_INLINE double ct_cosh_f64(double x)
{
    double half = ct_half_exp_f64(__builtin_fabs(x));
    return half + 0.25 / half;
}

/*@ ct_sinh_f32: ct_exp_f64 */
/* sinh, single, worked in double; at most 0.55 ulp. */
CT_INLINE float ct_sinh_f32(float x)
{
    double a = x, e = ct_exp_f64(a), z = a * a;
    double near = ct_fma(
        a * z, ct_fma(z, ct_fma(z, 0x1.a01a01a01a01ap-13, 0x1.1111111111111p-7), 0x1.5555555555555p-3), a);
    float y = (float)(z < 0.04 ? near : 0.5 * (e - 1.0 / e));
    return __builtin_fabsf(x) < 0x1p-13f ? x : y;
}

/*@ ct_cosh_f32: ct_exp_f64 */
/* cosh, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_cosh_f32(float x)
{
    double e = ct_exp_f64(x);
    return (float)(0.5 * (e + 1.0 / e));
}

/*@ ct_asinh_f64: ct_log1p_f64 */
/* asinh, double: log1p(a + a^2/(1 + sqrt(1 + a^2))); from 2^28 on, log(a) + ln 2; at most 1.40 ulp. */
CT_INLINE double ct_asinh_f64(double x)
{
    double a = __builtin_fabs(x);
    int large = a > 0x1p28;
    double safe = large ? 1.0 : a, z = safe * safe;
    double y = ct_log1p_f64(large ? a - 1.0 : a + z / (1.0 + __builtin_sqrt(1.0 + z)));
    y = large ? y + 0x1.62e42fefa39efp-1 : y;
    return a < 0x1p-28 ? x : __builtin_copysign(y, x);
}

/*@ ct_acosh_f64: ct_log1p_f64 */
/* acosh, double: log1p(t + sqrt(2t + t^2)) with t = x - 1; from 2^28 on, log(x) + ln 2; at most 1.75 ulp. */
CT_INLINE double ct_acosh_f64(double x)
{
    int large = x > 0x1p28;
    double t = x - 1.0, safe = large ? 1.0 : t;
    double y = ct_log1p_f64(large ? t : safe + __builtin_sqrt(ct_fma(safe, safe, 2.0 * safe)));
    y = large ? y + 0x1.62e42fefa39efp-1 : y;
    return x >= 1.0 ? y : CT_NAN_F64;
}

/*@ ct_atanh_f64: ct_log1p_f64 */
/* atanh, double: log1p(2a/(1 - a))/2; at most 1.45 ulp. */
CT_INLINE double ct_atanh_f64(double x)
{
    double a = __builtin_fabs(x);
    double y = 0.5 * ct_log1p_f64(2.0 * a / (1.0 - a));
    return a < 0x1p-28 ? x : (a > 1.0 ? CT_NAN_F64 : __builtin_copysign(y, x));
}

/*@ ct_asinh_f32: ct_asinh_f64 */
/* asinh, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_asinh_f32(float x)
{
    return (float)ct_asinh_f64(x);
}

/*@ ct_acosh_f32: ct_acosh_f64 */
/* acosh, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_acosh_f32(float x)
{
    return (float)ct_acosh_f64(x);
}

/*@ ct_atanh_f32: ct_atanh_f64 */
/* atanh, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_atanh_f32(float x)
{
    return (float)ct_atanh_f64(x);
}
