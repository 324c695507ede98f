/* Conversions that C leaves undefined, that AVX2 has no instruction for, or between formats C lacks.
 *
 * Float to integer: out of range and NaN give the most negative number for i32 and i64, as x86 does and
 * NumPy shows there; i8, i16, u8, u16 are the low bits of i32, u32 those of i64; u64 is exact up to 2^64
 * and 2^63 beyond. Names read ct_TO_from_FROM.
 */

/*@ ct_i32_from_f64: ct_bits */
CT_INLINE ct_i32 ct_i32_from_f64(double x)
{
    int fits = (x > -2147483649.0) & (x < 2147483648.0);
    ct_i32 y = (ct_i32)(fits ? x : -2147483648.0);
    return y;
}

/*@ ct_i32_from_f32: ct_bits */
CT_INLINE ct_i32 ct_i32_from_f32(float x)
{
    int fits = (x >= -2147483648.0f) & (x < 2147483648.0f);
    return (ct_i32)(fits ? x : -2147483648.0f);
}

/*@ ct_i64_from_f64: ct_bits */
/* Through two halves of 32 bits, each read off the low bits of a shifted double. */
CT_INLINE ct_i64 ct_i64_from_f64(double x)
{
    int fits = (x >= -0x1p63) & (x < 0x1p63);
    double whole = __builtin_trunc(fits ? x : -0x1p63);
    double high = __builtin_floor(whole * 0x1p-32), low = whole - high * 0x1p32;
    return (ct_i64)((ct_bits_f64(high + 0x1.8p52) << 32) + (ct_bits_f64(low + 0x1p52) & 0xffffffffu));
}

/*@ ct_i64_from_f32: ct_i64_from_f64 */
CT_INLINE ct_i64 ct_i64_from_f32(float x)
{
    return ct_i64_from_f64(x);
}

/*@ ct_i8_from_f64: ct_i32_from_f64 */
CT_INLINE __INT8_TYPE__ ct_i8_from_f64(double x)
{
    return (__INT8_TYPE__)(__UINT8_TYPE__)(ct_u32)ct_i32_from_f64(x);
}

/*@ ct_i8_from_f32: ct_i32_from_f32 */
CT_INLINE __INT8_TYPE__ ct_i8_from_f32(float x)
{
    return (__INT8_TYPE__)(__UINT8_TYPE__)(ct_u32)ct_i32_from_f32(x);
}

/*@ ct_i16_from_f64: ct_i32_from_f64 */
CT_INLINE __INT16_TYPE__ ct_i16_from_f64(double x)
{
    return (__INT16_TYPE__)(__UINT16_TYPE__)(ct_u32)ct_i32_from_f64(x);
}

/*@ ct_i16_from_f32: ct_i32_from_f32 */
CT_INLINE __INT16_TYPE__ ct_i16_from_f32(float x)
{
    return (__INT16_TYPE__)(__UINT16_TYPE__)(ct_u32)ct_i32_from_f32(x);
}

/*@ ct_u8_from_f64: ct_i32_from_f64 */
CT_INLINE __UINT8_TYPE__ ct_u8_from_f64(double x)
{
    return (__UINT8_TYPE__)(ct_u32)ct_i32_from_f64(x);
}

/*@ ct_u8_from_f32: ct_i32_from_f32 */
CT_INLINE __UINT8_TYPE__ ct_u8_from_f32(float x)
{
    return (__UINT8_TYPE__)(ct_u32)ct_i32_from_f32(x);
}

/*@ ct_u16_from_f64: ct_i32_from_f64 */
CT_INLINE __UINT16_TYPE__ ct_u16_from_f64(double x)
{
    return (__UINT16_TYPE__)(ct_u32)ct_i32_from_f64(x);
}

/*@ ct_u16_from_f32: ct_i32_from_f32 */
CT_INLINE __UINT16_TYPE__ ct_u16_from_f32(float x)
{
    return (__UINT16_TYPE__)(ct_u32)ct_i32_from_f32(x);
}

/*@ ct_u32_from_f64: ct_i64_from_f64 */
CT_INLINE ct_u32 ct_u32_from_f64(double x)
{
    return (ct_u32)(ct_u64)ct_i64_from_f64(x);
}

/*@ ct_u32_from_f32: ct_i64_from_f64 */
CT_INLINE ct_u32 ct_u32_from_f32(float x)
{
    return (ct_u32)(ct_u64)ct_i64_from_f64(x);
}

/*@ ct_u64_from_f64: ct_i64_from_f64 */
CT_INLINE ct_u64 ct_u64_from_f64(double x)
{
    int upper = (x >= 0x1p63) & (x < 0x1p64);
    ct_u64 y = (ct_u64)ct_i64_from_f64(upper ? x - 0x1p63 : x);
    return upper ? y + 0x8000000000000000u : y;
}

/*@ ct_u64_from_f32: ct_u64_from_f64 */
CT_INLINE ct_u64 ct_u64_from_f32(float x)
{
    return ct_u64_from_f64(x);
}

/*@ ct_f64_from_i64: ct_bits */
/* The halves as mantissas of 2^84 and 2^52, added: one rounding. */
CT_INLINE double ct_f64_from_i64(ct_i64 x)
{
    ct_u64 u = (ct_u64)x;
    double high = ct_from_bits_f64((u >> 32) ^ 0x4530000080000000u) - (0x1p84 + 0x1p63 + 0x1p52);
    return high + ct_from_bits_f64((u & 0xffffffffu) | 0x4330000000000000u);
}

/*@ ct_f64_from_u64: ct_bits */
CT_INLINE double ct_f64_from_u64(ct_u64 u)
{
    double high = ct_from_bits_f64((u >> 32) | 0x4530000000000000u) - (0x1p84 + 0x1p52);
    return high + ct_from_bits_f64((u & 0xffffffffu) | 0x4330000000000000u);
}

/*@ ct_f64_from_u32: ct_bits */
CT_INLINE double ct_f64_from_u32(ct_u32 u)
{
    return ct_from_bits_f64((ct_u64)u | 0x4330000000000000u) - 0x1p52;
}

/*@ ct_f32_from_u64: ct_f64_from_u64 */
/* Large numbers keep their lost bits as one sticky bit, so that the second rounding is the only one. */
CT_INLINE float ct_f32_from_u64(ct_u64 u)
{
    ct_u64 sticky = (u & ~(ct_u64)0x7ffu) | ((u & 0x7ffu) != 0 ? 0x800u : 0u);
    return (float)ct_f64_from_u64(u >> 53 ? sticky : u);
}

/*@ ct_f32_from_i64: ct_f32_from_u64 */
CT_INLINE float ct_f32_from_i64(ct_i64 x)
{
    ct_u64 u = (ct_u64)x, magnitude = x < 0 ? 0u - u : u;
    float y = ct_f32_from_u64(magnitude);
    return x < 0 ? -y : y;
}

/*@ ct_f32_from_u32: ct_f64_from_u32 */
CT_INLINE float ct_f32_from_u32(ct_u32 u)
{
    return (float)ct_f64_from_u32(u);
}

/*@ ct_f32_odd_from_f64: ct_bits */
/* Rounds to odd: what a second rounding to fewer bits needs to come out as one. */
CT_INLINE float ct_f32_odd_from_f64(double x)
{
    float nearest = (float)x;
    double rest = x - (double)nearest;
    ct_u32 u = ct_bits_f32(nearest);
    ct_u32 away = (rest > 0.0) == (x > 0.0) ? 1u : 0xffffffffu;
    int adjust = (rest != 0.0) & !(u & 1u) & (__builtin_fabs(rest) < CT_INF_F64);
    return ct_from_bits_f32(adjust ? u + away : u);
}

/*@ ct_f32_from_f16: ct_bits */
/* Half to single, exact: the exponent is re-biased by a multiplication, which also normalises subnormals. */
CT_INLINE float ct_f32_from_f16(__UINT16_TYPE__ h)
{
    ct_u32 magnitude = (ct_u32)(h & 0x7fffu) << 13;
    ct_u32 finite = ct_bits_f32(ct_from_bits_f32(magnitude) * 0x1p112f);
    ct_u32 u = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : finite;
    return ct_from_bits_f32(u | (ct_u32)(h & 0x8000u) << 16);
}

/*@ ct_f16_from_f32: ct_bits */
/* Single to half, nearest, ties to even; NaN stays NaN (quiet). */
CT_INLINE __UINT16_TYPE__ ct_f16_from_f32(float x)
{
    ct_u32 u = ct_bits_f32(x), a = u & 0x7fffffffu;
    ct_u32 normal = (a - 0x38000000u + 0xfffu + ((a >> 13) & 1u)) >> 13;
    ct_u32 subnormal = ct_bits_f32(ct_from_bits_f32(a) + 0.5f) - 0x3f000000u;
    ct_u32 y = a < 0x38800000u ? subnormal : normal;
    y = a >= 0x477ff000u ? 0x7c00u : y;
    y = a > 0x7f800000u ? 0x7e00u : y;
    return (__UINT16_TYPE__)(y | (u >> 16 & 0x8000u));
}

/*@ ct_f16_from_f64: ct_f16_from_f32 ct_f32_odd_from_f64 */
CT_INLINE __UINT16_TYPE__ ct_f16_from_f64(double x)
{
    return ct_f16_from_f32(ct_f32_odd_from_f64(x));
}

/*@ ct_f64_from_f16: ct_f32_from_f16 */
CT_INLINE double ct_f64_from_f16(__UINT16_TYPE__ h)
{
    return ct_f32_from_f16(h);
}

/*@ ct_f32_from_bf16: ct_bits */
/* bfloat16 to single, exact. */
CT_INLINE float ct_f32_from_bf16(__UINT16_TYPE__ h)
{
    return ct_from_bits_f32((ct_u32)h << 16);
}

/*@ ct_bf16_from_f32: ct_bits */
/* Single to bfloat16, nearest, ties to even; NaN stays NaN (quiet). */
CT_INLINE __UINT16_TYPE__ ct_bf16_from_f32(float x)
{
    ct_u32 u = ct_bits_f32(x);
    ct_u32 y = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
    y = (u & 0x7fffffffu) > 0x7f800000u ? ((u >> 16) & 0x8000u) | 0x7fc0u : y;
    return (__UINT16_TYPE__)y;
}

/*@ ct_bf16_from_f64: ct_bf16_from_f32 ct_f32_odd_from_f64 */
CT_INLINE __UINT16_TYPE__ ct_bf16_from_f64(double x)
{
    return ct_bf16_from_f32(ct_f32_odd_from_f64(x));
}

/*@ ct_f64_from_bf16: ct_f32_from_bf16 */
CT_INLINE double ct_f64_from_bf16(__UINT16_TYPE__ h)
{
    return ct_f32_from_bf16(h);
}

/*@ ct_f32_from_e4m3: ct_bits */
/* The 8-bit float with 3 bits of mantissa to single, exact. It has no infinities, and one NaN of each sign. */
CT_INLINE float ct_f32_from_e4m3(__UINT8_TYPE__ h)
{
    ct_u32 magnitude = h & 0x7fu;
    ct_u32 normal = (magnitude << 20) + 0x3c000000u;
    ct_u32 subnormal = ct_bits_f32((float)(int)magnitude * 0x1p-9f);
    ct_u32 u = magnitude < 8u ? subnormal : normal;
    u = magnitude == 0x7fu ? 0x7fc00000u : u;
    return ct_from_bits_f32(u | (ct_u32)(h & 0x80u) << 24);
}

/*@ ct_e4m3_from_f32: ct_bits */
/* Nearest, ties to even; what is too large is NaN. */
CT_INLINE __UINT8_TYPE__ ct_e4m3_from_f32(float x)
{
    ct_u32 u = ct_bits_f32(x), a = u & 0x7fffffffu;
    ct_u32 normal = (a - 0x3c000000u + 0x7ffffu + ((a >> 20) & 1u)) >> 20;
    ct_u32 subnormal = ct_bits_f32(ct_from_bits_f32(a) + 0x1p14f) - 0x46800000u;
    ct_u32 y = a < 0x3c800000u ? subnormal : normal;
    y = a > 0x43e80000u ? 0x7fu : y;
    return (__UINT8_TYPE__)(y | (u >> 24 & 0x80u));
}

/*@ ct_f32_from_e5m2: ct_f32_from_f16 */
/* The 8-bit float with 2 bits of mantissa, which is the upper half of a half precision number, to single. */
CT_INLINE float ct_f32_from_e5m2(__UINT8_TYPE__ h)
{
    return ct_f32_from_f16((__UINT16_TYPE__)(h << 8));
}

/*@ ct_e5m2_from_f32: ct_bits */
/* Nearest, ties to even; NaN stays NaN (quiet). */
CT_INLINE __UINT8_TYPE__ ct_e5m2_from_f32(float x)
{
    ct_u32 u = ct_bits_f32(x), a = u & 0x7fffffffu;
    ct_u32 normal = (a - 0x38000000u + 0xfffffu + ((a >> 21) & 1u)) >> 21;
    ct_u32 subnormal = ct_bits_f32(ct_from_bits_f32(a) + 0x1p7f) - 0x43000000u;
    ct_u32 y = a < 0x38800000u ? subnormal : normal;
    y = a >= 0x47700000u ? 0x7cu : y;
    y = a > 0x7f800000u ? 0x7eu : y;
    return (__UINT8_TYPE__)(y | (u >> 24 & 0x80u));
}
