/* For every value the number of elements of a sorted vector below it; with RIGHT, not above it.
 *
 * sizes: elements, values. pointers: the sorted elements; the values; the numbers.
 */
static void values(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    const job *work = pointers[0];
    const element *wanted = work->targets[1];
    ct_int *out = work->targets[0];
    for (ct_int i = begin; i < end; ++i) {
        const key value = rank_of(wanted[i]);
        const element *first = work->source;
        for (ct_int left = work->n; left > 0;) {
            const ct_int half = left - left / 2; /* so that `left` shrinks alike whichever way it goes */
#ifdef RIGHT
            const int below = rank_of(first[half - 1]) <= value;
#else
            const int below = rank_of(first[half - 1]) < value;
#endif
            first += below ? half : 0;
            left -= half;
        }
        out[i] = first - work->source;
    }
}

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    job work = {context, pointers[0], {pointers[2], pointers[1]}, sizes[0], 1, sizes[1], 0, 0};
    return run_rows(&work, values, sizes[1], 2);
}
