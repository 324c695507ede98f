/* A matrix that many products have on their right, packed once.
 *
 * The caller defines PACK_ENTRY and RESIDENT_ENTRY, the names of the two functions, besides what entry.c asks
 * for. `packed` holds k times n rounded up to PANELS, and as many elements again as a vector has.
 */
void PACK_ENTRY(ct_int n, ct_int k, const ELEMENT *b, ct_int b_row, ct_int b_column, ELEMENT *packed)
{
    const product x = {.n = n, .k = k, .b = b, .b_row = b_row, .b_column = b_column};
    pack_right(&x, packed);
}

int RESIDENT_ENTRY(ct_context *ctx, ct_int m, ct_int n, ct_int k, const ELEMENT *a, ct_int a_row,
                   ct_int a_column, const ELEMENT *b, ct_int b_row, ct_int b_column, const ELEMENT *packed,
                   ELEMENT *c, ct_int c_row)
{
    const product x = {.ctx = ctx,
                       .m = m,
                       .n = n,
                       .k = k,
                       .a = a,
                       .a_row = a_row,
                       .a_column = a_column,
                       .b = b,
                       .b_row = b_row,
                       .b_column = b_column,
                       .c = c,
                       .c_row = c_row,
                       .threaded = 1,
                       .resident = (void *)packed};
    return MULTIPLY(&x);
}
