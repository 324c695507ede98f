/* What element i of a random draw is, under names that scalar expressions use: key, stream and i, all 64-bit.
 * src/croton/ops/random.py states the same in NumPy. */

/*@ ct_random_word_u64: ct_philox_word */
CT_INLINE ct_u32 ct_random_word_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    return ct_philox_word(key, stream, i);
}

/*@ ct_random_pair_u64: ct_philox_word_pair */
CT_INLINE ct_u64 ct_random_pair_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    return ct_philox_word_pair(key, stream, i);
}

/*@ ct_random_uniform32_u64: ct_philox_word ct_uniform_f32 */
CT_INLINE float ct_random_uniform32_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    return ct_uniform_f32(ct_philox_word(key, stream, i));
}

/*@ ct_random_uniform64_u64: ct_philox_word_pair ct_uniform_f64 */
CT_INLINE double ct_random_uniform64_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    return ct_uniform_f64(ct_philox_word_pair(key, stream, i));
}

/*@ ct_random_normal32_u64: ct_philox_word_pair ct_normal_f32 */
/* Words 2i and 2i+1. */
CT_INLINE float ct_random_normal32_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    const ct_u64 pair = ct_philox_word_pair(key, stream, i);
    return ct_normal_f32((ct_u32)pair, (ct_u32)(pair >> 32));
}

/*@ ct_random_normal64_u64: ct_philox_block ct_normal_f64 */
/* The four words of block i. */
CT_INLINE double ct_random_normal64_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    const ct_philox_words b = ct_philox_block(key, stream, i);
    return ct_normal_f64((ct_u64)b.word[1] << 32 | b.word[0], (ct_u64)b.word[3] << 32 | b.word[2]);
}

/*@ ct_random_truncated32_u64: ct_philox_word ct_truncated_f32 */
CT_INLINE float ct_random_truncated32_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    return ct_truncated_f32(ct_philox_word(key, stream, i));
}

/*@ ct_random_truncated64_u64: ct_philox_word_pair ct_truncated_f64 */
CT_INLINE double ct_random_truncated64_u64(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    return ct_truncated_f64(ct_philox_word_pair(key, stream, i));
}

/*@ ct_random_fill: ct_philox_block */
/* Functions that fill an array with elements `first` to `first + count` of a draw, from whole blocks of which
 * every word is used, for four or two elements. `out` has room for eight elements more; the result points to
 * where the first one lies in it. */
#define CT_DEFINE_RANDOM_FILL(name, type, log2_each, statements)                                             \
    CT_INLINE const type *name(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count, type *out)             \
    {                                                                                                        \
        const ct_u64 each = 1 << log2_each, start = first >> log2_each;                                      \
        const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + each - 1) >> log2_each) - start);           \
        _Pragma("omp simd") for (ct_i64 b = 0; b < blocks; ++b)                                              \
        {                                                                                                    \
            const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);                       \
            statements                                                                                       \
        }                                                                                                    \
        return out + (first & (each - 1));                                                                   \
    }
#define CT_DEFINE_RANDOM_FILL_FOUR(name, type, of_word)                                                      \
    CT_DEFINE_RANDOM_FILL(name, type, 2, out[4 * b] = of_word(w.word[0]);                                    \
                          out[4 * b + 1] = of_word(w.word[1]); out[4 * b + 2] = of_word(w.word[2]);          \
                          out[4 * b + 3] = of_word(w.word[3]);)
#define CT_DEFINE_RANDOM_FILL_TWO(name, type, of_words)                                                      \
    CT_DEFINE_RANDOM_FILL(name, type, 1, out[2 * b] = of_words(w.word[0], w.word[1]);                        \
                          out[2 * b + 1] = of_words(w.word[2], w.word[3]);)
#define CT_WORD(low) (low)
#define CT_PAIR(low, high) ((ct_u64)(high) << 32 | (low))
#define CT_UNIFORM_OF_PAIR(low, high) ct_uniform_f64(CT_PAIR(low, high))
#define CT_TRUNCATED_OF_PAIR(low, high) ct_truncated_f64(CT_PAIR(low, high))

/*@ ct_random_fill_word: ct_random_fill */
CT_DEFINE_RANDOM_FILL_FOUR(ct_random_fill_word, ct_u32, CT_WORD)

/*@ ct_random_fill_uniform32: ct_random_fill ct_uniform_f32 */
CT_DEFINE_RANDOM_FILL_FOUR(ct_random_fill_uniform32, float, ct_uniform_f32)

/*@ ct_random_fill_truncated32: ct_random_fill ct_truncated_f32 */
CT_DEFINE_RANDOM_FILL_FOUR(ct_random_fill_truncated32, float, ct_truncated_f32)

/*@ ct_random_fill_pair: ct_random_fill */
CT_DEFINE_RANDOM_FILL_TWO(ct_random_fill_pair, ct_u64, CT_PAIR)

/*@ ct_random_fill_uniform64: ct_random_fill ct_uniform_f64 */
CT_DEFINE_RANDOM_FILL_TWO(ct_random_fill_uniform64, double, CT_UNIFORM_OF_PAIR)

/*@ ct_random_fill_truncated64: ct_random_fill ct_truncated_f64 */
CT_DEFINE_RANDOM_FILL_TWO(ct_random_fill_truncated64, double, CT_TRUNCATED_OF_PAIR)

/*@ ct_random_fill_normal32: ct_random_fill ct_normal_f32 */
CT_DEFINE_RANDOM_FILL_TWO(ct_random_fill_normal32, float, ct_normal_f32)
