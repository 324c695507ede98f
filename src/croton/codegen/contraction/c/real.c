/* The product for float and double. */
static int multiply_real(const product *x)
{
    if (multiply_empty(x, REAL_BYTES))
        return CT_OK;
    if (x->m == 1 || x->n == 1) {
        int status = multiply_vector(x);
        if (status >= 0)
            return status;
    }
#if VECTOR_BYTES == 64
    if (x->n <= LANES / 2)
        return multiply_slim(x);
#endif
    if (x->n <= LANES)
        return multiply_narrow(x);
    return multiply_matrices(x);
}

/* No less than multiply_real asks for, for callers that bring the memory: packed B, partial sums, or a
 * copy of a vector. */
static inline ct_int workspace_bytes(const product *x)
{
    return REAL_BYTES * (x->k * (x->n + PANEL + 1) + 16 * (x->m + x->n));
}
