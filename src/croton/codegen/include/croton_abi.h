/* The contract between generated C and whatever calls it.
 *
 * Generated code includes nothing: no system header, no Python. Everything it needs from outside
 * arrives through ct_context, so the same code runs under the extension, in an exported program, or
 * under a sanitizer in a test driver.
 */
#ifndef CROTON_ABI_H
#define CROTON_ABI_H

#define CROTON_ABI_VERSION 1

typedef __INT64_TYPE__ ct_int;
typedef struct ct_context ct_context;

/* A piece of work over the half-open range [begin, end) of some outer loop. */
typedef void (*ct_range_body)(void *const *pointers, const ct_int *integers, ct_int begin, ct_int end);

/* An array handed to or received from a Python callback. */
typedef struct ct_array {
    void *data;   /* NULL on the way out when the callback decides the shape */
    ct_int dtype; /* index into the function's table of dtypes */
    ct_int rank;
    ct_int *shape; /* rank entries; C order, no strides */
} ct_array;

struct ct_context {
    /* Run body over [0, extent) in pieces of `grain`, on the pool; returns when all is done.
     * Which piece runs where never changes a result: bodies write disjoint memory. */
    void (*parallel)(ct_context *, ct_range_body body, void *const *pointers, const ct_int *integers,
                     ct_int extent, ct_int grain);
    /* Memory that lives until this call of the function ends, 64-byte aligned; NULL when exhausted. */
    void *(*allocate)(ct_context *, ct_int bytes);
    /* Memory private to the calling thread, 64-byte aligned, valid until its next scratch(); NULL when exhausted. */
    void *(*scratch)(ct_context *, ct_int bytes);
    /* Run Python callback `which`; 0 on success, nonzero when it raised (the exception is kept). */
    int (*callback)(ct_context *, ct_int which, ct_array *inputs, ct_int input_count, ct_array *outputs,
                    ct_int output_count);
    /* Nonzero once Ctrl-C was pressed; long loops ask every so often and return CT_INTERRUPTED. */
    int (*interrupted)(ct_context *);
    /* Hand over an output whose shape was only known while running: copies data (C order) out. */
    int (*give_output)(ct_context *, ct_int output, const void *data, ct_int rank, const ct_int *shape);
    /* Addresses of BLAS and LAPACK routines, in the order the function asked for them. */
    void *const *library;
    /* What a failing run says: [0] index of the failing equation, [1..7] op-specific facts. */
    ct_int error[8];
    /* Profiled functions only: the time now in nanoseconds; adds what passed since `since` to `step`, unless
     * that is -1. Called by the thread that called the function. */
    ct_int (*lap)(ct_context *, ct_int step, ct_int since);
};

enum {
    CT_OK = 0,
    CT_FAILED_GUARD = 1, /* error[0]: guard number, [1] and [2]: the two sizes */
    CT_OUT_OF_MEMORY = 2,
    CT_INTERRUPTED = 3,
    CT_CALLBACK_RAISED = 4, /* the Python exception is already set */
    CT_OUT_OF_RANGE = 5,    /* error: equation, axis, index, size */
    CT_RUNTIME_ERROR = 6    /* error: equation, op-specific facts */
};

/* Every compiled function exports these two.
 *
 * croton_prepare: reads the shapes of all inputs, checks guards, fills `dims` (every named size),
 * `output_shapes[o][axis]` (-1 where known only while running) and summary = {arena bytes, estimated
 * nanoseconds of work}. Touches no array data. Returns CT_OK or CT_FAILED_GUARD.
 *
 * croton_run: does the work. `inputs` and `outputs` are data pointers, C order, aligned to their item
 * size; an output known only while running is NULL. `arena` is 64-byte aligned. An output that updates
 * state in place is the same pointer as its input.
 */
typedef int (*ct_prepare_entry)(ct_context *, const ct_int *const *input_shapes, ct_int *dims,
                                ct_int *const *output_shapes, ct_int *summary);
typedef int (*ct_run_entry)(ct_context *, void *const *inputs, void *const *outputs, const ct_int *dims,
                            char *arena);

#endif
