/* Products of many sizes over arrays of exactly their size, for the sanitizers to watch.
 *
 * Follows croton_abi.h, a kernel and harness.c; the test defines KERNEL, BATCH_KERNEL, TYPE and the sizes
 * that are fixed: FIXED_N and FIXED_K, -1 where they are not.
 */
#include <stdio.h>

static unsigned state = 1;

static int small_number(void)
{
    state = state * 1664525u + 1013904223u;
    return (int)(state >> 24) % 7 - 3;
}

static TYPE *numbers(ct_int count)
{
    TYPE *array = malloc((size_t)count * sizeof(TYPE));
    for (ct_int i = 0; i < count; i++)
        array[i] = (TYPE)small_number();
    return array;
}

/* Sums of products of small whole numbers are exact, so equality is what is asked for. */
static int wrong(ct_int m, ct_int n, ct_int k, int a_column_first, int b_column_first, int threads)
{
    test_context *context = test_context_new(threads, 0);
    TYPE *a = numbers(m * k), *b = numbers(k * n), *c = numbers(m * n);
    ct_int a_row = a_column_first ? 1 : k, a_column = a_column_first ? m : 1;
    ct_int b_row = b_column_first ? 1 : n, b_column = b_column_first ? k : 1;
    int failed =
        KERNEL(&context->base, m, n, k, a, a_row, a_column, b, b_row, b_column, c, n, 0, 0, 0) != CT_OK;
    for (ct_int i = 0; i < m; i++)
        for (ct_int j = 0; j < n; j++) {
            TYPE sum = 0;
            for (ct_int p = 0; p < k; p++)
                sum += a[i * a_row + p * a_column] * b[p * b_row + j * b_column];
            failed |= sum != c[i * n + j];
        }
    free(a);
    free(b);
    free(c);
    test_context_free(context);
    return failed;
}

int main(void)
{
    static const ct_int sizes[] = {0, 1, 2, 3, 5, 6, 7, 13, 16, 17, 31, 33, 64, 100};
    static const ct_int big[][3] = {{1, 700, 700},  {700, 1, 700}, {250, 130, 400},
                                    {33, 300, 700}, {9, 5, 1500},  {700, 90, 40}};
    enum { COUNT = sizeof sizes / sizeof *sizes, BIG = sizeof big / sizeof *big };
    for (int layouts = 0; layouts < 4; layouts++) {
        if ((layouts & 1 && FIXED_A_ROW) || (layouts & 2 && FIXED_B_ROW))
            continue;
        for (int i = 0; i < COUNT * COUNT * COUNT; i += 5 + i % 3) {
            ct_int m = sizes[i % COUNT];
            ct_int n = FIXED_N < 0 ? sizes[i / COUNT % COUNT] : FIXED_N;
            ct_int k = FIXED_K < 0 ? sizes[i / COUNT / COUNT] : FIXED_K;
            if (wrong(m, n, k, layouts & 1, layouts >> 1, 1))
                return printf("wrong: %d %d %d, layouts %d\n", (int)m, (int)n, (int)k, layouts), 1;
        }
        for (int i = 0; i < BIG; i++) {
            ct_int n = FIXED_N < 0 ? big[i][1] : FIXED_N, k = FIXED_K < 0 ? big[i][2] : FIXED_K;
            if (wrong(big[i][0], n, k, layouts & 1, layouts >> 1, 2))
                return printf("wrong: big %d, layouts %d\n", i, layouts), 1;
        }
    }
    return 0;
}
