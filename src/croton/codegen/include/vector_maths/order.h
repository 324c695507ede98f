/* Keys: integers that stand in the order of the numbers they stand for, since compilers vectorise maxima of
 * integers but not those of numbers that may be NaN. NaN comes last, or first where minima are sought.
 */

/*@ ct_number_of_key_f32: ct_bits */
CT_INLINE float ct_number_of_key_f32(ct_i32 key)
{
    return ct_from_bits_f32((ct_u32)(key ^ ((key >> 31) & 0x7fffffff)));
}

/*@ ct_number_of_key_f64: ct_bits */
CT_INLINE double ct_number_of_key_f64(ct_i64 key)
{
    return ct_from_bits_f64((ct_u64)(key ^ ((key >> 63) & 0x7fffffffffffffff)));
}

/*@ ct_max_key_f32: ct_bits */
CT_INLINE ct_i32 ct_max_key_f32(float x)
{
    ct_i32 bits = (ct_i32)ct_bits_f32(x), key = bits ^ ((bits >> 31) & 0x7fffffff);
    return x != x ? 0x7fffffff : key;
}

/*@ ct_max_key_f64: ct_bits */
CT_INLINE ct_i64 ct_max_key_f64(double x)
{
    ct_i64 bits = (ct_i64)ct_bits_f64(x), key = bits ^ ((bits >> 63) & 0x7fffffffffffffff);
    return x != x ? 0x7fffffffffffffff : key;
}

/*@ ct_min_key_f32: ct_bits */
CT_INLINE ct_i32 ct_min_key_f32(float x)
{
    ct_i32 bits = (ct_i32)ct_bits_f32(x), key = bits ^ ((bits >> 31) & 0x7fffffff);
    return x != x ? -0x7fffffff - 1 : key;
}

/*@ ct_min_key_f64: ct_bits */
CT_INLINE ct_i64 ct_min_key_f64(double x)
{
    ct_i64 bits = (ct_i64)ct_bits_f64(x), key = bits ^ ((bits >> 63) & 0x7fffffffffffffff);
    return x != x ? -0x7fffffffffffffff - 1 : key;
}
