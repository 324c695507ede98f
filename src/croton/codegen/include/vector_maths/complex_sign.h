/* Squares and signs of complex numbers. */

/*@ ct_square_c128: ct_multiply_c128 */
CT_INLINE ct_c128 ct_square_c128(ct_c128 x)
{
    return ct_multiply_c128(x, x);
}

/*@ ct_square_c64: ct_multiply_c64 */
CT_INLINE ct_c64 ct_square_c64(ct_c64 x)
{
    return ct_multiply_c64(x, x);
}

/*@ ct_sign_c128: ct_abs_c128 */
/* x / |x|, 0 for 0; an infinite part outweighs a finite one, two infinite parts give NaN, as NumPy. */
CT_INLINE ct_c128 ct_sign_c128(ct_c128 x)
{
    double a = __real__ x, b = __imag__ x, size = ct_abs_c128(x);
    if (size != size)
        return ct_make_c128(CT_NAN_F64, CT_NAN_F64);
    if (size == CT_INF_F64) {
        if (__builtin_fabs(a) < CT_INF_F64)
            return ct_make_c128(0.0, b > 0.0 ? 1.0 : -1.0);
        if (__builtin_fabs(b) < CT_INF_F64)
            return ct_make_c128(a > 0.0 ? 1.0 : -1.0, 0.0);
        return ct_make_c128(CT_NAN_F64, CT_NAN_F64);
    }
    return size == 0.0 ? ct_make_c128(0.0, 0.0) : ct_make_c128(a / size, b / size);
}

/*@ ct_sign_c64: ct_sign_c128 */
CT_INLINE ct_c64 ct_sign_c64(ct_c64 x)
{
    return ct_narrow_c128(ct_sign_c128(ct_widen_c64(x)));
}
