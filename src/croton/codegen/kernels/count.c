/* How often each number occurs in a vector; with WEIGHTED, the sum of the weights at its occurrences.
 *
 * Before this text: INTEGER, the type of the numbers, and TOTAL, that of the result.
 * sizes: numbers, bins. pointers: the numbers; the weights, if any; the result.
 */
#define TABLES 4

static int outside(ct_context *context, ct_int number, ct_int bins)
{
    context->error[1] = 0;
    context->error[2] = number;
    context->error[3] = bins;
    return CT_OUT_OF_RANGE;
}

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    const INTEGER *numbers = pointers[0];
    const ct_int n = sizes[0], bins = sizes[1];
    for (ct_int i = 0; i < n; ++i)
        if ((ct_unsigned)(ct_int)numbers[i] >= (ct_unsigned)bins)
            return outside(context, (ct_int)numbers[i], bins);
#ifdef WEIGHTED
    const TOTAL *weights = pointers[1];
    TOTAL *total = pointers[2];
    __builtin_memset(total, 0, (unsigned long)bins * sizeof(TOTAL));
    for (ct_int i = 0; i < n; ++i)
        total[numbers[i]] += weights[i];
#else
    TOTAL *total = pointers[1];
    __builtin_memset(total, 0, (unsigned long)bins * sizeof(TOTAL));
    if (bins > 4096 || n < 16 * bins) {
        for (ct_int i = 0; i < n; ++i)
            ++total[numbers[i]];
        return CT_OK;
    }
    /* Neighbours go to different tables: counting equal numbers in a row does not wait for memory. */
    TOTAL *tables = context->scratch(context, TABLES * bins * (ct_int)sizeof(TOTAL));
    if (!tables)
        return CT_OUT_OF_MEMORY;
    __builtin_memset(tables, 0, TABLES * (unsigned long)bins * sizeof(TOTAL));
    ct_int i = 0;
    for (; i + TABLES <= n; i += TABLES)
        for (int t = 0; t < TABLES; ++t)
            ++tables[t * bins + numbers[i + t]];
    for (; i < n; ++i)
        ++total[numbers[i]];
    for (int t = 0; t < TABLES; ++t)
        for (ct_int b = 0; b < bins; ++b)
            total[b] += tables[t * bins + b];
#endif
    return CT_OK;
}
