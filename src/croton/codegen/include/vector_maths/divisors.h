/* Greatest common divisors and least common multiples. Smaller integers compute in 64 bits: results modulo
 * a smaller power of two are the same. */

/*@ ct_gcd_u64: ct_inline */
/* Greatest common divisor, by Euclid. */
CT_INLINE __UINT64_TYPE__ ct_gcd_u64(__UINT64_TYPE__ x, __UINT64_TYPE__ y)
{
    while (y) {
        __UINT64_TYPE__ r = x % y;
        x = y;
        y = r;
    }
    return x;
}

/*@ ct_gcd_i64: ct_gcd_u64 */
CT_INLINE __INT64_TYPE__ ct_gcd_i64(__INT64_TYPE__ x, __INT64_TYPE__ y)
{
    __UINT64_TYPE__ a = (__UINT64_TYPE__)x, b = (__UINT64_TYPE__)y;
    return (__INT64_TYPE__)ct_gcd_u64(x < 0 ? 0 - a : a, y < 0 ? 0 - b : b);
}

/*@ ct_lcm_u64: ct_gcd_u64 */
/* Least common multiple, modulo 2^64; 0 when either is 0. */
CT_INLINE __UINT64_TYPE__ ct_lcm_u64(__UINT64_TYPE__ x, __UINT64_TYPE__ y)
{
    __UINT64_TYPE__ divisor = ct_gcd_u64(x, y);
    return divisor ? x / divisor * y : 0;
}

/*@ ct_lcm_i64: ct_lcm_u64 */
CT_INLINE __INT64_TYPE__ ct_lcm_i64(__INT64_TYPE__ x, __INT64_TYPE__ y)
{
    __UINT64_TYPE__ a = (__UINT64_TYPE__)x, b = (__UINT64_TYPE__)y;
    return (__INT64_TYPE__)ct_lcm_u64(x < 0 ? 0 - a : a, y < 0 ? 0 - b : b);
}
