/* What generated code needs of its surroundings, without Python: memory, pieces of loops, outputs.
 *
 * Compiled with -fopenmp, pieces of loops run in parallel; results are the same bits in any case.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An output: its rank, item size, the input whose memory it updates (or -1), and whether it is written there. */
typedef struct {
    int rank;
    ct_int itemsize;
    int updates, in_place;
} output_facts;

typedef struct block {
    struct block *next;
    char padding[56];
} block;

/* One call; generated code holds a pointer to its first member. */
typedef struct {
    ct_context context;
    block *blocks;
    void **results;
    ct_int **result_shapes;
    const output_facts *facts;
} call;

static _Thread_local char message[600];

static int failed(int status, const char *text, ...)
{
    va_list arguments;
    va_start(arguments, text);
    vsnprintf(message, sizeof message, text, arguments);
    va_end(arguments);
    return status;
}

static void *aligned_memory(ct_int bytes)
{
    return bytes < 0 ? NULL : aligned_alloc(64, ((size_t)bytes + 64) / 64 * 64);
}

static void run_pieces(ct_context *context, ct_range_body body, void *const *pointers, const ct_int *integers,
                       ct_int extent, ct_int grain)
{
    (void)context;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic)
#endif
    for (ct_int begin = 0; begin < extent; begin += grain)
        body(pointers, integers, begin, begin + grain < extent ? begin + grain : extent);
}

static void *allocate(ct_context *context, ct_int bytes)
{
    call *running = (call *)context;
    block *made = bytes < 0 ? NULL : aligned_memory(bytes + (ct_int)sizeof(block));
    if (made == NULL)
        return NULL;
#ifdef _OPENMP
#pragma omp critical
#endif
    {
        made->next = running->blocks;
        running->blocks = made;
    }
    return made + 1;
}

static void *scratch(ct_context *context, ct_int bytes)
{
    static _Thread_local void *memory;
    static _Thread_local ct_int size = -1;
    (void)context;
    if (bytes > size) {
        free(memory);
        memory = aligned_memory(bytes);
        size = memory == NULL ? -1 : bytes;
    }
    return memory;
}

static int never_interrupted(ct_context *context)
{
    (void)context;
    return 0;
}

static ct_int bytes_of(const output_facts *facts, const ct_int *shape)
{
    ct_int bytes = facts->itemsize;
    for (int axis = 0; axis < facts->rank; axis++)
        if (shape[axis] < 0 || __builtin_mul_overflow(bytes, shape[axis], &bytes))
            return -1;
    return bytes;
}

/* Take an output whose shape was found while running. */
static int take_output(ct_context *context, ct_int output, const void *data, ct_int rank, const ct_int *shape)
{
    call *running = (call *)context;
    memcpy(running->result_shapes[output], shape, (size_t)rank * sizeof *shape);
    ct_int bytes = bytes_of(&running->facts[output], shape);
    running->results[output] = aligned_memory(bytes);
    if (running->results[output] == NULL)
        return CT_OUT_OF_MEMORY;
    memcpy(running->results[output], data, (size_t)bytes);
    return CT_OK;
}

static int prepare_outputs(const output_facts *facts, int count, void *const *inputs, void **results,
                           ct_int *const *shapes)
{
    for (int o = 0; o < count; o++) {
        results[o] = NULL;
        int unknown = 0;
        for (int axis = 0; axis < facts[o].rank; axis++)
            unknown |= shapes[o][axis] == -1;
        if (facts[o].in_place)
            results[o] = inputs[facts[o].updates];
        else if (!unknown && (results[o] = aligned_memory(bytes_of(&facts[o], shapes[o]))) == NULL)
            return failed(CT_OUT_OF_MEMORY, "no memory for output %d", o);
    }
    return CT_OK;
}

static void release_outputs(const output_facts *facts, int count, void **results)
{
    for (int o = 0; o < count; o++)
        if (!facts[o].in_place)
            free(results[o]);
}

/* Copy new values of state to where it lies; only after everything succeeded. */
static int commit(const output_facts *facts, int count, void *const *inputs,
                  const ct_int *const *input_shapes, void **results, ct_int *const *shapes)
{
    for (int o = 0; o < count; o++)
        if (facts[o].updates >= 0 && !facts[o].in_place &&
            memcmp(input_shapes[facts[o].updates], shapes[o], (size_t)facts[o].rank * sizeof(ct_int)) != 0)
            return failed(CT_FAILED_GUARD, "output %d would change the shape of the state it updates", o);
    for (int o = 0; o < count; o++)
        if (facts[o].updates >= 0 && !facts[o].in_place) {
            memcpy(inputs[facts[o].updates], results[o], (size_t)bytes_of(&facts[o], shapes[o]));
            free(results[o]);
            results[o] = NULL;
        }
    return CT_OK;
}

static int explain(const ct_context *context, int status, const char *const *guards,
                   const char *const *equations)
{
    const long long where = context->error[0], a = context->error[1], b = context->error[2];
    if (status == CT_FAILED_GUARD)
        return failed(status, "%s: %lld and %lld", guards[where], a, b);
    const char *place = where < 0 ? "" : equations[where];
    if (status == CT_OUT_OF_MEMORY)
        return failed(status, "out of memory%s", place);
    if (status == CT_OUT_OF_RANGE)
        return failed(status, "index %lld is out of range for axis %lld of size %lld%s", b, a,
                      (long long)context->error[3], place);
    return failed(status, "an operation failed%s", place);
}

/* The whole of one call. */
static int run_call(void *const *inputs, const ct_int *const *input_shapes, const output_facts *facts,
                    int outputs, void **results, ct_int **shapes, ct_int *dims, void *const *library,
                    const char *const *guards, const char *const *equations)
{
    call running = {.context = {.parallel = run_pieces,
                                .allocate = allocate,
                                .scratch = scratch,
                                .interrupted = never_interrupted,
                                .give_output = take_output,
                                .library = library},
                    .results = results,
                    .result_shapes = shapes,
                    .facts = facts};
    ct_int summary[2] = {0, 0};
    message[0] = 0;
    int status = croton_prepare(&running.context, input_shapes, dims, shapes, summary);
    if (status != CT_OK)
        return explain(&running.context, status, guards, equations);
    char *arena = aligned_memory(summary[0]);
    if (arena == NULL)
        return failed(CT_OUT_OF_MEMORY, "no memory for intermediate values");
    status = prepare_outputs(facts, outputs, inputs, results, shapes);
    if (status == CT_OK) {
        status = croton_run(&running.context, inputs, results, dims, arena);
        if (status != CT_OK)
            explain(&running.context, status, guards, equations);
    }
    free(arena);
    while (running.blocks != NULL) {
        block *old = running.blocks;
        running.blocks = old->next;
        free(old);
    }
    if (status == CT_OK)
        status = commit(facts, outputs, inputs, input_shapes, results, shapes);
    if (status != CT_OK)
        release_outputs(facts, outputs, results);
    return status;
}
