/* Trigonometric functions.
 *
 * The argument is reduced to r = x - k pi/2, |r| <= pi/4, kept as a sum of two numbers, and sin and cos of r
 * are minimax polynomials in r^2. Reduction comes in two kinds:
 *  - exact for every finite x (Payne and Hanek 1983): k = round(x * 2/pi) modulo 4, where 2/pi is a table
 *    of its bits from the one that x's exponent makes matter, so that nothing cancels unseen;
 *  - "ordinary", for |x| <= 2^20 in double and |x| < 2^24 in single precision (Cody and Waite 1980), about
 *    twice as fast in double precision: for the angles of random numbers.
 */

/*@ ct_angle_f64: ct_bits ct_fma ct_two_product_f64 ct_two_sum_f64 */
/* r = high + low and the quadrant in the two low bits of `quadrant`. */
typedef struct ct_angle_f64 {
    double high, low;
    ct_u64 quadrant;
} ct_angle_f64;

/*@ ct_two_over_pi_f64: */
/* 2^(32 j) 2/pi modulo 4, to 212 bits in four parts. */
static const double ct_two_over_pi_f64_0[31] = {
    0x1.45f306dc9c883p-1,  -0x1.b1bbead603d8bp+0, 0x1.fc2757d1f534ep+0,  0x1.f534ddc0db629p+0,
    0x1.b6c52b3278872p-1,  0x1.3c439041fe516p+0,  0x1.fe5163abdebbcp+0,  -0x1.0a21d4f246dc9p-3,
    0x1.b7246e3a424ddp+0,  -0x1.bdb22d1ff9b6dp+0, 0x1.924bba8274648p-6,  -0x1.f62e6de301e21p+0,
    0x1.fc3bd63962535p-1,  0x1.62534e7dd1047p-1,  -0x1.177dca0ad144cp+0, 0x1.2ebb4484e99c7p+0,
    0x1.d338e04d68bfp-1,   -0x1.4ba081bec66e3p+0, 0x1.3991d63983534p+0,  0x1.835339f49c846p+0,
    0x1.3908bf177bf25p-1,  -0x1.081b5f13801dap-2, -0x1.c00ed00043f4dp-1, -0x1.0fd33f8086877p-3,
    -0x1.0d0ee74a5f593p-4, -0x1.4beb25c12593p-1,  -0x1.25930261b069fp-1, -0x1.b069ec9161738p-1,
    -0x1.61738132c3403p-1, -0x1.61a015d28ad84p+0, 0x1.7527bac7ebe5fp+0,
};
static const double ct_two_over_pi_f64_1[31] = {
    -0x1.6b01ec5417056p-55, 0x1.f47d4d377036ep-54,  -0x1.1f924eb53361ep-55, 0x1.664f10e4107f9p-54,
    0x1.07f9458eaf7afp-58,  0x1.d5ef5de2b0db9p-55,  0x1.586dc91b8e909p-54,  0x1.d2126e9700325p-59,
    0x1.700324977504fp-55,  -0x1.15f62e6de301ep-56, 0x1.cfe1deb1cb12ap-60,  -0x1.38d3b5963045ep-54,
    -0x1.822efb9415a29p-57, -0x1.0568a25dbd8b3p-55, 0x1.213a671c09ad1p-54,  0x1.35a2fbf209cc9p-59,
    -0x1.bec66e29c67cbp-56, 0x1.8e60d4ce7d272p-54,  -0x1.82d8dee81d108p-54, -0x1.d1081b5f13802p-58,
    0x1.d8ffc4bffef03p-59,  -0x1.0fd33f8086877p-67, 0x1.fde5e2316b415p-61,  -0x1.d297d64b824b2p-58,
    0x1.f6d367ecf27cbp-60,  -0x1.30d834f648b0cp-56, 0x1.b74f463f669e6p-56,  -0x1.32c3402ba515bp-57,
    0x1.16ba93dd63f5fp-55,  -0x1.4e050683a130cp-54, 0x1.7b3d0739f78a5p-56,
};
static const double ct_two_over_pi_f64_2[31] = {
    -0x1.6447e493ad4cep-109, -0x1.d6a66c3bc6fbep-108, 0x1.c820ff28b1d5fp-111,  0x1.163abdebbc562p-108,
    -0x1.d4f246dc8e2dfp-115, 0x1.1b8e909374b8p-110,   0x1.ba5c00c925dd4p-109,  -0x1.a22bec5cdbc6p-113,
    -0x1.cdbc603c429c7p-109, -0x1.0a71a76b2c609p-111, -0x1.63045df7282b4p-114, 0x1.1afa975da2427p-111,
    0x1.a24274ce38136p-111,  -0x1.c7eca5d040df6p-111, 0x1.f7e413991d63ap-108,  -0x1.4e33e566305b2p-115,
    0x1.9cfa4e422fc5ep-111,  0x1.17e2ef7e4a0ecp-110,  -0x1.b5f13801da001p-110, 0x1.2fffbc0b301fep-113,
    -0x1.9fc04343b9d29p-114, -0x1.d297d64b824b2p-122, -0x1.2e092c98130d8p-116, -0x1.8130d834f648bp-112,
    0x1.36e9e8c7ecd3dp-117,  0x1.8fd9a797fa8b6p-110,  -0x1.5d28ad8453814p-116, -0x1.14e050683a131p-114,
    0x1.7c5ecf41ce7dep-110,  0x1.ce7de294a4baap-110,  0x1.497535fdafd89p-111,
};
static const double ct_two_over_pi_f64_3[31] = {
    0x1.e21c820ff28b2p-163,  -0x1.ae9c5421443aap-168, -0x1.443a9e48db91cp-168, -0x1.236e4716f6c8bp-162,
    0x1.374b801924bbbp-170,  0x1.924bba8274648p-166,  0x1.3a32439fc3bd6p-165,  -0x1.e214e34ed658cp-168,
    0x1.894d39f74411bp-163,  0x1.1046bea5d7689p-165,  -0x1.44bb7b16638fep-168, 0x1.338e04d68befdp-165,
    -0x1.741037d8cdc54p-165, -0x1.9b8a719f2b318p-166, -0x1.f2b3182d8dee8p-162, 0x1.08bf177bf2507p-169,
    -0x1.036be27003b4p-167,  0x1.ff897ffde0598p-164,  0x1.e05980fef2f12p-164,  -0x1.a1dce94beb25cp-169,
    -0x1.f592e092c9813p-168, -0x1.8130d834f648bp-176, -0x1.a7b24585ce04dp-171, -0x1.738132c3402bap-169,
    -0x1.00ae9456c229cp-171, -0x1.5b08a7028341dp-165, -0x1.a0e84c2f8c608p-172, 0x1.0739f78a5292fp-168,
    0x1.4a525d4d7f6bfp-165,  -0x1.404a04ee072a3p-164, -0x1.ca8bdea7f33eep-170,
};

/*@ ct_reduce_angle_f64: ct_angle_f64 ct_two_over_pi_f64 */
CT_INLINE ct_angle_f64 ct_reduce_angle_f64(double x)
{
    ct_angle_f64 out;
    ct_i64 exponent = (ct_i64)((ct_bits_f64(x) >> 52) & 0x7ffu) - 1075;
    ct_u64 row = (ct_u64)(exponent > 0 ? exponent : 0) >> 5;
    double scaled = x * ct_from_bits_f64((1023u - 32u * row) << 52); /* whole when row > 0; below 2^84 */
    double part0 = ct_two_over_pi_f64_0[row], part1 = ct_two_over_pi_f64_1[row];
    double part2 = ct_two_over_pi_f64_2[row], part3 = ct_two_over_pi_f64_3[row];
    double p1 = scaled * part0, e1 = ct_product_error_f64(scaled, part0, p1);
    double p2 = scaled * part1, e2 = ct_product_error_f64(scaled, part1, p2);
    double p3 = scaled * part2, e3 = ct_product_error_f64(scaled, part2, p3);
    /* drop multiples of 8 from p1; from 2^54 on it is a multiple of 4 itself */
    double whole = __builtin_fabs(p1) < 0x1p54 ? (p1 + 0x1.8p55) - 0x1.8p55 : p1;
    double a = p1 - whole;
    double s1 = a + e1, t1 = ct_sum_error_f64(a, e1, s1);
    double s2 = s1 + p2, t2 = ct_sum_error_f64(s1, p2, s2);
    double shifted = s2 + 0x1.8p52;
    double f = s2 - (shifted - 0x1.8p52);
    /* f + t1 + t2 + e2 + p3 + e3 + scaled * part3 quarter turns; the first five may cancel */
    double s3 = f + t2, t3 = ct_sum_error_f64(f, t2, s3);
    double s4 = s3 + t1, t4 = ct_sum_error_f64(s3, t1, s4);
    double s5 = s4 + e2, t5 = ct_sum_error_f64(s4, e2, s5);
    double s6 = s5 + p3, t6 = ct_sum_error_f64(s5, p3, s6);
    double rest = ct_fma(scaled, part3, e3) + (t3 + t4) + (t5 + t6);
    double turn = s6 + rest, turn_low = (s6 - turn) + rest;
    out.high = turn * 0x1.921fb54442d18p+0;
    out.low = ct_fma(turn, 0x1.1a62633145c07p-54, turn_low * 0x1.921fb54442d18p+0) +
              ct_product_error_f64(turn, 0x1.921fb54442d18p+0, out.high);
    out.quadrant = ct_bits_f64(shifted);
    return out;
}

/*@ ct_reduce_ordinary_f64: ct_angle_f64 */
/* pi/2 in parts of 33 bits, so that their products with k, |k| < 2^20, are exact. */
CT_INLINE ct_angle_f64 ct_reduce_ordinary_f64(double x)
{
    ct_angle_f64 out;
    double shifted = ct_fma(x, 0x1.45f306dc9c883p-1, 0x1.8p52);
    double k = shifted - 0x1.8p52;
    double a = ct_fma(k, -0x1.921fb544p+0, x), b = k * -0x1.0b4611a6p-34;
    double s1 = a + b, t1 = ct_fma(k, -0x1.3198a2ep-69, ct_sum_error_f64(a, b, s1));
    out.high = s1 + t1;
    out.low = ct_fma(k, -0x1.b839a252049c1p-104, ct_sum_error_f64(s1, t1, out.high));
    out.quadrant = ct_bits_f64(shifted);
    return out;
}

/*@ ct_sin_reduced_f64: ct_angle_f64 */
CT_INLINE double ct_sin_reduced_f64(double r, double low)
{
    double z = r * r, w = z * z;
    double p01 = ct_fma(z, 0x1.111111110f742p-7, -0x1.5555555555548p-3);
    double p23 = ct_fma(z, 0x1.71de355307bf3p-19, -0x1.a01a019be8dcep-13);
    double p45 = ct_fma(z, 0x1.5d8a23c2a8264p-33, -0x1.ae5e488a44d04p-26);
    double p = ct_fma(w, ct_fma(w, p45, p23), p01);
    return r + ct_fma(r * z, p, ct_fma(-0.5 * z, low, low));
}

/*@ ct_cos_reduced_f64: ct_angle_f64 */
CT_INLINE double ct_cos_reduced_f64(double r, double low)
{
    double z = r * r, w = z * z, half = 0.5 * z, one = 1.0 - half;
    double p01 = ct_fma(z, -0x1.6c16c16c1502cp-10, 0x1.555555555554bp-5);
    double p23 = ct_fma(z, -0x1.27e4f7f00a874p-22, 0x1.a01a019c8f456p-16);
    double p45 = ct_fma(z, -0x1.8fa4dfdb24f33p-37, 0x1.1ee9d9aef5fe1p-29);
    double p = ct_fma(w, ct_fma(w, p45, p23), p01);
    return one + (((1.0 - one) - half) + ct_fma(w, p, -r * low));
}

/*@ ct_sin_f64: ct_reduce_angle_f64 ct_sin_reduced_f64 ct_cos_reduced_f64 */
/* sin, double, for every finite x; at most 0.80 ulp. */
CT_INLINE double ct_sin_f64(double x)
{
    ct_angle_f64 r = ct_reduce_angle_f64(x);
    double s = ct_sin_reduced_f64(r.high, r.low), c = ct_cos_reduced_f64(r.high, r.low);
    double y = r.quadrant & 1u ? c : s;
    y = ct_from_bits_f64(ct_bits_f64(y) ^ ((r.quadrant & 2u) << 62));
    return __builtin_fabs(x) < 0x1p-27 ? x : y;
}

/*@ ct_cos_f64: ct_reduce_angle_f64 ct_sin_reduced_f64 ct_cos_reduced_f64 */
/* cos, double, for every finite x; at most 0.80 ulp. */
CT_INLINE double ct_cos_f64(double x)
{
    ct_angle_f64 r = ct_reduce_angle_f64(x);
    double s = ct_sin_reduced_f64(r.high, r.low), c = ct_cos_reduced_f64(r.high, r.low);
    double y = r.quadrant & 1u ? s : c;
    return ct_from_bits_f64(ct_bits_f64(y) ^ (((r.quadrant + 1u) & 2u) << 62));
}

/*@ ct_cos_ordinary_f64: ct_reduce_ordinary_f64 ct_sin_reduced_f64 ct_cos_reduced_f64 */
/* cos, double, for |x| <= 2^20; at most 0.80 ulp. */
CT_INLINE double ct_cos_ordinary_f64(double x)
{
    ct_angle_f64 r = ct_reduce_ordinary_f64(x);
    double s = ct_sin_reduced_f64(r.high, r.low), c = ct_cos_reduced_f64(r.high, r.low);
    double y = r.quadrant & 1u ? s : c;
    return ct_from_bits_f64(ct_bits_f64(y) ^ (((r.quadrant + 1u) & 2u) << 62));
}

/*@ ct_tan_f64: ct_reduce_angle_f64 ct_sin_reduced_f64 ct_cos_reduced_f64 */
/* tan, double, for every finite x; at most 1.85 ulp. */
CT_INLINE double ct_tan_f64(double x)
{
    ct_angle_f64 r = ct_reduce_angle_f64(x);
    double s = ct_sin_reduced_f64(r.high, r.low), c = ct_cos_reduced_f64(r.high, r.low);
    ct_u64 odd = r.quadrant & 1u;
    double y = (odd ? c : s) / (odd ? -s : c);
    return __builtin_fabs(x) < 0x1p-27 ? x : y;
}

/*@ ct_two_over_pi_f32: */
/* 2^j 2/pi modulo 4: 29 bits, whose product with a single is exact in double, and the next 53. */
static const double ct_two_over_pi_f32_0[105] = {
    0x1.45f306cp-1,  0x1.45f306ep+0,  -0x1.7419f24p+0, 0x1.17cc1b8p+0,  -0x1.d067c92p+0, 0x1.7cc1b7p-2,
    0x1.7cc1b74p-1,  0x1.7cc1b72p+0,  -0x1.067c91cp+0, 0x1.f306dcap+0,  -0x1.9f246cp-4,  -0x1.9f246cp-3,
    -0x1.9f246c8p-2, -0x1.9f246c8p-1, -0x1.9f246c6p+0, 0x1.836e4e4p-1,  0x1.836e4e4p+0,  -0x1.f246c7p-1,
    -0x1.f246c6ep+0, 0x1.b72722p-4,   0x1.b72722p-3,   0x1.b72722p-2,   0x1.b72722p-1,   0x1.b72722p+0,
    -0x1.236377cp-1, -0x1.236377ep+0, 0x1.b939106p+0,  -0x1.1b1bbecp-1, -0x1.1b1bbeap+0, 0x1.c9c882ap+0,
    -0x1.b1bbebp-2,  -0x1.b1bbeacp-1, -0x1.b1bbeaep+0, 0x1.391054cp-1,  0x1.391054ap+0,  -0x1.8ddf56cp+0,
    0x1.c882a54p-1,  0x1.c882a54p+0,  -0x1.bbead6p-2,  -0x1.bbead6p-1,  -0x1.bbead6p+0,  0x1.1054a8p-1,
    0x1.1054a8p+0,   -0x1.df56b02p+0, 0x1.054a7fp-2,   0x1.054a7fp-1,   0x1.054a7fp+0,   -0x1.f56b01ep+0,
    0x1.529fc2p-4,   0x1.529fc2p-3,   0x1.529fc28p-2,  0x1.529fc28p-1,  0x1.529fc28p+0,  -0x1.5ac07b2p+0,
    0x1.4a7f09ep+0,  -0x1.6b01ec6p+0, 0x1.29fc276p+0,  -0x1.ac07b16p+0, 0x1.4fe13acp-1,  0x1.4fe13acp+0,
    -0x1.603d8a8p+0, 0x1.3f84ebp+0,   -0x1.80f62ap+0,  0x1.fc2757cp-1,  0x1.fc2757ep+0,  -0x1.ec5418p-6,
    -0x1.ec5418p-5,  -0x1.ec5418p-4,  -0x1.ec5417p-3,  -0x1.ec5417p-2,  -0x1.ec5417p-1,  -0x1.ec5417p+0,
    0x1.3abe9p-3,    0x1.3abe8f8p-2,  0x1.3abe8fcp-1,  0x1.3abe8fap+0,  -0x1.8a82e0ap+0, 0x1.d5f47d4p-1,
    0x1.d5f47d4p+0,  -0x1.505c158p-2, -0x1.505c158p-1, -0x1.505c15ap+0, 0x1.5f47d4ep+0,  -0x1.4170566p+0,
    0x1.7d1f534p+0,  -0x1.05c1596p+0, 0x1.f47d4d4p+0,  -0x1.70565ap-4,  -0x1.705659p-3,  -0x1.705659p-2,
    -0x1.705659p-1,  -0x1.7056592p+0, 0x1.1f534dep+0,  -0x1.c159644p+0, 0x1.f534dep-2,   0x1.f534ddcp-1,
    0x1.f534ddcp+0,  -0x1.596448p-4,  -0x1.596448p-3,  -0x1.596448p-2,  -0x1.596448p-1,  -0x1.596447ep+0,
    0x1.4d37704p+0,  -0x1.65911fap+0, 0x1.34ddc0ep+0,
};
static const double ct_two_over_pi_f32_1[105] = {
    0x1.c9c882a53f84fp-29,  -0x1.b1bbead603d8bp-31, -0x1.b1bbead603d8bp-30, -0x1.b1bbead603d8bp-29,
    0x1.391054a7f09d6p-30,  0x1.391054a7f09d6p-29,  -0x1.8ddf56b01ec54p-29, 0x1.c882a53f84ebp-30,
    0x1.c882a53f84ebp-29,   -0x1.bbead603d8a83p-31, -0x1.bbead603d8a83p-30, -0x1.bbead603d8a83p-29,
    0x1.1054a7f09d5f4p-30,  0x1.1054a7f09d5f4p-29,  -0x1.df56b01ec5417p-29, 0x1.054a7f09d5f48p-31,
    0x1.054a7f09d5f48p-30,  0x1.054a7f09d5f48p-29,  -0x1.f56b01ec5417p-29,  0x1.529fc2757d1f5p-33,
    0x1.529fc2757d1f5p-32,  0x1.529fc2757d1f5p-31,  0x1.529fc2757d1f5p-30,  0x1.529fc2757d1f5p-29,
    -0x1.5ac07b1505c16p-29, 0x1.4a7f09d5f47d5p-29,  -0x1.6b01ec5417056p-29, 0x1.29fc2757d1f53p-29,
    -0x1.ac07b1505c159p-29, 0x1.4fe13abe8fa9ap-30,  0x1.4fe13abe8fa9ap-29,  -0x1.603d8a82e0acbp-29,
    0x1.3f84eafa3ea6ap-29,  -0x1.80f62a0b82b2dp-29, 0x1.fc2757d1f534ep-30,  0x1.fc2757d1f534ep-29,
    -0x1.ec54170565912p-35, -0x1.ec54170565912p-34, -0x1.ec54170565912p-33, -0x1.ec54170565912p-32,
    -0x1.ec54170565912p-31, -0x1.ec54170565912p-30, -0x1.ec54170565912p-29, 0x1.3abe8fa9a6eep-32,
    0x1.3abe8fa9a6eep-31,   0x1.3abe8fa9a6eep-30,   0x1.3abe8fa9a6eep-29,   -0x1.8a82e0acb223fp-29,
    0x1.d5f47d4d37703p-30,  0x1.d5f47d4d37703p-29,  -0x1.505c1596447e5p-31, -0x1.505c1596447e5p-30,
    -0x1.505c1596447e5p-29, 0x1.5f47d4d377037p-29,  -0x1.4170565911f92p-29, 0x1.7d1f534ddc0dbp-29,
    -0x1.05c1596447e49p-29, 0x1.f47d4d377036ep-29,  -0x1.70565911f924fp-33, -0x1.70565911f924fp-32,
    -0x1.70565911f924fp-31, -0x1.70565911f924fp-30, -0x1.70565911f924fp-29, 0x1.1f534ddc0db63p-29,
    -0x1.c1596447e493bp-29, 0x1.f534ddc0db629p-31,  0x1.f534ddc0db629p-30,  0x1.f534ddc0db629p-29,
    -0x1.596447e493ad5p-33, -0x1.596447e493ad5p-32, -0x1.596447e493ad5p-31, -0x1.596447e493ad5p-30,
    -0x1.596447e493ad5p-29, 0x1.4d377036d8a56p-29,  -0x1.65911f924eb53p-29, 0x1.34ddc0db6295ap-29,
    -0x1.96447e493ad4dp-29, 0x1.a6ee06db14acdp-30,  0x1.a6ee06db14acdp-29,  -0x1.6447e493ad4cep-30,
    -0x1.6447e493ad4cep-29, 0x1.377036d8a5665p-29,  -0x1.911f924eb5336p-29, 0x1.bb81b6c52b328p-30,
    0x1.bb81b6c52b328p-29,  -0x1.11f924eb53362p-30, -0x1.11f924eb53362p-29, 0x1.dc0db6295993cp-29,
    -0x1.1f924eb53361ep-31, -0x1.1f924eb53361ep-30, -0x1.1f924eb53361ep-29, 0x1.c0db6295993c4p-29,
    -0x1.f924eb53361dep-31, -0x1.f924eb53361dep-30, -0x1.f924eb53361dep-29, 0x1.b6c52b3278872p-34,
    0x1.b6c52b3278872p-33,  0x1.b6c52b3278872p-32,  0x1.b6c52b3278872p-31,  0x1.b6c52b3278872p-30,
    0x1.b6c52b3278872p-29,  -0x1.24eb53361de38p-30, -0x1.24eb53361de38p-29, 0x1.b6295993c439p-29,
    -0x1.275a99b0ef1bfp-30,
};

/*@ ct_angle_f32: ct_bits ct_fma */
/* Single precision works in double, where one number is enough for r. */
typedef struct ct_angle_f32 {
    double angle;
    ct_u64 quadrant;
} ct_angle_f32;
CT_INLINE ct_angle_f32 ct_reduce_by_f32(double scaled, double first, double second)
{
    ct_angle_f32 out;
    double p = scaled * first, shifted = ct_fma(scaled, second, p) + 0x1.8p52;
    out.angle = ct_fma(scaled, second, p - (shifted - 0x1.8p52)) * 0x1.921fb54442d18p+0;
    out.quadrant = ct_bits_f64(shifted);
    return out;
}

/*@ ct_reduce_angle_f32: ct_angle_f32 ct_two_over_pi_f32 */
CT_INLINE ct_angle_f32 ct_reduce_angle_f32(float x)
{
    double wide = x; /* also gives indices of 64 bits, without which GCC 12 would not vectorise the look-up */
    ct_i64 exponent = (ct_i64)((ct_bits_f64(wide) >> 52) & 0x7ffu) - 1046;
    exponent = exponent > 0 ? exponent : 0;
    exponent = exponent < 104 ? exponent : 104;
    double scaled = wide * ct_from_bits_f64((ct_u64)(1023 - exponent) << 52); /* whole when exponent > 0 */
    return ct_reduce_by_f32(scaled, ct_two_over_pi_f32_0[exponent], ct_two_over_pi_f32_1[exponent]);
}

/*@ ct_reduce_ordinary_f32: ct_angle_f32 */
CT_INLINE ct_angle_f32 ct_reduce_ordinary_f32(float x)
{
    return ct_reduce_by_f32(x, 0x1.45f306cp-1, 0x1.c9c882a53f84fp-29);
}

/*@ ct_sin_cos_reduced_f32: ct_fma */
CT_INLINE double ct_sin_reduced_f32(double r)
{
    double z = r * r;
    double p = ct_fma(z, ct_fma(z, -0x1.993d7d3bef076p-13, 0x1.11072ee3868f6p-7), -0x1.5555452071f2fp-3);
    return ct_fma(r * z, p, r);
}
CT_INLINE double ct_cos_reduced_f32(double r)
{
    double z = r * r;
    double p = ct_fma(z, ct_fma(z, 0x1.99f2d91284456p-16, -0x1.6c0c5756e2a3ap-10), 0x1.55554a6196452p-5);
    return ct_fma(z * z, p, ct_fma(-0.5, z, 1.0));
}

/*@ ct_sin_f32: ct_reduce_angle_f32 ct_sin_cos_reduced_f32 */
/* sin, single, for every finite x; at most 0.60 ulp. */
CT_INLINE float ct_sin_f32(float x)
{
    ct_angle_f32 r = ct_reduce_angle_f32(x);
    double s = ct_sin_reduced_f32(r.angle), c = ct_cos_reduced_f32(r.angle);
    double y = r.quadrant & 1u ? c : s;
    y = ct_from_bits_f64(ct_bits_f64(y) ^ ((r.quadrant & 2u) << 62));
    return __builtin_fabsf(x) < 0x1p-13f ? x : (float)y;
}

/*@ ct_cos_f32: ct_reduce_angle_f32 ct_sin_cos_reduced_f32 */
/* cos, single, for every finite x; at most 0.60 ulp. */
CT_INLINE float ct_cos_f32(float x)
{
    ct_angle_f32 r = ct_reduce_angle_f32(x);
    double s = ct_sin_reduced_f32(r.angle), c = ct_cos_reduced_f32(r.angle);
    double y = r.quadrant & 1u ? s : c;
    return (float)ct_from_bits_f64(ct_bits_f64(y) ^ (((r.quadrant + 1u) & 2u) << 62));
}

/*@ ct_cos_ordinary_f32: ct_reduce_ordinary_f32 ct_sin_cos_reduced_f32 */
/* cos, single, for |x| < 2^24; at most 0.60 ulp. */
CT_INLINE float ct_cos_ordinary_f32(float x)
{
    ct_angle_f32 r = ct_reduce_ordinary_f32(x);
    double s = ct_sin_reduced_f32(r.angle), c = ct_cos_reduced_f32(r.angle);
    double y = r.quadrant & 1u ? s : c;
    return (float)ct_from_bits_f64(ct_bits_f64(y) ^ (((r.quadrant + 1u) & 2u) << 62));
}

/*@ ct_tan_f32: ct_reduce_angle_f32 ct_sin_cos_reduced_f32 */
/* tan, single, for every finite x; at most 0.60 ulp. */
CT_INLINE float ct_tan_f32(float x)
{
    ct_angle_f32 r = ct_reduce_angle_f32(x);
    double s = ct_sin_reduced_f32(r.angle), c = ct_cos_reduced_f32(r.angle);
    ct_u64 odd = r.quadrant & 1u;
    double y = (odd ? c : s) / (odd ? -s : c);
    return __builtin_fabsf(x) < 0x1p-13f ? x : (float)y;
}
