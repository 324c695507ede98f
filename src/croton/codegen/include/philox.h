/* Philox 4x32-10, a counter-based random number generator (Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", 2011): a keyed bijection of 128-bit counters, so that element i of a draw is
 * a function of (key, i) alone and any number of threads gives the same numbers.
 *
 * Counter words: {block low, block high, stream low, stream high}; element i of a draw uses word i % 4 of
 * block i / 4. src/croton/graph/philox.py computes the same words and uniforms in NumPy, bit for bit.
 * The pieces are cut out by vector_maths.py, like those of the vector maths.
 */
/*@ ct_philox: ct_inline ct_bits */
typedef struct ct_philox_words {
    ct_u32 word[4];
} ct_philox_words;

/* Ten rounds on counter (c0, c1, c2, c3) under key (k0, k1). */
CT_INLINE ct_philox_words ct_philox(ct_u32 k0, ct_u32 k1, ct_u32 c0, ct_u32 c1, ct_u32 c2, ct_u32 c3)
{
    for (int round = 0; round < 10; round++) {
        ct_u64 p0 = (ct_u64)0xd2511f53u * c0, p1 = (ct_u64)0xcd9e8d57u * c2;
        ct_u32 n0 = (ct_u32)(p1 >> 32) ^ c1 ^ k0, n2 = (ct_u32)(p0 >> 32) ^ c3 ^ k1;
        c1 = (ct_u32)p1;
        c3 = (ct_u32)p0;
        c0 = n0;
        c2 = n2;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    ct_philox_words out = {{c0, c1, c2, c3}};
    return out;
}

/*@ ct_philox_block: ct_philox */
/* The four words of one block of a stream under a 64-bit key. */
CT_INLINE ct_philox_words ct_philox_block(ct_u64 key, ct_u64 stream, ct_u64 block)
{
    return ct_philox((ct_u32)key, (ct_u32)(key >> 32), (ct_u32)block, (ct_u32)(block >> 32), (ct_u32)stream,
                     (ct_u32)(stream >> 32));
}

/*@ ct_philox_word: ct_philox_block */
/* Word i of a stream. Vectorises by computing the whole block for every element; loops that draw many
 * numbers should rather walk over blocks and take all four words of each. */
CT_INLINE ct_u32 ct_philox_word(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    ct_philox_words b = ct_philox_block(key, stream, i >> 2);
    ct_u32 low = i & 1u ? b.word[1] : b.word[0], high = i & 1u ? b.word[3] : b.word[2];
    return i & 2u ? high : low;
}

/*@ ct_philox_word_pair: ct_philox_block */
/* Words 2i (low half) and 2i+1 (high half) of a stream. */
CT_INLINE ct_u64 ct_philox_word_pair(ct_u64 key, ct_u64 stream, ct_u64 i)
{
    ct_philox_words b = ct_philox_block(key, stream, i >> 1);
    ct_u32 low = i & 1u ? b.word[2] : b.word[0], high = i & 1u ? b.word[3] : b.word[1];
    return (ct_u64)high << 32 | low;
}

/*@ ct_uniform_f32: ct_bits */
/* Uniform on [0, 1): the top 24 bits, times 2^-24. */
CT_INLINE float ct_uniform_f32(ct_u32 word)
{
    return (float)(ct_i32)(word >> 8) * 0x1p-24f;
}

/*@ ct_uniform_f64: ct_bits */
/* Uniform on [0, 1): the top 53 bits, times 2^-53; through the bits of [2^52, 2^53) and one more, as AVX2
 * has no conversion from 64-bit integers. */
CT_INLINE double ct_uniform_f64(ct_u64 word)
{
    double high = ct_from_bits_f64((word >> 12) | 0x3ff0000000000000u) - 1.0; /* 52 bits */
    return high + (word & 0x800u ? 0x1p-53 : 0.0);
}

/*@ ct_normal_f32: ct_uniform_f32 ct_log_f32 ct_cos_ordinary_f32 */
/* Standard normal by Box and Muller (1958): radius sqrt(-2 log u) times the cosine of an angle. u lies in
 * (0, 1] and is as fine as 2^-33 next to 0, so that tails reach 6.7 sigma. `first` gives u,
 * `second` the angle. */
CT_INLINE float ct_normal_f32(ct_u32 first, ct_u32 second)
{
    float u = (float)(ct_i32)(first >> 16) * 0x1p-16f + ((float)(ct_i32)(first & 0xffffu) + 0.5f) * 0x1p-32f;
    float angle = ct_uniform_f32(second) * 0x1.921fb6p+2f;
    return __builtin_sqrtf(-2.0f * ct_log_f32(u)) * ct_cos_ordinary_f32(angle);
}

/*@ ct_normal_f64: ct_uniform_f64 ct_log_f64 ct_cos_ordinary_f64 */
/* The same in double from 64-bit words: u is as fine as 2^-65, tails reach 9.4 sigma. */
CT_INLINE double ct_normal_f64(ct_u64 first, ct_u64 second)
{
    double top = ct_from_bits_f64((first >> 32) | 0x4330000000000000u) - 0x1p52;
    double bottom = ct_from_bits_f64((first & 0xffffffffu) | 0x4330000000000000u) - 0x1p52;
    double u = top * 0x1p-32 + (bottom + 0.5) * 0x1p-64;
    double angle = ct_uniform_f64(second) * 0x1.921fb54442d18p+2;
    return __builtin_sqrt(-2.0 * ct_log_f64(u)) * ct_cos_ordinary_f64(angle);
}

/*@ ct_truncated_f32: ct_uniform_f32 ct_log_f32 ct_fma */
/* Standard normal cut off at -2 and 2, by the inverse of its distribution: with v uniform on +-erf(sqrt 2),
 * sqrt(2) erfinv(v) = v P(-log(1 - v^2)); P is minimax to 4e-9. */
CT_INLINE float ct_truncated_f32(ct_u32 word)
{
    float v = (2.0f * ct_uniform_f32(word) - 1.0f) * 0x1.e8b430p-1f;
    float s = -ct_log_f32(1.0f - v * v) - 0x1.35e706p+0f;
    float p = -0x1.195c38p-21f;
    p = ct_fmaf(p, s, -0x1.b42d30p-18f);
    p = ct_fmaf(p, s, 0x1.8031b0p-15f);
    p = ct_fmaf(p, s, 0x1.965716p-13f);
    p = ct_fmaf(p, s, -0x1.a5e238p-9f);
    p = ct_fmaf(p, s, 0x1.01a2e4p-8f);
    p = ct_fmaf(p, s, 0x1.690a72p-2f);
    p = ct_fmaf(p, s, 0x1.ab1b08p+0f);
    float y = v * p;
    y = y > 2.0f ? 2.0f : y;
    return y < -2.0f ? -2.0f : y;
}

/*@ ct_truncated_f64: ct_uniform_f64 ct_log_f64 ct_fma */
/* The same in double from a 64-bit word; P is minimax to 9e-15. */
CT_INLINE double ct_truncated_f64(ct_u64 word)
{
    double v = (2.0 * ct_uniform_f64(word) - 1.0) * 0x1.e8b4307d3627ap-1;
    double s = -ct_log_f64(1.0 - v * v) - 0x1.35e7067b8b248p+0;
    double p = -0x1.bf8fa913f568cp-42;
    p = ct_fma(p, s, -0x1.39570302f36eep-39);
    p = ct_fma(p, s, 0x1.1ea6b47962860p-41);
    p = ct_fma(p, s, 0x1.f057036b20571p-39);
    p = ct_fma(p, s, 0x1.3f3eff2b3d6d7p-34);
    p = ct_fma(p, s, 0x1.d3ba1d5c5f9b1p-33);
    p = ct_fma(p, s, -0x1.1030acb87c788p-28);
    p = ct_fma(p, s, -0x1.9f1d5e35d63f5p-33);
    p = ct_fma(p, s, 0x1.8430d194b6124p-23);
    p = ct_fma(p, s, -0x1.0bf3580d136a4p-21);
    p = ct_fma(p, s, -0x1.d61a39e3a7be8p-18);
    p = ct_fma(p, s, 0x1.7fa654d94f573p-15);
    p = ct_fma(p, s, 0x1.974b29bf67a25p-13);
    p = ct_fma(p, s, -0x1.a5e09be5e5181p-9);
    p = ct_fma(p, s, 0x1.01a0ae1e82798p-8);
    p = ct_fma(p, s, 0x1.690a723e7ed48p-2);
    p = ct_fma(p, s, 0x1.ab1b081dac1a5p+0);
    double y = v * p;
    y = y > 2.0 ? 2.0 : y;
    return y < -2.0 ? -2.0 : y;
}
