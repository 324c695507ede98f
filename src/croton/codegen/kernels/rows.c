/* The order that sorts the rows of a matrix lexicographically; equal rows stay in order.
 *
 * sizes: rows, columns. pointers: the matrix; the positions.
 */
INLINE int row_less(const job *work, ct_int first, ct_int second)
{
    const element *a = work->source + first * work->n, *b = work->source + second * work->n;
    for (ct_int j = 0; j < work->n; ++j) {
        const key x = rank_of(a[j]), y = rank_of(b[j]);
        if (x != y)
            return x < y;
    }
    return 0;
}

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const ct_int rows = sizes[0];
    const job work = {context, pointers[0], {pointers[1], 0}, sizes[1], 1, rows, 0, 0};
    ct_int *order = pointers[1];
    ct_int *other = context->scratch(context, rows * (ct_int)sizeof(ct_int));
    if (!other)
        return CT_OUT_OF_MEMORY;
    for (ct_int i = 0; i < rows; ++i)
        order[i] = i;
    for (ct_int width = 1; width < rows; width *= 2) {
        for (ct_int first = 0; first < rows; first += 2 * width) {
            const ct_int middle = first + width < rows ? first + width : rows;
            const ct_int last = middle + width < rows ? middle + width : rows;
            ct_int left = first, right = middle;
            for (ct_int place = first; place < last; ++place) {
                const int from_right =
                    left == middle || (right < last && row_less(&work, order[right], order[left]));
                other[place] = from_right ? order[right++] : order[left++];
            }
        }
        __builtin_memcpy(order, other, (unsigned long)rows * sizeof(ct_int));
    }
    return CT_OK;
}
