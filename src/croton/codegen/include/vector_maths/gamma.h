/* Gamma function and its logarithmic derivatives. These branch: they are not for vector loops. */

/*@ ct_horner_f64: ct_inline ct_function ct_fma */
/* A polynomial, highest coefficient first. */
CT_INLINE double ct_horner_f64(double x, const double *coefficients, int count)
{
    double y = coefficients[0];
    for (int i = 1; i < count; i++)
        y = ct_fma(x, y, coefficients[i]);
    return y;
}

/*@ ct_sin_pi_f64: ct_sin_reduced_f64 ct_cos_reduced_f64 */
/* sin(pi x) and cos(pi x) with the argument reduced exactly; |x| < 2^52. */
CT_INLINE void ct_sin_cos_pi_f64(double x, double *sine, double *cosine)
{
    double twice = 2.0 * x, shifted = twice + 0x1.8p52, r = 0.5 * (twice - (shifted - 0x1.8p52));
    ct_u64 quadrant = ct_bits_f64(shifted);
    double angle = r * 0x1.921fb54442d18p+1, low = r * 0x1.1a62633145c07p-53;
    double s = ct_sin_reduced_f64(angle, low), c = ct_cos_reduced_f64(angle, low);
    double a = quadrant & 1u ? c : s, b = quadrant & 1u ? s : c;
    *sine = quadrant & 2u ? -a : a;
    *cosine = (quadrant + 1u) & 2u ? -b : b;
}

/*@ ct_lgamma_positive_f64: ct_horner_f64 ct_log_f64 ct_bits */
/* log gamma(x), x > 0. From 3/4 to 11/4, (x-1)(x-2) times a minimax polynomial, which keeps the zeros at 1
 * and 2 exact; below, one step of the recurrence; up to 12, log of a product; beyond, Stirling's series. */
CT_FUNCTION double ct_lgamma_positive_f64(double x)
{
    static const double at_1[] = {
        -0x1.239648c17147cp-5, 0x1.2ee10494efe3ep-5, -0x1.dd610a83332d4p-6, 0x1.fefa5d4467fe9p-6,
        -0x1.1ad1d7f750d08p-5, 0x1.2f91b9ec7137ep-5, -0x1.472f6cab4ca31p-5, 0x1.6399f36f12bd2p-5,
        -0x1.85795a32f3faep-5, 0x1.ae8ab76762f4cp-5, -0x1.e18246486afcdp-5, 0x1.115549b7de58bp-4,
        -0x1.3cb1f9d46b20bp-4, 0x1.79cf9c4ca25d2p-4, -0x1.d7a3e6a8f1994p-4, 0x1.3e54520481d68p-3,
        -0x1.f6465978d46eap-3, 0x1.2788cfc6fb619p-1,
    };
    static const double at_15[] = {
        0x1.e9b3f7d946d88p-14, -0x1.84b752491de60p-13, 0x1.1b3de09d1930ep-12, -0x1.c99f4e56e5508p-12,
        0x1.7513391ca84e8p-11, -0x1.31439e652df3ap-10, 0x1.f814983643a28p-10, -0x1.a503417c82c0ap-9,
        0x1.64f06672b04afp-8,  -0x1.34dbda22ad705p-7,  0x1.133423526896fp-6,  -0x1.007aa83ce8df6p-5,
        0x1.01af62a292a1ap-4,  -0x1.2aed059bd6093p-3,  0x1.eeb95b094c191p-2,
    };
    static const double at_2[] = {
        -0x1.100a4830be081p-18, 0x1.219186fc992c1p-17, -0x1.27fc618d0e441p-16, 0x1.3fe3163139f7ep-15,
        -0x1.5c87b7ee7d2d7p-14, 0x1.7ed803eb14998p-13, -0x1.a96a3e6ad1bb3p-12, 0x1.dfebce6a13dcbp-11,
        -0x1.145121fa4e1bbp-9,  0x1.479748540bc71p-8,  -0x1.95ce223a9c7b1p-7,  0x1.0e0c9df29346ep-5,
        -0x1.9ae6509ea109fp-4,  0x1.b0ee6072093cep-2,
    };
    static const double at_25[] = {
        0x1.2cead6fd7fe1dp-21, -0x1.926d8167a8c7dp-20, 0x1.07ae06b0c487ep-18, -0x1.6654114aa2838p-17,
        0x1.eb8fb9b6ffae4p-16, -0x1.5501cd359a2dfp-14, 0x1.e05c3c0b508fbp-13, -0x1.59511fece74f6p-11,
        0x1.feef08b142456p-10, -0x1.8a722dfc62803p-8,  0x1.462044b0af661p-6,  -0x1.31d26e932300ep-4,
        0x1.84afe00cddfdfp-2,
    };
    static const double stirling[] = {
        -0x1.c7e6b4ee0d633p-10, 0x1.b849b5c710fabp-11, -0x1.3812247968872p-11,
        0x1.a01a00cee3c87p-11,  -0x1.6c16c16c0b411p-9, 0x1.5555555555555p-4,
    };
    if (x < 0.75) {
        if (x < 0x1p-60)
            return -ct_log_f64(x);
        return ct_lgamma_positive_f64(x + 1.0) - ct_log_f64(x);
    }
    if (x < 2.75) {
        double factor = (x - 1.0) * (x - 2.0);
        if (x < 1.25)
            return factor * ct_horner_f64(x - 1.0, at_1, 18);
        if (x < 1.75)
            return factor * ct_horner_f64(x - 1.5, at_15, 15);
        if (x < 2.25)
            return factor * ct_horner_f64(x - 2.0, at_2, 14);
        return factor * ct_horner_f64(x - 2.5, at_25, 13);
    }
    if (x < 12.0) {
        double product = 1.0;
        while (x >= 2.75) {
            x -= 1.0;
            product *= x;
        }
        return ct_log_f64(product) + ct_lgamma_positive_f64(x);
    }
    double w = 1.0 / x;
    double series = w * ct_horner_f64(w * w, stirling, 6);
    /* (x - 1/2)(log x - 1) + (log(2 pi) - 1)/2 */
    return ct_fma(x - 0.5, ct_log_f64(x) - 1.0, 0x1.acfe390c97d69p-2 + series);
}

/*@ ct_lgamma_f64: ct_lgamma_positive_f64 ct_sin_pi_f64 */
/* log |gamma(x)|, double. For negative x by reflection, to 2^-50 of the larger of 1 and the result;
 * at most 2.35 ulp for x > 0. */
CT_FUNCTION double ct_lgamma_f64(double x)
{
    double a = __builtin_fabs(x);
    if (x != x || x > 0.0)
        return x > 0.0 ? ct_lgamma_positive_f64(x) : x;
    if (a >= 0x1p52 || a == 0.0)
        return CT_INF_F64;
    if (a < 0x1p-60)
        return -ct_log_f64(a);
    double s, c;
    ct_sin_cos_pi_f64(a, &s, &c);
    if (s == 0.0)
        return CT_INF_F64;
    return ct_log_f64(0x1.921fb54442d18p+1 / __builtin_fabs(a * s)) - ct_lgamma_positive_f64(a);
}

/*@ ct_lgamma_f32: ct_lgamma_f64 */
/* log |gamma(x)|, single, worked in double; overflows to infinity where NumPy's does;
 * at most 0.51 ulp for x > 0. */
CT_INLINE float ct_lgamma_f32(float x)
{
    return (float)ct_lgamma_f64(x);
}

/*@ ct_digamma_positive_f64: ct_horner_f64 ct_log_f64 */
/* psi(x), x > 0: (x - root) times a polynomial on [1, 2], a polynomial on [2, 3], recurrence, and from 10 on
 * log x - 1/2x - D(1/x^2)/x^2. */
CT_FUNCTION double ct_digamma_positive_f64(double x)
{
    static const double around_root[] = {
        -0x1.7243d338e56b9p-13, 0x1.10792a3edd07fp-12, -0x1.3440e811d5cecp-13, 0x1.dc1b9525cf315p-13,
        -0x1.fc456eaf42c63p-12, 0x1.7b4a068b45a4bp-11, -0x1.0fcd6875bfc7ep-10, 0x1.980d9e47316adp-10,
        -0x1.336b404abc2fbp-9,  0x1.cd3e74239bd1dp-9,  -0x1.5a06ccadb5b7fp-8,  0x1.03c006a6cf866p-7,
        -0x1.86356278f1dbap-7,  0x1.256475f148073p-6,  -0x1.b9f8b124b0ce6p-6,  0x1.4de9aa059a229p-5,
        -0x1.fb44202a06ee8p-5,  0x1.8512e5905da6dp-4,  -0x1.2feeeb98a7a37p-3,  0x1.eca189b8e6d99p-3,
        -0x1.b1cb63005ee98p-2,  0x1.e6f0cbb873617p-1,
    };
    static const double around_25[] = {
        0x1.78e4cbaa8ba4cp-24, -0x1.bc0d87a132890p-23, 0x1.c259aa6271148p-22, -0x1.1da91350d8159p-20,
        0x1.6c2e28c423855p-19, -0x1.c88df70915e3ap-18, 0x1.1eb1f6d2b9fbep-16, -0x1.692596931a08bp-15,
        0x1.c872f5b377a0ap-14, -0x1.21de1caa30f3bp-12, 0x1.72e0080e7c06ep-11, -0x1.dfdf12aa26b55p-10,
        0x1.3bf9d58129565p-8,  -0x1.ac61ab99a9c66p-7,  0x1.31b4c4359dd97p-5,  -0x1.e3bef327df0bcp-4,
        0x1.f62057f7296cap-2,  0x1.680425af12b5ep-1,
    };
    static const double asymptotic[] = {
        0x1.1d8c6b0e748fbp-4, -0x1.56a21a231adedp-6, 0x1.f067d426cfa9bp-8, -0x1.1110fefe819f4p-8,
        0x1.041040fc5dbabp-8, -0x1.1111111110736p-7, 0x1.5555555555555p-4,
    };
    if (x < 1.0)
        return ct_digamma_positive_f64(x + 1.0) - 1.0 / x;
    if (x <= 2.0) {
        double from_root = (x - 0x1.762d86356be3fp+0) - 0x1.b86a722197829p-54;
        return from_root * ct_horner_f64(x - 1.5, around_root, 22);
    }
    double sum = 0.0;
    if (x < 10.0) {
        while (x > 3.0) {
            x -= 1.0;
            sum += 1.0 / x;
        }
        return sum + ct_horner_f64(x - 2.5, around_25, 18);
    }
    double w = 1.0 / x, u = w * w;
    return ct_log_f64(x) - (0.5 * w + u * ct_horner_f64(u, asymptotic, 7));
}

/*@ ct_digamma_f64: ct_digamma_positive_f64 ct_sin_pi_f64 */
/* Derivative of log gamma, double; NaN at the negative whole numbers, -inf at +0 and inf at -0, as SciPy.
 * For negative x by reflection, to 2^-50 of the larger of 1 and its terms; at most 2.30 ulp for x > 0. */
CT_FUNCTION double ct_digamma_f64(double x)
{
    if (x > 0.0 || x != x)
        return x > 0.0 ? ct_digamma_positive_f64(x) : x;
    if (x == 0.0)
        return -1.0 / x;
    double s, c;
    if (!(x > -0x1p52))
        return CT_NAN_F64;
    ct_sin_cos_pi_f64(x, &s, &c);
    if (s == 0.0)
        return CT_NAN_F64;
    return ct_digamma_positive_f64(1.0 - x) - 0x1.921fb54442d18p+1 * c / s;
}

/*@ ct_digamma_f32: ct_digamma_f64 */
/* Derivative of log gamma, single, worked in double; at most 0.51 ulp for x > 0. */
CT_INLINE float ct_digamma_f32(float x)
{
    return (float)ct_digamma_f64(x);
}

/*@ ct_trigamma_positive_f64: ct_horner_f64 */
/* psi'(x), x > 0: recurrence up to 10, then 1/x + 1/2x^2 + T(1/x^2)/x^3; all terms positive. */
CT_INLINE double ct_trigamma_positive_f64(double x)
{
    static const double asymptotic[] = {
        0x1.e7976a7117fefp-1, -0x1.004d7d6563bf6p-2, 0x1.3639cb7c9dab9p-4, -0x1.1110ede6a0619p-5,
        0x1.861861682e9b6p-6, -0x1.111111110eacfp-5, 0x1.5555555555555p-3,
    };
    /* the first term is the largest, and comes last */
    double first = 0.0, sum = 0.0;
    if (x < 10.0) {
        first = 1.0 / (x * x);
        x += 1.0;
    }
    while (x < 10.0) {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    double w = 1.0 / x, u = w * w;
    return first + (sum + ct_fma(u, ct_fma(w, ct_horner_f64(u, asymptotic, 7), 0.5), w));
}

/*@ ct_trigamma_f64: ct_trigamma_positive_f64 ct_sin_pi_f64 */
/* Second derivative of log gamma, double; inf at 0 and the negative whole numbers;
 * at most 2.15 ulp for x > 0. */
CT_FUNCTION double ct_trigamma_f64(double x)
{
    if (x > 0.0 || x != x)
        return x > 0.0 ? ct_trigamma_positive_f64(x) : x;
    if (!(x > -0x1p52))
        return x == -CT_INF_F64 ? CT_NAN_F64 : CT_INF_F64;
    double s, c;
    ct_sin_cos_pi_f64(x, &s, &c);
    if (s == 0.0)
        return CT_INF_F64;
    double q = 0x1.921fb54442d18p+1 / s;
    return q * q - ct_trigamma_positive_f64(1.0 - x);
}

/*@ ct_trigamma_f32: ct_trigamma_f64 */
/* Second derivative of log gamma, single, worked in double; at most 0.51 ulp for x > 0. */
CT_INLINE float ct_trigamma_f32(float x)
{
    return (float)ct_trigamma_f64(x);
}
