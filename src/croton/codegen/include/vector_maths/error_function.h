/* Error functions.
 *
 * |x| < 13/16: erf(x) = x + x E(x^2), E minimax, |E| < 0.13, so that erfc = (1 - x) - x E loses nothing.
 * |x| >= 13/16: erfc(x) = exp(-x^2) q C(q), q = 1/(x + 2), C minimax for erfcx(x)/q on [13/16, 27.5].
 */

/*@ ct_erf_small_f64: ct_fma */
/* E(z) = erf(sqrt z)/sqrt z - 1 for z in [0, 0.66]. */
CT_INLINE double ct_erf_small_f64(double z)
{
    double w = z * z;
    double even = ct_fma(w, 0x1.794891e898a55p-27, 0x1.b895dbf3ddcd2p-20);
    even = ct_fma(w, even, 0x1.f9a22805d541bp-14);
    even = ct_fma(w, even, 0x1.565bccee22ea9p-8);
    even = ct_fma(w, even, 0x1.ce2f21a040f4bp-4);
    even = ct_fma(w, even, 0x1.06eba8214db68p-3);
    double odd = ct_fma(w, -0x1.533e5ff8f0df7p-23, -0x1.f4bb90d9cb00cp-17);
    odd = ct_fma(w, odd, -0x1.c02dacd389e7cp-11);
    odd = ct_fma(w, odd, -0x1.b82ce311df162p-6);
    odd = ct_fma(w, odd, -0x1.812746b0379c9p-2);
    return ct_fma(z, odd, even);
}

/*@ ct_erf_small_f32: ct_fma */
CT_INLINE float ct_erf_small_f32(float z)
{
    float p = ct_fmaf(z, -0x1.547f9ep-11f, 0x1.4ce214p-8f);
    p = ct_fmaf(z, p, -0x1.b7630cp-6f);
    p = ct_fmaf(z, p, 0x1.ce2778p-4f);
    p = ct_fmaf(z, p, -0x1.81272cp-2f);
    return ct_fmaf(z, p, 0x1.06eba8p-3f);
}

/*@ ct_erfc_f64: ct_erf_small_f64 ct_exp_polynomial_f64 ct_fma ct_times_power_f64 ct_two_product_f64 */
/* erfc, double. exp(-x^2) is worked in line, so that its last steps carry the errors of x^2, of q and of C.
 * Polynomials are split into interleaved chains, which keeps both latency and instruction count low: what
 * limits a loop over this is how many iterations fit into the processor's window; at most 2.00 ulp. */
CT_INLINE double ct_erfc_f64(double x)
{
    double a = __builtin_fabs(x);
    double z = a * a, z_error = ct_product_error_f64(a, a, z);
    /* |x| < 13/16 */
    double near = ct_fma(-x, ct_erf_small_f64(z), 1.0 - x);
    /* q with its relative error times d log erfcx / d log q, which is close to 1 + 2.7 q */
    double sum = a + 2.0, q = 1.0 / sum, q2 = q * q, q4 = q2 * q2;
    double q_error = ct_fma(-q, a - (sum - 2.0), -ct_product_error_f64(q, sum, 1.0)) * ct_fma(q, 2.7, 1.0);
    /* C(q) = c + c_error */
    double g0 = ct_fma(q4, 0x1.f078e1487e1efp+19, 0x1.6c27b8fddb4c1p+22);
    g0 = ct_fma(q4, g0, 0x1.edae214102fe5p+14);
    g0 = ct_fma(q4, g0, 0x1.27d2585c91207p+4);
    g0 = ct_fma(q4, g0, -0x1.2215987ef65eep-2);
    g0 = ct_fma(q4, g0, 0x1.20dd75030dd02p+0);
    double g1 = ct_fma(q4, -0x1.f60e0016d7960p+22, -0x1.b50b3e4db1a68p+17);
    g1 = ct_fma(q4, g1, 0x1.2acc24730d43dp+8);
    g1 = ct_fma(q4, g1, -0x1.cf6662b2d4c7ep+2);
    g1 = ct_fma(q4, g1, 0x1.f9838d29d9721p+0);
    double g2 = ct_fma(q4, 0x1.c8fcaed8075d7p+22, 0x1.e862b884aa0acp+19);
    g2 = ct_fma(q4, g2, -0x1.320490f9b41d8p+9);
    g2 = ct_fma(q4, g2, -0x1.c0dc456ccc383p+3);
    g2 = ct_fma(q4, g2, 0x1.6914c7e5c31ccp+1);
    double g3 = ct_fma(q4, -0x1.f297a32438780p+21, -0x1.6910f0830a43fp+21);
    g3 = ct_fma(q4, g3, -0x1.18eed196035cfp+11);
    g3 = ct_fma(q4, g3, 0x1.ef7c9864874e5p+0);
    g3 = ct_fma(q4, g3, 0x1.5708765b383a9p+1);
    double slope = ct_fma(q2, ct_fma(q, g3, g2), ct_fma(q, g1, g0)),
           c = ct_fma(q, slope, 0x1.20dd75042ca17p-1);
    double c_error = ct_fma(q, slope, 0x1.20dd75042ca17p-1 - c);
    /* exp(-z) = 2^k (1 + r + r^2 P(r)) */
    double shifted = ct_fma(z, -0x1.71547652b82fep+0, 0x1.8p52 + 2046.0);
    double k = shifted - (0x1.8p52 + 2046.0);
    double r = ct_fma(k, -0x1.62e42feep-1, -z);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r);
    double r2 = r * r;
    double e = ct_fma(r2, ct_exp_polynomial_f64(r, r2), r);
    e += ct_fma(e, q_error - z_error, q_error - z_error);
    double y = ct_times_power_f64(q * (c + ct_fma(c, e, ct_fma(c_error, e, c_error))), shifted);
    y = a > 27.4 ? 0.0 : y;
    double far = x < 0.0 ? 2.0 - y : y;
    return a < 0.8125 ? near : far;
}

/*@ ct_times_exp_f32: ct_exp_polynomial_f32 ct_fma ct_times_power_f32 */
/* (y + y_error) exp(-z). */
CT_INLINE float ct_times_exp_f32(float y, float y_error, float z)
{
    float shifted = ct_fmaf(z, -0x1.715476p+0f, 0x1.8p23f + 254.0f);
    float k = shifted - (0x1.8p23f + 254.0f);
    float r = ct_fmaf(k, -0x1.62e4p-1f, -z);
    r = ct_fmaf(k, -0x1.7f7d1cp-20f, r);
    float r2 = r * r;
    float e = ct_fmaf(r2, ct_exp_polynomial_f32(r, r2), r);
    return ct_times_power_f32(y + ct_fmaf(y, e, ct_fmaf(y_error, e, y_error)), shifted);
}

/*@ ct_erfc_f32: ct_erf_small_f32 ct_fma ct_times_exp_f32 ct_two_product_f32 ct_two_sum_f32 */
/* erfc, single; at most 1.75 ulp. */
CT_INLINE float ct_erfc_f32(float x)
{
    float a = __builtin_fabsf(x);
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
    float scaled_error =
        ct_fmaf(q, c_error, ct_fmaf(scaled, q_error - z_error, ct_product_error_f32(q, c, scaled)));
    float y = ct_times_exp_f32(scaled, scaled_error, z);
    y = a > 10.2f ? 0.0f : y;
    float far = x < 0.0f ? 2.0f - y : y;
    return a < 0.8125f ? near : far;
}

/*@ ct_erf_f64: ct_bits ct_erf_small_f64 ct_exp_polynomial_f64 ct_fma */
/* erf, double: for |x| >= 13/16, 1 - exp(L(|x|)) with L minimax for log erfc on [13/16, 6.05];
 * at most 1.05 ulp. */
CT_INLINE double ct_erf_f64(double x)
{
    double a = __builtin_fabs(x);
    double z = a * a, a4 = z * z;
    double near = ct_fma(x, ct_erf_small_f64(z), x);
    double g0 = ct_fma(a4, 0x1.9783f161fd499p-30, 0x1.729a02d8c0060p-18);
    g0 = ct_fma(a4, g0, 0x1.853c439fb07abp-19);
    g0 = ct_fma(a4, g0, 0x1.394ebe02dddd3p-6);
    g0 = ct_fma(a4, g0, -0x1.99cf5325bcf48p-26);
    double g1 = ct_fma(a4, -0x1.3c8e6a2b39b52p-34, -0x1.2aa032363388cp-20);
    g1 = ct_fma(a4, g1, -0x1.974314201336ep-14);
    g1 = ct_fma(a4, g1, 0x1.c03556697d1c4p-13);
    g1 = ct_fma(a4, g1, -0x1.20dd70bb8839cp+0);
    double g2 = ct_fma(a4, 0x1.ccc3689e36782p-40, 0x1.6bdd89d9c28d8p-23);
    g2 = ct_fma(a4, g2, 0x1.de0a2ecb70901p-15);
    g2 = ct_fma(a4, g2, -0x1.bbc17304add9fp-10);
    g2 = ct_fma(a4, g2, -0x1.45f32ff25401cp-1);
    double g3 = ct_fma(a4, -0x1.466060aa87eaep-26, -0x1.5c64cd943de33p-16);
    g3 = ct_fma(a4, g3, 0x1.2c988134c0096p-11);
    g3 = ct_fma(a4, g3, -0x1.a4f1536218828p-4);
    double g = ct_fma(z, ct_fma(a, g3, g2), ct_fma(a, g1, g0));
    double shifted = ct_fma(g, 0x1.71547652b82fep+0, 0x1.8p52 + 1023.0);
    double k = shifted - (0x1.8p52 + 1023.0);
    double r = ct_fma(k, -0x1.62e42feep-1, g);
    r = ct_fma(k, -0x1.a39ef35793c76p-33, r);
    double r2 = r * r;
    double e = 1.0 + ct_fma(r2, ct_exp_polynomial_f64(r, r2), r);
    double y = ct_fma(-e, ct_from_bits_f64(ct_bits_f64(shifted) << 52), 1.0);
    y = a > 6.0 ? 1.0 : y;
    return a >= 0.8125 ? __builtin_copysign(y, x) : near;
}

/*@ ct_erf_f32: ct_bits ct_erf_small_f32 ct_exp_polynomial_f32 ct_fma */
/* erf, single; at most 1.20 ulp. */
CT_INLINE float ct_erf_f32(float x)
{
    float a = __builtin_fabsf(x);
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
    float e = 1.0f + ct_fmaf(r2, ct_exp_polynomial_f32(r, r2), r);
    float y = ct_fmaf(-e, ct_from_bits_f32(ct_bits_f32(shifted) << 23), 1.0f);
    y = a > 4.0f ? 1.0f : y;
    return a >= 0.8125f ? __builtin_copysignf(y, x) : near;
}

/*@ ct_ndtr_f32: ct_fma ct_times_exp_f32 ct_two_product_f32 ct_two_sum_f32 */
/* The normal distribution function, single: ndtr(-a) = exp(-a^2/2) q G(q - 1/8), q = 1/(a + 3), G minimax. The
 * errors of a^2/2, of G and, times d log(q G) / d log q, of q are put back; at most 1.90 ulp. */
CT_INLINE float ct_ndtr_f32(float x)
{
    float a = __builtin_fabsf(x), half = 0.5f * a;
    float z = a * half, z_error = ct_product_error_f32(a, half, z);
    float sum = a + 3.0f, q = 1.0f / sum, u = q - 0.125f;
    float q_error = ct_fmaf(-q, ct_sum_error_f32(a, 3.0f, sum), -ct_product_error_f32(q, sum, 1.0f));
    q_error *= ct_fmaf(q, 4.2f, 1.0f);
    float slope = ct_fmaf(u, 0x1.9b7006p+11f, -0x1.50b7fcp+11f);
    slope = ct_fmaf(u, slope, 0x1.55e3b6p+8f);
    slope = ct_fmaf(u, slope, 0x1.3adb58p+8f);
    slope = ct_fmaf(u, slope, -0x1.72d6b8p+5f);
    slope = ct_fmaf(u, slope, -0x1.b46608p+5f);
    slope = ct_fmaf(u, slope, -0x1.d16998p+0f);
    slope = ct_fmaf(u, slope, 0x1.6fb8fcp+3f);
    slope = ct_fmaf(u, slope, 0x1.b9d8bep+2f);
    slope = ct_fmaf(u, slope, 0x1.360a5cp+1f);
    float g = ct_fmaf(u, slope, 0x1.3b0fbcp-1f), g_error = ct_fmaf(u, slope, 0x1.3b0fbcp-1f - g);
    float scaled = q * g;
    float scaled_error =
        ct_fmaf(q, g_error, ct_fmaf(scaled, q_error - z_error, ct_product_error_f32(q, g, scaled)));
    float y = ct_times_exp_f32(scaled, scaled_error, z);
    y = a > 14.2f ? 0.0f : y;
    return x > 0.0f ? 1.0f - y : y;
}
