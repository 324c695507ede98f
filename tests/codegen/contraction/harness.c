/* A ct_context for the tests: threads, scratch memory and an epilogue that reports what it was given.
 *
 * Compiled after croton_abi.h. A region starts its threads afresh: slow, but free of any state.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_THREADS 8

typedef struct {
    ct_context base;
    int threads;
    int refuse; /* hand out no memory */
    ct_int regions;
} test_context;

static __thread void *scratch_memory;
static __thread int inside_region;

static void free_scratch(void)
{
    free(scratch_memory);
    scratch_memory = NULL;
}

/* A fresh block each time, as large as asked: an overrun is an address sanitizer's to find. */
static void *scratch(ct_context *ctx, ct_int bytes)
{
    free_scratch();
    if (((test_context *)ctx)->refuse)
        return NULL;
    if (posix_memalign(&scratch_memory, 64, (size_t)(bytes > 0 ? bytes : 1)) != 0)
        return NULL;
    memset(scratch_memory, 0xff, (size_t)bytes); /* NaN: reading what was never written shows */
    return scratch_memory;
}

typedef struct {
    ct_range_body body;
    void *const *pointers;
    const ct_int *integers;
    ct_int extent, grain;
    ct_int next;
} region;

static void work(region *r)
{
    for (;;) {
        ct_int begin = __atomic_fetch_add(&r->next, r->grain, __ATOMIC_RELAXED);
        if (begin >= r->extent)
            return;
        r->body(r->pointers, r->integers, begin, begin + r->grain < r->extent ? begin + r->grain : r->extent);
    }
}

static void *worker(void *argument)
{
    inside_region = 1;
    work(argument);
    free_scratch();
    return NULL;
}

static void parallel(ct_context *ctx, ct_range_body body, void *const *pointers, const ct_int *integers,
                     ct_int extent, ct_int grain)
{
    test_context *context = (test_context *)ctx;
    if (inside_region || grain < 1)
        abort(); /* kernels promise neither */
    region r = {body, pointers, integers, extent, grain, 0};
    pthread_t threads[MOST_THREADS];
    context->regions++;
    for (int t = 1; t < context->threads; t++)
        if (pthread_create(&threads[t], NULL, worker, &r) != 0)
            abort();
    inside_region = 1;
    work(&r);
    inside_region = 0;
    for (int t = 1; t < context->threads; t++)
        pthread_join(threads[t], NULL);
}

test_context *test_context_new(int threads, int refuse)
{
    test_context *context = calloc(1, sizeof *context);
    context->base.parallel = parallel;
    context->base.scratch = scratch;
    context->threads = threads;
    context->refuse = refuse;
    return context;
}

ct_int test_context_regions(const test_context *context)
{
    return context->regions;
}

void test_context_free(test_context *context)
{
    free_scratch();
    free(context);
}

/* pointers: {calls for each row, C, copy of C as seen when each row was finished};
 * integers: {bytes of a row, bytes between rows of C, rows in a batch member, bytes between members}. */
void test_epilogue(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end)
{
    for (ct_int row = begin; row < end; row++) {
        char *from = (char *)pointers[1] + row % integers[2] * integers[1] + row / integers[2] * integers[3];
        __atomic_fetch_add((int *)pointers[0] + row, 1, __ATOMIC_RELAXED);
        memcpy((char *)pointers[2] + row * integers[0], from, (size_t)integers[0]);
    }
}
