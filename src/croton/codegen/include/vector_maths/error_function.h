/* Error functions.
 *
 * |x| < 13/16: erf(x) = x + x E(x^2), E minimax, |E| < 0.13, so that erfc = (1 - x) - x E loses nothing.
 * |x| >= 13/16: erfc(x) = exp(-x^2) q C(q), q = 1/(x + 2), C minimax for the scaled erfcx(x)/q on [13/16, 27.5].
 */

/*@ ct_erf_small_f64: ct_fma */
/* E(z) = erf(sqrt z)/sqrt z - 1 for z in [0, 0.66]. */
CT_INLINE double ct_erf_small_f64(double z) {
    double w = z * z;
    double p01 = ct_fma(z, -0x1.812746b0379c9p-2, 0x1.06eba8214db68p-3);
    double p23 = ct_fma(z, -0x1.b82ce311df162p-6, 0x1.ce2f21a040f4bp-4);
    double p45 = ct_fma(z, -0x1.c02dacd389e7cp-11, 0x1.565bccee22ea9p-8);
    double p67 = ct_fma(z, -0x1.f4bb90d9cb00cp-17, 0x1.f9a22805d541bp-14);
    double p89 = ct_fma(z, -0x1.533e5ff8f0df7p-23, 0x1.b895dbf3ddcd2p-20);
    double high = ct_fma(w, 0x1.794891e898a55p-27, p89);
    return ct_fma(w, ct_fma(w, ct_fma(w, ct_fma(w, high, p67), p45), p23), p01);
}

/*@ ct_erf_small_f32: ct_fma */
CT_INLINE float ct_erf_small_f32(float z) {
    float p = ct_fmaf(z, -0x1.547f9ep-11f, 0x1.4ce214p-8f);
    p = ct_fmaf(z, p, -0x1.b7630cp-6f);
    p = ct_fmaf(z, p, 0x1.ce2778p-4f);
    p = ct_fmaf(z, p, -0x1.81272cp-2f);
    return ct_fmaf(z, p, 0x1.06eba8p-3f);
}

/*@ ct_erfc_f64: ct_bits ct_fma ct_two_product_f64 ct_two_sum_f64 ct_erf_small_f64 */
/* erfc, double; exp(-x^2) is worked in line, so that its last steps carry the errors of x^2 and q. */
CT_INLINE double ct_erfc_f64(double x) {
    double full = __builtin_fabs(x), a = full > 28.0 ? 28.0 : full;
    double z = a * a, z_error = ct_product_error_f64(a, a, z);
    /* |x| < 13/16 */
    double near = ct_fma(-x, ct_erf_small_f64(z), 1.0 - x);
    /* |x| >= 13/16: the scaled complement */
    double sum = a + 2.0, q = 1.0 / sum, q2 = q * q, q4 = q2 * q2;
    /* relative error of q, times d log erfcx / d log q, which is close to 1 + 2.7 q */
    double q_error = ct_fma(-q, ct_sum_error_f64(a, 2.0, sum), -ct_product_error_f64(q, sum, 1.0));
    q_error *= ct_fma(q, 2.7, 1.0);
    double c12 = ct_fma(q, 0x1.f9838d29d8d3bp+0, 0x1.20dd75030dd02p+0);
    double c34 = ct_fma(q, 0x1.5708765496660p+1, 0x1.6914c7e5e32c5p+1);
    double c56 = ct_fma(q, -0x1.cf666d827039ap+2, -0x1.22159163ffe92p-2);
    double c78 = ct_fma(q, 0x1.ef51c31605434p+0, -0x1.c0dbe3412e5d9p+3);
    double c9a = ct_fma(q, 0x1.2abc3ba46328dp+8, 0x1.27efa4f170ca5p+4);
    double cbc = ct_fma(q, -0x1.193beffa906c2p+11, -0x1.31cd482fb1eafp+9);
    double cde = ct_fma(q, -0x1.b51e93c841723p+17, 0x1.edd94f938f686p+14);
    double cfg = ct_fma(q, -0x1.69188f5f0cae6p+21, 0x1.e87072f743938p+19);
    double chi = ct_fma(q, -0x1.f61618335c899p+22, 0x1.6c2e3077ff4aap+22);
    double cjk = ct_fma(q, -0x1.f29f38b5a7123p+21, 0x1.c903b838e1622p+22);
    double even = ct_fma(q4, ct_fma(q4, ct_fma(q4, ct_fma(q4, ct_fma(q4, 0x1.f0808267d636bp+19, chi), cde), c9a), c56), c12);
    double odd = ct_fma(q4, ct_fma(q4, ct_fma(q4, ct_fma(q4, cjk, cfg), cbc), c78), c34);
    double slope = ct_fma(q2, odd, even), c = ct_fma(q, slope, 0x1.20dd75042ca17p-1);
    double c_error = ct_fma(q, slope, 0x1.20dd75042ca17p-1 - c) + 0x1.5a2f3370d4b78p-55;
    double scaled = q * c;
    double scaled_error = ct_fma(q, c_error, ct_fma(scaled, q_error - z_error, ct_product_error_f64(q, c, scaled)));
    /* exp(-z) = 2^k (1 + r + r^2 P(r)); z_error is with the other relative errors */
    double shifted = ct_fma(z, -0x1.71547652b82fep+0, 0x1.8p52 + 2046.0);
    double k = shifted - (0x1.8p52 + 2046.0);
    double r = ct_fma(k, -0x1.62e42feep-1, -z);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r);
    double r2 = r * r;
    double p01 = ct_fma(r, 0x1.55555555554f9p-3, 0x1.000000000000ap-1);
    double p23 = ct_fma(r, 0x1.1111111127d3ap-7, 0x1.5555555550853p-5);
    double p45 = ct_fma(r, 0x1.a01a0129df481p-13, 0x1.6c16c1843499ep-10);
    double p67 = ct_fma(r, 0x1.71df265525cf1p-19, 0x1.a01999ecd0da9p-16);
    double p89 = ct_fma(r, 0x1.ad7dfc34f5ce4p-26, 0x1.28ad9247964cep-22);
    double p = ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, p89, p67), p45), p23), p01);
    double e = ct_fma(r2, p, r);
    double y = scaled + ct_fma(scaled, e, ct_fma(scaled_error, e, scaled_error));
    ct_u64 bits = ct_bits_f64(shifted), half = bits >> 1;
    y = y * ct_from_bits_f64(half << 52) * ct_from_bits_f64((bits - half) << 52);
    double far = x < 0.0 ? 2.0 - y : y;
    return full < 0.8125 ? near : far;
}

/*@ ct_erfc_f32: ct_bits ct_fma ct_two_product_f32 ct_two_sum_f32 ct_erf_small_f32 */
/* erfc, single. */
CT_INLINE float ct_erfc_f32(float x) {
    float full = __builtin_fabsf(x), a = full > 11.0f ? 11.0f : full;
    float z = a * a, z_error = ct_product_error_f32(a, a, z);
    float near = ct_fmaf(-x, ct_erf_small_f32(z), 1.0f - x);
    float sum = a + 2.0f, q = 1.0f / sum;
    float q_error = ct_fmaf(-q, ct_sum_error_f32(a, 2.0f, sum), -ct_product_error_f32(q, sum, 1.0f));
    q_error *= ct_fmaf(q, 2.7f, 1.0f);
    float c = ct_fmaf(q, -0x1.8bbf72p+4f, 0x1.02246ep+6f);
    c = ct_fmaf(q, c, -0x1.cabc8ap+5f);
    c = ct_fmaf(q, c, 0x1.04993ep+4f);
    c = ct_fmaf(q, c, -0x1.453baap-1f);
    c = ct_fmaf(q, c, 0x1.9e52aep+1f);
    c = ct_fmaf(q, c, 0x1.f1522p+0f);
    c = ct_fmaf(q, c, 0x1.2137cep+0f);
    float slope = c;
    c = ct_fmaf(q, slope, 0x1.20da2p-1f);
    float c_error = ct_fmaf(q, slope, 0x1.20da2p-1f - c);
    float scaled = q * c;
    float scaled_error = ct_fmaf(q, c_error, ct_fmaf(scaled, q_error - z_error, ct_product_error_f32(q, c, scaled)));
    float shifted = ct_fmaf(z, -0x1.715476p+0f, 0x1.8p23f + 254.0f);
    float k = shifted - (0x1.8p23f + 254.0f);
    float r = ct_fmaf(k, -0x1.62e4p-1f, -z);
    r = ct_fmaf(k, -0x1.7f7d1cp-20f, r);
    float r2 = r * r;
    float p01 = ct_fmaf(r, 0x1.555492p-3f, 0x1.fffffcp-2f);
    float p23 = ct_fmaf(r, 0x1.123a1ap-7f, 0x1.5558f4p-5f);
    float p = ct_fmaf(r2, ct_fmaf(r2, 0x1.6a2348p-10f, p23), p01);
    float e = ct_fmaf(r2, p, r);
    float y = scaled + ct_fmaf(scaled, e, ct_fmaf(scaled_error, e, scaled_error));
    ct_u32 bits = ct_bits_f32(shifted), half = bits >> 1;
    y = y * ct_from_bits_f32(half << 23) * ct_from_bits_f32((bits - half) << 23);
    float far = x < 0.0f ? 2.0f - y : y;
    return full < 0.8125f ? near : far;
}

/*@ ct_erf_f64: ct_bits ct_fma ct_erf_small_f64 */
/* erf, double: for |x| >= 13/16, 1 - exp(L(|x|)) with L minimax for log erfc on [13/16, 6.05]. */
CT_INLINE double ct_erf_f64(double x) {
    double full = __builtin_fabs(x), a = full > 6.0 ? 6.0 : full;
    double z = a * a, a4 = z * z;
    double near = ct_fma(x, ct_erf_small_f64(z), x);
    double c01 = ct_fma(a, -0x1.20dd70bb8839cp+0, -0x1.99cf5325bcf48p-26);
    double c23 = ct_fma(a, -0x1.a4f1536218828p-4, -0x1.45f32ff25401cp-1);
    double c45 = ct_fma(a, 0x1.c03556697d1c4p-13, 0x1.394ebe02dddd3p-6);
    double c67 = ct_fma(a, 0x1.2c988134c0096p-11, -0x1.bbc17304add9fp-10);
    double c89 = ct_fma(a, -0x1.974314201336ep-14, 0x1.853c439fb07abp-19);
    double cab = ct_fma(a, -0x1.5c64cd943de33p-16, 0x1.de0a2ecb70901p-15);
    double ccd = ct_fma(a, -0x1.2aa032363388cp-20, 0x1.729a02d8c0060p-18);
    double cef = ct_fma(a, -0x1.466060aa87eaep-26, 0x1.6bdd89d9c28d8p-23);
    double cgh = ct_fma(a, -0x1.3c8e6a2b39b52p-34, 0x1.9783f161fd499p-30);
    double even = ct_fma(a4, ct_fma(a4, ct_fma(a4, ct_fma(a4, cgh, ccd), c89), c45), c01);
    double odd = ct_fma(a4, ct_fma(a4, ct_fma(a4, ct_fma(a4, 0x1.ccc3689e36782p-40, cef), cab), c67), c23);
    double g = ct_fma(z, odd, even);
    double shifted = ct_fma(g, 0x1.71547652b82fep+0, 0x1.8p52 + 1023.0);
    double k = shifted - (0x1.8p52 + 1023.0);
    double r = ct_fma(k, -0x1.62e42feep-1, g);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r);
    double r2 = r * r;
    double p01 = ct_fma(r, 0x1.55555555554f9p-3, 0x1.000000000000ap-1);
    double p23 = ct_fma(r, 0x1.1111111127d3ap-7, 0x1.5555555550853p-5);
    double p45 = ct_fma(r, 0x1.a01a0129df481p-13, 0x1.6c16c1843499ep-10);
    double p67 = ct_fma(r, 0x1.71df265525cf1p-19, 0x1.a01999ecd0da9p-16);
    double p89 = ct_fma(r, 0x1.ad7dfc34f5ce4p-26, 0x1.28ad9247964cep-22);
    double p = ct_fma(r2, ct_fma(r2, ct_fma(r2, ct_fma(r2, p89, p67), p45), p23), p01);
    double e = 1.0 + ct_fma(r2, p, r);
    double y = ct_fma(-e, ct_from_bits_f64(ct_bits_f64(shifted) << 52), 1.0);
    return full >= 0.8125 ? __builtin_copysign(y, x) : near;
}

/*@ ct_erf_f32: ct_bits ct_fma ct_erf_small_f32 */
/* erf, single. */
CT_INLINE float ct_erf_f32(float x) {
    float full = __builtin_fabsf(x), a = full > 4.0f ? 4.0f : full;
    float near = ct_fmaf(x, ct_erf_small_f32(a * a), x);
    float g = ct_fmaf(a, -0x1.4604d4p-16f, 0x1.b3c552p-12f);
    g = ct_fmaf(a, g, -0x1.0b7b12p-8f);
    g = ct_fmaf(a, g, 0x1.97c6b2p-6f);
    g = ct_fmaf(a, g, -0x1.ba16eep-4f);
    g = ct_fmaf(a, g, -0x1.446e66p-1f);
    g = ct_fmaf(a, g, -0x1.211e32p+0f);
    g = ct_fmaf(a, g, 0x1.2fcep-13f);
    float shifted = ct_fmaf(g, 0x1.715476p+0f, 0x1.8p23f + 127.0f);
    float k = shifted - (0x1.8p23f + 127.0f);
    float r = ct_fmaf(k, -0x1.62e4p-1f, g);
    r = ct_fmaf(k, -0x1.7f7d1cp-20f, r);
    float r2 = r * r;
    float p01 = ct_fmaf(r, 0x1.555492p-3f, 0x1.fffffcp-2f);
    float p23 = ct_fmaf(r, 0x1.123a1ap-7f, 0x1.5558f4p-5f);
    float p = ct_fmaf(r2, ct_fmaf(r2, 0x1.6a2348p-10f, p23), p01);
    float e = 1.0f + ct_fmaf(r2, p, r);
    float y = ct_fmaf(-e, ct_from_bits_f32(ct_bits_f32(shifted) << 23), 1.0f);
    return full >= 0.8125f ? __builtin_copysignf(y, x) : near;
}
