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

/* Elements `first` to `first + count` of a draw, from whole blocks of which every word is used. `out` has room
 * for eight elements more; the result points to where the first one lies in it. */

/*@ ct_random_fill_word: ct_philox_block */
CT_INLINE const ct_u32 *ct_random_fill_word(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                            ct_u32 *out)
{
    const ct_u64 start = first >> 2;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 3) >> 2) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[4 * b] = w.word[0];
        out[4 * b + 1] = w.word[1];
        out[4 * b + 2] = w.word[2];
        out[4 * b + 3] = w.word[3];
    }
    return out + (first & 3);
}

/*@ ct_random_fill_uniform32: ct_philox_block ct_uniform_f32 */
CT_INLINE const float *ct_random_fill_uniform32(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                                float *out)
{
    const ct_u64 start = first >> 2;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 3) >> 2) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[4 * b] = ct_uniform_f32(w.word[0]);
        out[4 * b + 1] = ct_uniform_f32(w.word[1]);
        out[4 * b + 2] = ct_uniform_f32(w.word[2]);
        out[4 * b + 3] = ct_uniform_f32(w.word[3]);
    }
    return out + (first & 3);
}

/*@ ct_random_fill_pair: ct_philox_block */
CT_INLINE const ct_u64 *ct_random_fill_pair(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                            ct_u64 *out)
{
    const ct_u64 start = first >> 1;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 1) >> 1) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[2 * b] = (ct_u64)w.word[1] << 32 | w.word[0];
        out[2 * b + 1] = (ct_u64)w.word[3] << 32 | w.word[2];
    }
    return out + (first & 1);
}

/*@ ct_random_fill_uniform64: ct_philox_block ct_uniform_f64 */
CT_INLINE const double *ct_random_fill_uniform64(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                                 double *out)
{
    const ct_u64 start = first >> 1;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 1) >> 1) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[2 * b] = ct_uniform_f64((ct_u64)w.word[1] << 32 | w.word[0]);
        out[2 * b + 1] = ct_uniform_f64((ct_u64)w.word[3] << 32 | w.word[2]);
    }
    return out + (first & 1);
}

/*@ ct_random_fill_normal32: ct_philox_block ct_normal_f32 */
CT_INLINE const float *ct_random_fill_normal32(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                               float *out)
{
    const ct_u64 start = first >> 1;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 1) >> 1) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[2 * b] = ct_normal_f32(w.word[0], w.word[1]);
        out[2 * b + 1] = ct_normal_f32(w.word[2], w.word[3]);
    }
    return out + (first & 1);
}

/*@ ct_random_fill_truncated32: ct_philox_block ct_truncated_f32 */
CT_INLINE const float *ct_random_fill_truncated32(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                                  float *out)
{
    const ct_u64 start = first >> 2;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 3) >> 2) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[4 * b] = ct_truncated_f32(w.word[0]);
        out[4 * b + 1] = ct_truncated_f32(w.word[1]);
        out[4 * b + 2] = ct_truncated_f32(w.word[2]);
        out[4 * b + 3] = ct_truncated_f32(w.word[3]);
    }
    return out + (first & 3);
}

/*@ ct_random_fill_truncated64: ct_philox_block ct_truncated_f64 */
CT_INLINE const double *ct_random_fill_truncated64(ct_u64 key, ct_u64 stream, ct_u64 first, ct_i64 count,
                                                   double *out)
{
    const ct_u64 start = first >> 1;
    const ct_i64 blocks = (ct_i64)(((first + (ct_u64)count + 1) >> 1) - start);
#pragma omp simd
    for (ct_i64 b = 0; b < blocks; ++b) {
        const ct_philox_words w = ct_philox_block(key, stream, start + (ct_u64)b);
        out[2 * b] = ct_truncated_f64((ct_u64)w.word[1] << 32 | w.word[0]);
        out[2 * b + 1] = ct_truncated_f64((ct_u64)w.word[3] << 32 | w.word[2]);
    }
    return out + (first & 1);
}
