/* Runs a compiled function outside Python, under the sanitizers: argv is a file of inputs and one for outputs.
 * With THREADS every piece of a parallel loop has a thread of its own.
 *
 * Both files are int64 words and raw data. Inputs: the number of inputs, then for each rank, item size,
 * sizes, data; the number of outputs, then for each rank and item size. Outputs: the status, then for each
 * output its sizes and data. Every array is a block of memory of its exact size, so that one step outside
 * it is found.
 */
#include "croton_abi.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

int croton_prepare(ct_context *, const ct_int *const *, ct_int *, ct_int *const *, ct_int *);
int croton_run(ct_context *, void *const *, void *const *, const ct_int *, char *);

#ifndef THREADS
#define THREADS 0
#endif

static void *fresh(size_t bytes)
{
    void *block = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (block == NULL)
        abort();
    return block;
}

typedef struct {
    ct_range_body body;
    void *const *pointers;
    const ct_int *integers;
    ct_int begin, end;
} Piece;

static _Thread_local int inside_parallel;

static void *run_piece(void *given)
{
    const Piece *piece = given;
    const int inside = inside_parallel;
    inside_parallel = 1;
    piece->body(piece->pointers, piece->integers, piece->begin, piece->end);
    inside_parallel = inside;
    return NULL;
}

static void run_in_pieces(ct_context *context, ct_range_body body, void *const *pointers,
                          const ct_int *integers, ct_int extent, ct_int grain)
{
    (void)context;
    const ct_int count = (extent + grain - 1) / grain;
    Piece *pieces = malloc((size_t)count * sizeof *pieces);
    pthread_t *threads = malloc((size_t)count * sizeof *threads);
    const int apart = THREADS && !inside_parallel;
    for (ct_int p = 0; p < count; ++p) {
        const ct_int end = (p + 1) * grain < extent ? (p + 1) * grain : extent;
        pieces[p] = (Piece){body, pointers, integers, p * grain, end};
        if (!apart)
            run_piece(pieces + p);
        else if (pthread_create(threads + p, NULL, run_piece, pieces + p) != 0)
            abort();
    }
    for (ct_int p = 0; apart && p < count; ++p)
        pthread_join(threads[p], NULL);
    free(threads);
    free(pieces);
}

static void *allocate(ct_context *context, ct_int bytes)
{
    (void)context;
    return fresh((size_t)bytes);
}

static int never(ct_context *context)
{
    (void)context;
    return 0;
}

static ct_int word(FILE *file)
{
    ct_int value = 0;
    if (fread(&value, sizeof value, 1, file) != 1)
        abort();
    return value;
}

static size_t bytes_of(ct_int rank, const ct_int *sizes, ct_int item)
{
    size_t bytes = (size_t)item;
    for (ct_int axis = 0; axis < rank; ++axis)
        bytes *= (size_t)sizes[axis];
    return bytes;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return 2;
    FILE *in = fopen(arguments[1], "rb"), *out = fopen(arguments[2], "wb");
    if (in == NULL || out == NULL)
        return 2;
    ct_int inputs = word(in);
    const ct_int **input_shapes = calloc((size_t)inputs + 1, sizeof *input_shapes);
    void **input_data = calloc((size_t)inputs + 1, sizeof *input_data);
    for (ct_int i = 0; i < inputs; ++i) {
        ct_int rank = word(in), item = word(in);
        ct_int *sizes = malloc((size_t)(rank + 1) * sizeof *sizes);
        for (ct_int axis = 0; axis < rank; ++axis)
            sizes[axis] = word(in);
        size_t bytes = bytes_of(rank, sizes, item);
        input_shapes[i] = sizes;
        input_data[i] = malloc(bytes); /* exact: ASan guards both ends */
        if (bytes != 0 && fread(input_data[i], 1, bytes, in) != bytes)
            abort();
    }
    ct_int outputs = word(in);
    ct_int *ranks = calloc((size_t)outputs + 1, sizeof *ranks),
           *items = calloc((size_t)outputs + 1, sizeof *items);
    ct_int **output_shapes = calloc((size_t)outputs + 1, sizeof *output_shapes);
    for (ct_int i = 0; i < outputs; ++i) {
        ranks[i] = word(in);
        items[i] = word(in);
        output_shapes[i] = calloc((size_t)ranks[i] + 1, sizeof **output_shapes);
    }
    ct_context context = {
        .parallel = run_in_pieces, .allocate = allocate, .scratch = allocate, .interrupted = never};
    ct_int *dims = calloc(4096, sizeof *dims);
    ct_int summary[2] = {0, 0};
    ct_int status = croton_prepare(&context, input_shapes, dims, output_shapes, summary);
    void **output_data = calloc((size_t)outputs + 1, sizeof *output_data);
    char *arena = aligned_alloc(64, ((size_t)summary[0] + 63) / 64 * 64 + 64);
    for (ct_int i = 0; i < outputs; ++i)
        output_data[i] = malloc(bytes_of(ranks[i], output_shapes[i], items[i]));
    if (status == CT_OK)
        status = croton_run(&context, input_data, output_data, dims, arena);
    fwrite(&status, sizeof status, 1, out);
    for (ct_int i = 0; i < outputs && status == CT_OK; ++i) {
        fwrite(output_shapes[i], sizeof **output_shapes, (size_t)ranks[i], out);
        fwrite(output_data[i], 1, bytes_of(ranks[i], output_shapes[i], items[i]), out);
    }
    return fclose(out) == 0 ? 0 : 2;
}
