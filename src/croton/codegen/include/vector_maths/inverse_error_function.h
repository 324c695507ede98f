/* The scaled complementary error function and the inverses of erf and erfc. */

/*@ ct_erfcx_f64: ct_bits ct_fma ct_two_product_f64 ct_two_sum_f64 ct_exp_f64 */
/* exp(x^2) erfc(x), double: a polynomial for |x| < 13/16, q C(q) as in erfc up to 26, 2 exp(x^2) - that
 * for negative x, and the asymptotic series beyond; at most 1.75 ulp. */
CT_INLINE double ct_erfcx_f64(double x)
{
    double full = __builtin_fabs(x), a = full > 27.0 ? 27.0 : full;
    double t = a < 0.8125 ? x : 0.0;
    double t2 = t * t;
    double p0 = ct_fma(t, 0x1.0000000000002p+0, -0x1.20dd750429b6dp+0);
    double p2 = ct_fma(t, 0x1.ffffffffffd05p-2, -0x1.812746b0379c3p-1);
    double p4 = ct_fma(t, 0x1.55555555615d2p-3, -0x1.341f6bc02d3a8p-2);
    double p6 = ct_fma(t, 0x1.555555525608ap-5, -0x1.6023e8db6a606p-4);
    double p8 = ct_fma(t, 0x1.1111117f3cc5dp-7, -0x1.390379af2bdd6p-6);
    double p10 = ct_fma(t, 0x1.6c16adab3f606p-10, -0x1.c74addf66dee2p-9);
    double p12 = ct_fma(t, 0x1.a01c4fa8ca399p-13, -0x1.182e2927cf55ap-11);
    double p14 = ct_fma(t, 0x1.9fec8abd4a3b2p-16, -0x1.2ada5f9fe20e0p-14);
    double p16 = ct_fma(t, 0x1.7428379c5b76bp-19, -0x1.1953b1421609ep-17);
    double p18 = ct_fma(t, 0x1.1577415038e24p-22, -0x1.d9bc3b6e5ea15p-21);
    double p20 = ct_fma(t, 0x1.29d1da067c7d7p-25, -0x1.60f3d71620ebfp-24);
    double p = ct_fma(
        t2,
        ct_fma(
            t2,
            ct_fma(
                t2,
                ct_fma(t2,
                       ct_fma(t2,
                              ct_fma(t2,
                                     ct_fma(t2,
                                            ct_fma(t2,
                                                   ct_fma(t2,
                                                          ct_fma(t2, ct_fma(t2, -0x1.3c62a9750bb32p-27, p20),
                                                                 p18),
                                                          p16),
                                                   p14),
                                            p12),
                                     p10),
                              p8),
                       p6),
                p4),
            p2),
        p0);
    double near = ct_fma(t, p, 1.0);
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
    double even = ct_fma(
        q4, ct_fma(q4, ct_fma(q4, ct_fma(q4, ct_fma(q4, 0x1.f0808267d636bp+19, chi), cde), c9a), c56), c12);
    double odd = ct_fma(q4, ct_fma(q4, ct_fma(q4, ct_fma(q4, cjk, cfg), cbc), c78), c34);
    double slope = ct_fma(q2, odd, even), c = ct_fma(q, slope, 0x1.20dd75042ca17p-1);
    double c_error = ct_fma(q, slope, 0x1.20dd75042ca17p-1 - c) + 0x1.5a2f3370d4b78p-55;
    double scaled = q * c;
    double scaled_error = ct_fma(q, c_error, ct_fma(scaled, q_error, ct_product_error_f64(q, c, scaled)));
    double z = a * a, z_error = ct_product_error_f64(a, a, z), e = ct_exp_f64(z);
    double middle = scaled + scaled_error;
    /* 1/(x sqrt(pi)) (1 - 1/2x^2 + 3/4x^4 - 15/8x^6 + ...) */
    double i = 1.0 / full, u = i * i;
    double late = ct_fma(u, ct_fma(u, -1055.7421875, 162.421875), -29.53125);
    double series =
        ct_fma(u, ct_fma(u, ct_fma(u, ct_fma(u, ct_fma(u, late, 6.5625), -1.875), 0.75), -0.5), 1.0);
    double far = series * (i * 0x1.20dd750429b6dp-1);
    double right = full > 26.0 ? far : middle;
    double left = full > 26.7 ? CT_INF_F64 : 2.0 * ct_fma(e, z_error, e) - middle;
    double y = x < 0.0 ? left : right;
    y = full < 0.8125 ? near : y;
    return x != x ? x : y;
}

/*@ ct_erfcx_f32: ct_erfcx_f64 */
/* exp(x^2) erfc(x), single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_erfcx_f32(float x)
{
    return (float)ct_erfcx_f64(x);
}

/*@ ct_erfinv_small_f64: ct_function ct_fma */
/* erfinv(x)/x in z = x^2 <= 0.65^2; minimax. */
CT_INLINE double ct_erfinv_small_f64(double z)
{
    double z2 = z * z;
    double p0 = ct_fma(z, 0x1.db29fb2fee5ecp-3, 0x1.c5bf891b4ef6bp-1);
    double p2 = ct_fma(z, 0x1.62847c486ed92p-4, 0x1.053c2c0ab883fp-3);
    double p4 = ct_fma(z, 0x1.a7c867ca3f292p-5, 0x1.0a131877da167p-4);
    double p6 = ct_fma(z, 0x1.2acfc2dbe2e19p-5, 0x1.5ee9f6bb79df5p-5);
    double p8 = ct_fma(z, 0x1.e0b7c716c187bp-6, 0x1.027ca9f0ea9ebp-5);
    double p10 = ct_fma(z, 0x1.5754039a01ff7p-4, 0x1.df1a789eeb7aep-7);
    double p12 = ct_fma(z, 0x1.fe7adbf70dc5dp-1, -0x1.080daa478d598p-2);
    double p14 = ct_fma(z, 0x1.56525d30d3f3fp+2, -0x1.4e95b6db10d5cp+1);
    double p16 = ct_fma(z, 0x1.04272e2aa67e4p+3, -0x1.f8abc492072b8p+2);
    double p18 = ct_fma(z, 0x1.9ec24090329a5p+0, -0x1.4c9b8cd9119afp+2);
    return ct_fma(
        z2,
        ct_fma(
            z2,
            ct_fma(z2,
                   ct_fma(z2,
                          ct_fma(z2, ct_fma(z2, ct_fma(z2, ct_fma(z2, ct_fma(z2, p18, p16), p14), p12), p10),
                                 p8),
                          p6),
                   p4),
            p2),
        p0);
}

/*@ ct_erfcinv_tail_f64: ct_function ct_erfcx_f64 ct_log_f64 ct_two_product_f64 */
/* erfcinv(p) for 0 < p <= 0.35: Winitzki's closed form (2008, relative error below 1/200), then three of
 * Halley's steps on log erfc, which is nearly a parabola; both factors of the residual stay in range for
 * subnormal p, unlike erfc itself. */
CT_FUNCTION double ct_erfcinv_tail_f64(double p)
{
    double log_p = ct_log_f64(p), l = log_p + ct_log_f64(2.0 - p); /* log(1 - erf^2) */
    double m = 4.330746750799873 + 0.5 * l;                        /* 2/(0.147 pi) */
    double y = __builtin_sqrt(__builtin_sqrt(m * m - l * 6.802721088435374) - m);
    for (int step = 0; step < 3; step++) {
        double e = ct_erfcx_f64(y), z = y * y;
        double residual = (log_p + z) + (ct_product_error_f64(y, y, z) - ct_log_f64(e));
        double slope = 0x1.20dd750429b6dp+0 / e; /* 2/sqrt(pi) / e */
        double newton = residual / slope;
        y -= newton / (1.0 - 0.5 * newton * (slope - 2.0 * y));
    }
    return y;
}

/*@ ct_erfinv_f64: ct_function ct_bits ct_erfinv_small_f64 ct_erfcinv_tail_f64 */
/* Inverse of erf, double; at most 1.90 ulp. */
CT_FUNCTION double ct_erfinv_f64(double x)
{
    double a = __builtin_fabs(x);
    if (a <= 0.65)
        return x * ct_erfinv_small_f64(x * x);
    if (!(a < 1.0))
        return a == 1.0 ? __builtin_copysign(CT_INF_F64, x) : CT_NAN_F64;
    return __builtin_copysign(ct_erfcinv_tail_f64(1.0 - a), x);
}

/*@ ct_erfcinv_f64: ct_function ct_bits ct_erfinv_small_f64 ct_erfcinv_tail_f64 */
/* Inverse of erfc, double; at most 1.90 ulp. */
CT_FUNCTION double ct_erfcinv_f64(double p)
{
    if (p >= 0.35 && p <= 1.65)
        return (1.0 - p) * ct_erfinv_small_f64((1.0 - p) * (1.0 - p));
    if (p > 0.0 && p < 0.35)
        return ct_erfcinv_tail_f64(p);
    if (p > 1.65 && p < 2.0)
        return -ct_erfcinv_tail_f64(2.0 - p);
    return p == 0.0 ? CT_INF_F64 : (p == 2.0 ? -CT_INF_F64 : CT_NAN_F64);
}

/*@ ct_erfinv_f32: ct_erfinv_f64 */
/* Inverse of erf, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_erfinv_f32(float x)
{
    return (float)ct_erfinv_f64(x);
}

/*@ ct_erfcinv_f32: ct_erfcinv_f64 */
/* Inverse of erfc, single, worked in double; at most 0.51 ulp. */
CT_INLINE float ct_erfcinv_f32(float p)
{
    return (float)ct_erfcinv_f64(p);
}
