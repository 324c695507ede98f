/* Rounding, remainders, signs, neighbours, and the integer operations that C leaves undefined. */

/*@ ct_floor_f64: ct_inline */
CT_INLINE double ct_floor_f64(double x)
{
    return __builtin_floor(x);
}

/*@ ct_floor_f32: ct_inline */
CT_INLINE float ct_floor_f32(float x)
{
    return __builtin_floorf(x);
}

/*@ ct_ceil_f64: ct_inline */
CT_INLINE double ct_ceil_f64(double x)
{
    return __builtin_ceil(x);
}

/*@ ct_ceil_f32: ct_inline */
CT_INLINE float ct_ceil_f32(float x)
{
    return __builtin_ceilf(x);
}

/*@ ct_trunc_f64: ct_inline */
CT_INLINE double ct_trunc_f64(double x)
{
    return __builtin_trunc(x);
}

/*@ ct_trunc_f32: ct_inline */
CT_INLINE float ct_trunc_f32(float x)
{
    return __builtin_truncf(x);
}

/*@ ct_rint_f64: ct_inline */
/* To the nearest whole number, ties to even; through 2^52, which needs no instruction beyond SSE2. */
CT_INLINE double ct_rint_f64(double x)
{
    double a = __builtin_fabs(x), r = (a + 0x1p52) - 0x1p52;
    return a < 0x1p52 ? __builtin_copysign(r, x) : x;
}

/*@ ct_rint_f32: ct_inline */
CT_INLINE float ct_rint_f32(float x)
{
    float a = __builtin_fabsf(x), r = (a + 0x1p23f) - 0x1p23f;
    return a < 0x1p23f ? __builtin_copysignf(r, x) : x;
}

/*@ ct_copysign_f64: ct_inline */
CT_INLINE double ct_copysign_f64(double x, double y)
{
    return __builtin_copysign(x, y);
}

/*@ ct_copysign_f32: ct_inline */
CT_INLINE float ct_copysign_f32(float x, float y)
{
    return __builtin_copysignf(x, y);
}

/*@ ct_sign_f64: ct_inline */
/* -1, 0 or 1; NaN for NaN; 0 for -0, as NumPy. */
CT_INLINE double ct_sign_f64(double x)
{
    double y = x > 0.0 ? 1.0 : 0.0;
    y = x < 0.0 ? -1.0 : y;
    return x != x ? x : y;
}

/*@ ct_sign_f32: ct_inline */
CT_INLINE float ct_sign_f32(float x)
{
    float y = x > 0.0f ? 1.0f : 0.0f;
    y = x < 0.0f ? -1.0f : y;
    return x != x ? x : y;
}

/*@ ct_maximum_f64: ct_inline */
/* The larger; NaN when either is. */
CT_INLINE double ct_maximum_f64(double x, double y)
{
    double m = x > y ? x : y;
    return x != x ? x : m;
}

/*@ ct_maximum_f32: ct_inline */
CT_INLINE float ct_maximum_f32(float x, float y)
{
    float m = x > y ? x : y;
    return x != x ? x : m;
}

/*@ ct_minimum_f64: ct_inline */
/* The smaller; NaN when either is. */
CT_INLINE double ct_minimum_f64(double x, double y)
{
    double m = x < y ? x : y;
    return x != x ? x : m;
}

/*@ ct_minimum_f32: ct_inline */
CT_INLINE float ct_minimum_f32(float x, float y)
{
    float m = x < y ? x : y;
    return x != x ? x : m;
}

/*@ ct_fmax_f64: ct_inline */
/* The larger; a NaN counts as missing. */
CT_INLINE double ct_fmax_f64(double x, double y)
{
    double m = y > x ? y : x;
    return x != x ? y : m;
}

/*@ ct_fmax_f32: ct_inline */
CT_INLINE float ct_fmax_f32(float x, float y)
{
    float m = y > x ? y : x;
    return x != x ? y : m;
}

/*@ ct_fmin_f64: ct_inline */
/* The smaller; a NaN counts as missing. */
CT_INLINE double ct_fmin_f64(double x, double y)
{
    double m = y < x ? y : x;
    return x != x ? y : m;
}

/*@ ct_fmin_f32: ct_inline */
CT_INLINE float ct_fmin_f32(float x, float y)
{
    float m = y < x ? y : x;
    return x != x ? y : m;
}

/*@ ct_nextafter_f64: ct_bits */
/* The neighbour of x towards y. */
CT_INLINE double ct_nextafter_f64(double x, double y)
{
    ct_u64 u = ct_bits_f64(x);
    int away = (y > x) == (x > 0.0);
    double moved = ct_from_bits_f64(away ? u + 1u : u - 1u);
    moved = x == 0.0 ? __builtin_copysign(0x1p-1074, y) : moved;
    moved = x == y ? y : moved;
    return (x != x) | (y != y) ? x + y : moved;
}

/*@ ct_nextafter_f32: ct_bits */
CT_INLINE float ct_nextafter_f32(float x, float y)
{
    ct_u32 u = ct_bits_f32(x);
    int away = (y > x) == (x > 0.0f);
    float moved = ct_from_bits_f32(away ? u + 1u : u - 1u);
    moved = x == 0.0f ? __builtin_copysignf(0x1p-149f, y) : moved;
    moved = x == y ? y : moved;
    return (x != x) | (y != y) ? x + y : moved;
}

/*@ ct_ldexp_f64: ct_bits */
/* x 2^n, rounded once: steps down of 2^-969 leave the last step the only one that can round visibly. */
CT_INLINE double ct_ldexp_f64(double x, ct_i64 n)
{
    for (int step = 0; step < 2; step++) {
        int up = n > 1023, down = n < -1022;
        x *= up ? 0x1p1023 : (down ? 0x1p-969 : 1.0);
        n -= up ? 1023 : (down ? -969 : 0);
    }
    n = n > 1023 ? 1023 : n;
    n = n < -1022 ? -1022 : n;
    return x * ct_from_bits_f64((ct_u64)(n + 1023) << 52);
}

/*@ ct_ldexp_f32: ct_bits */
CT_INLINE float ct_ldexp_f32(float x, ct_i64 n)
{
    n = n > 400 ? 400 : n;
    n = n < -400 ? -400 : n;
    return (float)(x * ct_from_bits_f64((ct_u64)(n + 1023) << 52));
}

/*@ ct_fmod_exact_f64: ct_bits */
/* x modulo y on the bit patterns, eleven bits of the quotient a round; for finite x, finite y > 0. */
static inline double ct_fmod_exact_f64(double x, double y)
{
    ct_u64 ux = ct_bits_f64(x) & 0x7fffffffffffffffu, uy = ct_bits_f64(y) & 0x7fffffffffffffffu;
    ct_i32 ex = (ct_i32)(ux >> 52), ey = (ct_i32)(uy >> 52);
    ct_u64 mx = (ux & 0xfffffffffffffu) | (ex ? 0x10000000000000u : 0),
           my = (uy & 0xfffffffffffffu) | (ey ? 0x10000000000000u : 0);
    ex += !ex;
    ey += !ey;
    if (ux < uy)
        return x;
    ct_i32 gap = ex - ey;
    mx %= my;
    while (gap > 0 && mx) {
        ct_i32 step = gap < 11 ? gap : 11;
        mx = (mx << step) % my;
        gap -= step;
    }
    /* mx 2^(ey - 1075), put together by arithmetic: exact, since it has at most 53 bits */
    if (!mx)
        return __builtin_copysign(0.0, x);
    ct_i32 shift = __builtin_clzll(mx) - 11;
    shift = shift < ey - 1 ? shift : ey - 1;
    mx <<= shift;
    ey -= shift;
    ct_u64 out = mx & 0x10000000000000u ? (mx & 0xfffffffffffffu) | (ct_u64)ey << 52 : mx;
    return __builtin_copysign(ct_from_bits_f64(out), x);
}

/*@ ct_fmod_ordinary_f64: ct_bits ct_fma */
/* fmod for |x/y| < 2^53 where there is FMA (see ct_huge_quotient_f64): one division; exact, since rounding
 * can only make the quotient too large, by one. */
CT_INLINE double ct_fmod_ordinary_f64(double x, double y)
{
    double a = __builtin_fabs(x), b = __builtin_fabs(y);
    double r = ct_fma(-__builtin_trunc(a / b), b, a);
    r = r < 0.0 ? r + b : r;
    r = (b == CT_INF_F64) & (a < CT_INF_F64) ? a : r;
    return __builtin_copysign(r, x);
}

/*@ ct_huge_quotient_f64: ct_fma */
/* 1 where ct_fmod_ordinary_f64 may be wrong. */
CT_INLINE int ct_huge_quotient_f64(double x, double y)
{
#if CT_HAS_FMA
    double q = __builtin_fabs(x / y);
    return (q >= 0x1p53) & (y != 0.0) & (__builtin_fabs(x) <= 0x1.fffffffffffffp1023);
#else
    return (y != 0.0) & (__builtin_fabs(x) <= 0x1.fffffffffffffp1023) &
           (__builtin_fabs(y) <= 0x1.fffffffffffffp1023);
#endif
}

/*@ ct_fmod_f64: ct_fmod_ordinary_f64 ct_huge_quotient_f64 ct_fmod_exact_f64 */
/* C's fmod, exact. Branches. */
CT_INLINE double ct_fmod_f64(double x, double y)
{
    return ct_huge_quotient_f64(x, y) ? ct_fmod_exact_f64(x, y) : ct_fmod_ordinary_f64(x, y);
}

/*@ ct_fmod_f32: ct_fmod_f64 */
CT_INLINE float ct_fmod_f32(float x, float y)
{
    return (float)ct_fmod_f64(x, y);
}

/*@ ct_remainder_f64: ct_fmod_f64 */
/* NumPy's remainder: the sign of y. */
CT_INLINE double ct_remainder_f64(double x, double y)
{
    double m = ct_fmod_f64(x, y);
    double signed_zero = __builtin_copysign(0.0, y);
    m = m == 0.0 ? signed_zero : ((y < 0.0) != (m < 0.0) ? m + y : m);
    return m;
}

/*@ ct_remainder_f32: ct_fmod_f64 */
CT_INLINE float ct_remainder_f32(float x, float y)
{
    float m = (float)ct_fmod_f64(x, y), signed_zero = __builtin_copysignf(0.0f, y);
    return m == 0.0f ? signed_zero : ((y < 0.0f) != (m < 0.0f) ? m + y : m);
}

/*@ ct_floor_divide_f64: ct_fmod_f64 */
/* NumPy's floor_divide: consistent with remainder; x / y for y = 0. */
CT_INLINE double ct_floor_divide_f64(double x, double y)
{
    double m = ct_fmod_f64(x, y), q = (x - m) / y;
    q = (m != 0.0) & ((y < 0.0) != (m < 0.0)) ? q - 1.0 : q;
    double whole = __builtin_floor(q);
    whole = q - whole > 0.5 ? whole + 1.0 : whole;
    whole = q == 0.0 ? __builtin_copysign(0.0, x / y) : whole;
    return y == 0.0 ? x / y : whole;
}

/*@ ct_floor_divide_f32: ct_fmod_f64 */
CT_INLINE float ct_floor_divide_f32(float x, float y)
{
    float m = (float)ct_fmod_f64(x, y), q = (x - m) / y;
    q = (m != 0.0f) & ((y < 0.0f) != (m < 0.0f)) ? q - 1.0f : q;
    float whole = __builtin_floorf(q);
    whole = q - whole > 0.5f ? whole + 1.0f : whole;
    whole = q == 0.0f ? __builtin_copysignf(0.0f, x / y) : whole;
    return y == 0.0f ? x / y : whole;
}
