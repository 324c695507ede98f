/* Positions of the largest elements of rows, the largest first; with SMALLEST, of the smallest.
 *
 * sizes: outer, n, inner, k. pointers: the elements (outer, n, inner); the positions (outer, k, inner).
 * Of equal elements the first ones count as larger (or smaller). Each row keeps its best k elements in a heap
 * whose top is the worst of them, so that most elements cost one comparison.
 */
typedef struct {
    ct_int rank, position;
} entry;

INLINE ct_int rank_at(const element *source, ct_int place)
{
#ifdef SMALLEST
    return ~(ct_int)rank_of(source[place]);
#else
    return rank_of(source[place]);
#endif
}

INLINE int worse(entry a, entry b)
{
    return a.rank < b.rank || (a.rank == b.rank && a.position > b.position);
}

/* Puts `moving` where it belongs below place 0 of a heap. */
INLINE void sink(entry *heap, ct_int size, ct_int place, entry moving)
{
    for (;;) {
        ct_int child = 2 * place + 1;
        if (child >= size)
            break;
        child += child + 1 < size && worse(heap[child + 1], heap[child]);
        if (!worse(heap[child], moving))
            break;
        heap[place] = heap[child];
        place = child;
    }
    heap[place] = moving;
}

static void best_of_row(const job *work, ct_int row, entry *heap)
{
    const ct_int n = work->n, k = work->kept, stride = work->inner;
    const element *source = work->source + row_start(work, row, n);
    ct_int *target = (ct_int *)work->targets[0] + row_start(work, row, k);
    for (ct_int j = 0; j < k; ++j)
        heap[j] = (entry){rank_at(source, j * stride), j};
    for (ct_int j = k / 2 - 1; j >= 0; --j)
        sink(heap, k, j, heap[j]);
    for (ct_int j = k; j < n; ++j) {
        const ct_int rank = rank_at(source, j * stride);
        if (rank > heap[0].rank)
            sink(heap, k, 0, (entry){rank, j});
    }
    for (ct_int size = k; size > 0; --size) {
        target[(size - 1) * stride] = heap[0].position;
        sink(heap, size - 1, 0, heap[size - 1]);
    }
}

static void rows(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    (void)integers;
    job *work = pointers[0];
    entry *heap = work->context->scratch(work->context, work->kept * (ct_int)sizeof(entry));
    if (!heap) {
        __atomic_store_n(&work->failed, 1, __ATOMIC_RELAXED);
        return;
    }
    for (ct_int row = begin; row < end; ++row)
        best_of_row(work, row, heap);
}

int ENTRY(ct_context *context, void *const *pointers, const ct_int *sizes)
{
    job work = {context, pointers[0], {pointers[1], 0}, sizes[1], sizes[2], sizes[0] * sizes[2], sizes[3], 0};
    return work.kept == 0 ? CT_OK : run_rows(&work, rows, work.rows, work.n);
}
