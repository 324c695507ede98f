/* Arithmetic with sizes. */
#define INLINE static inline __attribute__((always_inline))

INLINE ct_int smaller(ct_int x, ct_int y)
{
    return x < y ? x : y;
}

INLINE ct_int larger(ct_int x, ct_int y)
{
    return x > y ? x : y;
}

INLINE ct_int divide_up(ct_int x, ct_int unit)
{
    return (x + unit - 1) / unit;
}

INLINE ct_int round_up(ct_int x, ct_int unit)
{
    return divide_up(x, unit) * unit;
}
