/* Integer operations with NumPy's meaning where C has none: division by zero gives 0, the most negative
 * number divided by -1 wraps, arithmetic wraps, and shifts by the width or more (or by negative counts)
 * shift everything out. */

/*@ ct_signed_operations: ct_bits */
#define CT_DEFINE_FLOOR_DIVIDE_SIGNED(name, type, unsigned_type)                                             \
    CT_INLINE type ct_floor_divide_##name(type x, type y)                                                    \
    {                                                                                                        \
        type safe = (y == 0) | (y == -1) ? 1 : y;                                                            \
        type q = (type)(x / safe), r = (type)(x % safe);                                                     \
        q = (type)(q - ((r != 0) & ((r < 0) != (safe < 0))));                                                \
        q = y == -1 ? (type)((unsigned_type)0 - (unsigned_type)x) : q;                                       \
        return y == 0 ? 0 : q;                                                                               \
    }
#define CT_DEFINE_REMAINDER_SIGNED(name, type)                                                               \
    CT_INLINE type ct_remainder_##name(type x, type y)                                                       \
    {                                                                                                        \
        type safe = (y == 0) | (y == -1) ? 1 : y;                                                            \
        type r = (type)(x % safe);                                                                           \
        return (r != 0) & ((r < 0) != (safe < 0)) ? (type)(r + safe) : r;                                    \
    }
#define CT_DEFINE_FMOD_SIGNED(name, type)                                                                    \
    CT_INLINE type ct_fmod_##name(type x, type y)                                                            \
    {                                                                                                        \
        return (type)(x % ((y == 0) | (y == -1) ? 1 : y));                                                   \
    }
#define CT_DEFINE_POW_SIGNED(name, type, work)                                                               \
    CT_INLINE type ct_pow_##name(type x, type y)                                                             \
    {                                                                                                        \
        work result = 1, square = (work)x;                                                                   \
        for (work n = y < 0 ? 0 : (work)y; n; n >>= 1) {                                                     \
            result = n & 1 ? result * square : result;                                                       \
            square *= square;                                                                                \
        }                                                                                                    \
        type inverse = x == 1 ? 1 : (x == -1 ? (y & 1 ? -1 : 1) : 0);                                        \
        return y < 0 ? inverse : (type)result;                                                               \
    }
#define CT_DEFINE_SHIFTS_SIGNED(name, type, unsigned_type, bits)                                             \
    CT_INLINE type ct_left_shift_##name(type x, type n)                                                      \
    {                                                                                                        \
        unsigned_type count = (unsigned_type)n, low = (unsigned_type)(count & (bits - 1));                   \
        return count < bits ? (type)(unsigned_type)((ct_u64)(unsigned_type)x << low) : 0;                    \
    }                                                                                                        \
    CT_INLINE type ct_right_shift_##name(type x, type n)                                                     \
    {                                                                                                        \
        unsigned_type count = (unsigned_type)n;                                                              \
        return (type)(x >> (count < bits ? count : bits - 1));                                               \
    }
#define CT_DEFINE_SIGN_SIGNED(name, type)                                                                    \
    CT_INLINE type ct_sign_##name(type x)                                                                    \
    {                                                                                                        \
        return (type)((x > 0) - (x < 0));                                                                    \
    }
#define CT_DEFINE_ABS_SIGNED(name, type, unsigned_type)                                                      \
    CT_INLINE type ct_abs_##name(type x)                                                                     \
    {                                                                                                        \
        return x < 0 ? (type)(unsigned_type)((unsigned_type)0 - (unsigned_type)x) : x;                       \
    }

/*@ ct_unsigned_operations: ct_bits */
#define CT_DEFINE_FLOOR_DIVIDE_UNSIGNED(name, type)                                                          \
    CT_INLINE type ct_floor_divide_##name(type x, type y)                                                    \
    {                                                                                                        \
        return y == 0 ? 0 : (type)(x / (y == 0 ? 1 : y));                                                    \
    }
#define CT_DEFINE_REMAINDER_UNSIGNED(name, type)                                                             \
    CT_INLINE type ct_remainder_##name(type x, type y)                                                       \
    {                                                                                                        \
        return y == 0 ? 0 : (type)(x % (y == 0 ? 1 : y));                                                    \
    }
#define CT_DEFINE_FMOD_UNSIGNED(name, type)                                                                  \
    CT_INLINE type ct_fmod_##name(type x, type y)                                                            \
    {                                                                                                        \
        return y == 0 ? 0 : (type)(x % (y == 0 ? 1 : y));                                                    \
    }
#define CT_DEFINE_POW_UNSIGNED(name, type, work)                                                             \
    CT_INLINE type ct_pow_##name(type x, type y)                                                             \
    {                                                                                                        \
        work result = 1, square = x;                                                                         \
        for (work n = y; n; n >>= 1) {                                                                       \
            result = n & 1 ? result * square : result;                                                       \
            square *= square;                                                                                \
        }                                                                                                    \
        return (type)result;                                                                                 \
    }
#define CT_DEFINE_SHIFTS_UNSIGNED(name, type, bits)                                                          \
    CT_INLINE type ct_left_shift_##name(type x, type n)                                                      \
    {                                                                                                        \
        return n < bits ? (type)((ct_u64)x << (n & (bits - 1))) : 0;                                         \
    }                                                                                                        \
    CT_INLINE type ct_right_shift_##name(type x, type n)                                                     \
    {                                                                                                        \
        return n < bits ? (type)(x >> (n & (bits - 1))) : 0;                                                 \
    }
#define CT_DEFINE_SIGN_UNSIGNED(name, type)                                                                  \
    CT_INLINE type ct_sign_##name(type x)                                                                    \
    {                                                                                                        \
        return x > 0;                                                                                        \
    }
#define CT_DEFINE_ABS_UNSIGNED(name, type)                                                                   \
    CT_INLINE type ct_abs_##name(type x)                                                                     \
    {                                                                                                        \
        return x;                                                                                            \
    }

/*@ ct_floor_divide_i8: ct_signed_operations */
CT_DEFINE_FLOOR_DIVIDE_SIGNED(i8, __INT8_TYPE__, __UINT8_TYPE__)

/*@ ct_remainder_i8: ct_signed_operations */
CT_DEFINE_REMAINDER_SIGNED(i8, __INT8_TYPE__)

/*@ ct_fmod_i8: ct_signed_operations */
CT_DEFINE_FMOD_SIGNED(i8, __INT8_TYPE__)

/*@ ct_pow_i8: ct_signed_operations */
CT_DEFINE_POW_SIGNED(i8, __INT8_TYPE__, ct_u32)

/*@ ct_sign_i8: ct_signed_operations */
CT_DEFINE_SIGN_SIGNED(i8, __INT8_TYPE__)

/*@ ct_abs_i8: ct_signed_operations */
CT_DEFINE_ABS_SIGNED(i8, __INT8_TYPE__, __UINT8_TYPE__)

/*@ ct_shifts_i8: ct_signed_operations */
CT_DEFINE_SHIFTS_SIGNED(i8, __INT8_TYPE__, __UINT8_TYPE__, 8u)

/*@ ct_floor_divide_u8: ct_unsigned_operations */
CT_DEFINE_FLOOR_DIVIDE_UNSIGNED(u8, __UINT8_TYPE__)

/*@ ct_remainder_u8: ct_unsigned_operations */
CT_DEFINE_REMAINDER_UNSIGNED(u8, __UINT8_TYPE__)

/*@ ct_fmod_u8: ct_unsigned_operations */
CT_DEFINE_FMOD_UNSIGNED(u8, __UINT8_TYPE__)

/*@ ct_pow_u8: ct_unsigned_operations */
CT_DEFINE_POW_UNSIGNED(u8, __UINT8_TYPE__, ct_u32)

/*@ ct_sign_u8: ct_unsigned_operations */
CT_DEFINE_SIGN_UNSIGNED(u8, __UINT8_TYPE__)

/*@ ct_abs_u8: ct_unsigned_operations */
CT_DEFINE_ABS_UNSIGNED(u8, __UINT8_TYPE__)

/*@ ct_shifts_u8: ct_unsigned_operations */
CT_DEFINE_SHIFTS_UNSIGNED(u8, __UINT8_TYPE__, 8u)

/*@ ct_left_shift_i8: ct_shifts_i8 */
/* defined by ct_shifts_i8 */

/*@ ct_right_shift_i8: ct_shifts_i8 */
/* defined by ct_shifts_i8 */

/*@ ct_left_shift_u8: ct_shifts_u8 */
/* defined by ct_shifts_u8 */

/*@ ct_right_shift_u8: ct_shifts_u8 */
/* defined by ct_shifts_u8 */

/*@ ct_floor_divide_i16: ct_signed_operations */
CT_DEFINE_FLOOR_DIVIDE_SIGNED(i16, __INT16_TYPE__, __UINT16_TYPE__)

/*@ ct_remainder_i16: ct_signed_operations */
CT_DEFINE_REMAINDER_SIGNED(i16, __INT16_TYPE__)

/*@ ct_fmod_i16: ct_signed_operations */
CT_DEFINE_FMOD_SIGNED(i16, __INT16_TYPE__)

/*@ ct_pow_i16: ct_signed_operations */
CT_DEFINE_POW_SIGNED(i16, __INT16_TYPE__, ct_u32)

/*@ ct_sign_i16: ct_signed_operations */
CT_DEFINE_SIGN_SIGNED(i16, __INT16_TYPE__)

/*@ ct_abs_i16: ct_signed_operations */
CT_DEFINE_ABS_SIGNED(i16, __INT16_TYPE__, __UINT16_TYPE__)

/*@ ct_shifts_i16: ct_signed_operations */
CT_DEFINE_SHIFTS_SIGNED(i16, __INT16_TYPE__, __UINT16_TYPE__, 16u)

/*@ ct_floor_divide_u16: ct_unsigned_operations */
CT_DEFINE_FLOOR_DIVIDE_UNSIGNED(u16, __UINT16_TYPE__)

/*@ ct_remainder_u16: ct_unsigned_operations */
CT_DEFINE_REMAINDER_UNSIGNED(u16, __UINT16_TYPE__)

/*@ ct_fmod_u16: ct_unsigned_operations */
CT_DEFINE_FMOD_UNSIGNED(u16, __UINT16_TYPE__)

/*@ ct_pow_u16: ct_unsigned_operations */
CT_DEFINE_POW_UNSIGNED(u16, __UINT16_TYPE__, ct_u32)

/*@ ct_sign_u16: ct_unsigned_operations */
CT_DEFINE_SIGN_UNSIGNED(u16, __UINT16_TYPE__)

/*@ ct_abs_u16: ct_unsigned_operations */
CT_DEFINE_ABS_UNSIGNED(u16, __UINT16_TYPE__)

/*@ ct_shifts_u16: ct_unsigned_operations */
CT_DEFINE_SHIFTS_UNSIGNED(u16, __UINT16_TYPE__, 16u)

/*@ ct_left_shift_i16: ct_shifts_i16 */
/* defined by ct_shifts_i16 */

/*@ ct_right_shift_i16: ct_shifts_i16 */
/* defined by ct_shifts_i16 */

/*@ ct_left_shift_u16: ct_shifts_u16 */
/* defined by ct_shifts_u16 */

/*@ ct_right_shift_u16: ct_shifts_u16 */
/* defined by ct_shifts_u16 */

/*@ ct_floor_divide_i32: ct_signed_operations */
CT_DEFINE_FLOOR_DIVIDE_SIGNED(i32, __INT32_TYPE__, __UINT32_TYPE__)

/*@ ct_remainder_i32: ct_signed_operations */
CT_DEFINE_REMAINDER_SIGNED(i32, __INT32_TYPE__)

/*@ ct_fmod_i32: ct_signed_operations */
CT_DEFINE_FMOD_SIGNED(i32, __INT32_TYPE__)

/*@ ct_pow_i32: ct_signed_operations */
CT_DEFINE_POW_SIGNED(i32, __INT32_TYPE__, ct_u32)

/*@ ct_sign_i32: ct_signed_operations */
CT_DEFINE_SIGN_SIGNED(i32, __INT32_TYPE__)

/*@ ct_abs_i32: ct_signed_operations */
CT_DEFINE_ABS_SIGNED(i32, __INT32_TYPE__, __UINT32_TYPE__)

/*@ ct_shifts_i32: ct_signed_operations */
CT_DEFINE_SHIFTS_SIGNED(i32, __INT32_TYPE__, __UINT32_TYPE__, 32u)

/*@ ct_floor_divide_u32: ct_unsigned_operations */
CT_DEFINE_FLOOR_DIVIDE_UNSIGNED(u32, __UINT32_TYPE__)

/*@ ct_remainder_u32: ct_unsigned_operations */
CT_DEFINE_REMAINDER_UNSIGNED(u32, __UINT32_TYPE__)

/*@ ct_fmod_u32: ct_unsigned_operations */
CT_DEFINE_FMOD_UNSIGNED(u32, __UINT32_TYPE__)

/*@ ct_pow_u32: ct_unsigned_operations */
CT_DEFINE_POW_UNSIGNED(u32, __UINT32_TYPE__, ct_u32)

/*@ ct_sign_u32: ct_unsigned_operations */
CT_DEFINE_SIGN_UNSIGNED(u32, __UINT32_TYPE__)

/*@ ct_abs_u32: ct_unsigned_operations */
CT_DEFINE_ABS_UNSIGNED(u32, __UINT32_TYPE__)

/*@ ct_shifts_u32: ct_unsigned_operations */
CT_DEFINE_SHIFTS_UNSIGNED(u32, __UINT32_TYPE__, 32u)

/*@ ct_left_shift_i32: ct_shifts_i32 */
/* defined by ct_shifts_i32 */

/*@ ct_right_shift_i32: ct_shifts_i32 */
/* defined by ct_shifts_i32 */

/*@ ct_left_shift_u32: ct_shifts_u32 */
/* defined by ct_shifts_u32 */

/*@ ct_right_shift_u32: ct_shifts_u32 */
/* defined by ct_shifts_u32 */

/*@ ct_floor_divide_i64: ct_signed_operations */
CT_DEFINE_FLOOR_DIVIDE_SIGNED(i64, __INT64_TYPE__, __UINT64_TYPE__)

/*@ ct_remainder_i64: ct_signed_operations */
CT_DEFINE_REMAINDER_SIGNED(i64, __INT64_TYPE__)

/*@ ct_fmod_i64: ct_signed_operations */
CT_DEFINE_FMOD_SIGNED(i64, __INT64_TYPE__)

/*@ ct_pow_i64: ct_signed_operations */
CT_DEFINE_POW_SIGNED(i64, __INT64_TYPE__, ct_u64)

/*@ ct_sign_i64: ct_signed_operations */
CT_DEFINE_SIGN_SIGNED(i64, __INT64_TYPE__)

/*@ ct_abs_i64: ct_signed_operations */
CT_DEFINE_ABS_SIGNED(i64, __INT64_TYPE__, __UINT64_TYPE__)

/*@ ct_shifts_i64: ct_signed_operations */
CT_DEFINE_SHIFTS_SIGNED(i64, __INT64_TYPE__, __UINT64_TYPE__, 64u)

/*@ ct_floor_divide_u64: ct_unsigned_operations */
CT_DEFINE_FLOOR_DIVIDE_UNSIGNED(u64, __UINT64_TYPE__)

/*@ ct_remainder_u64: ct_unsigned_operations */
CT_DEFINE_REMAINDER_UNSIGNED(u64, __UINT64_TYPE__)

/*@ ct_fmod_u64: ct_unsigned_operations */
CT_DEFINE_FMOD_UNSIGNED(u64, __UINT64_TYPE__)

/*@ ct_pow_u64: ct_unsigned_operations */
CT_DEFINE_POW_UNSIGNED(u64, __UINT64_TYPE__, ct_u64)

/*@ ct_sign_u64: ct_unsigned_operations */
CT_DEFINE_SIGN_UNSIGNED(u64, __UINT64_TYPE__)

/*@ ct_abs_u64: ct_unsigned_operations */
CT_DEFINE_ABS_UNSIGNED(u64, __UINT64_TYPE__)

/*@ ct_shifts_u64: ct_unsigned_operations */
CT_DEFINE_SHIFTS_UNSIGNED(u64, __UINT64_TYPE__, 64u)

/*@ ct_left_shift_i64: ct_shifts_i64 */
/* defined by ct_shifts_i64 */

/*@ ct_right_shift_i64: ct_shifts_i64 */
/* defined by ct_shifts_i64 */

/*@ ct_left_shift_u64: ct_shifts_u64 */
/* defined by ct_shifts_u64 */

/*@ ct_right_shift_u64: ct_shifts_u64 */
/* defined by ct_shifts_u64 */
