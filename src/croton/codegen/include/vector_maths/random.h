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
