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
    return multiply_matrices(x);
}
