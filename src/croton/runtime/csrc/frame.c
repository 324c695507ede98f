/* Frame: all that one call needs besides its outputs, kept from call to call. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

/* More threads than this at once in one function allocate and free a frame for each call. */
#define FRAMES_KEPT 16

static void *context_allocate(ct_context *context, ct_int bytes)
{
    Frame *frame = (Frame *)context;
    if (bytes < 0 || bytes > PY_SSIZE_T_MAX - CORE_ALIGNMENT) {
        return NULL;
    }
    Block *block = memory_allocate((size_t)bytes + CORE_ALIGNMENT);
    if (block == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&frame->blocks_mutex); /* pieces of a parallel loop may allocate too */
    block->next = frame->blocks;
    frame->blocks = block;
    pthread_mutex_unlock(&frame->blocks_mutex);
    return (char *)block + CORE_ALIGNMENT;
}

static void *context_scratch(ct_context *context, ct_int bytes)
{
    (void)context;
    return bytes < 0 ? NULL : memory_scratch((size_t)bytes);
}

/* Set what is the same in every call. */
static void fill_constants(Frame *frame)
{
    Function *function = frame->function;
    for (Py_ssize_t i = 0; i < function->input_count; i++) {
        Input *input = &function->inputs[i];
        if (input->kind == INPUT_CONSTANT) {
            frame->inputs[i] = PyArray_DATA((PyArrayObject *)input->source);
            frame->input_shapes[i] = (const ct_int *)PyArray_DIMS((PyArrayObject *)input->source);
        }
    }
    frame->context.parallel = pool_run;
    frame->context.allocate = context_allocate;
    frame->context.scratch = context_scratch;
    frame->context.callback = callback_call;
    frame->context.interrupted = callback_interrupted;
    frame->context.give_output = callback_give_output;
    frame->context.lap = profile_lap;
    frame->context.library = function->routine_addresses;
}

/* Hand out the next `count` items of `size` bytes of a block that holds a frame's tables. */
static void *carve(char **position, Py_ssize_t count, size_t size)
{
    void *table = *position;
    *position += ((size_t)count * size + 7) & ~(size_t)7;
    return table;
}

static void carve_tables(Frame *frame, char **position)
{
    Function *function = frame->function;
    Py_ssize_t in = function->input_count, out = function->output_count;
    frame->inputs = carve(position, in, sizeof(void *));
    frame->input_shapes = carve(position, in, sizeof(ct_int *));
    frame->scalars = carve(position, in, sizeof(double));
    frame->values = carve(position, function->argument_count, sizeof(PyObject *));
    frame->held = carve(position, in + function->read_count, sizeof(PyObject *));
    frame->dims = carve(position, function->dim_count, sizeof(ct_int));
    frame->output_shapes = carve(position, out, sizeof(ct_int *));
    frame->outputs = carve(position, out, sizeof(void *));
    frame->arrays = carve(position, out, sizeof(PyObject *));
    frame->given = carve(position, out, sizeof(void *));
    frame->copy_first = carve(position, out, 1);
    for (Py_ssize_t o = 0; o < out; o++) {
        frame->output_shapes[o] = carve(position, function->outputs[o].rank, sizeof(ct_int));
    }
}

static size_t bytes_of_tables(Function *function)
{
    size_t in = (size_t)function->input_count, out = (size_t)function->output_count;
    size_t words = 4 * in + (size_t)function->argument_count + (size_t)function->read_count +
                   (size_t)function->dim_count + 5 * out + 1;
    for (Py_ssize_t o = 0; o < function->output_count; o++) {
        words += (size_t)function->outputs[o].rank;
    }
    return words * 8;
}

static Frame *frame_new(Function *function)
{
    size_t header = (sizeof(Frame) + 63) & ~(size_t)63;
    Frame *frame = calloc(1, header + bytes_of_tables(function));
    if (frame == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    frame->function = function;
    if (function->record != NULL && (frame->laps = laps_new(function->step_count)) == NULL) {
        free(frame);
        PyErr_NoMemory();
        return NULL;
    }
    char *position = (char *)frame + header;
    carve_tables(frame, &position);
    pthread_mutex_init(&frame->blocks_mutex, NULL);
    fill_constants(frame);
    return frame;
}

static void frame_free(Frame *frame)
{
    pthread_mutex_destroy(&frame->blocks_mutex);
    memory_release(frame->arena);
    laps_free(frame->laps);
    free(frame);
}

Frame *frame_take(Function *function)
{
    Frame *frame = function->frames;
    if (frame == NULL) {
        return frame_new(function);
    }
    function->frames = frame->next;
    function->free_frames--;
    return frame;
}

/* Release all that the call still holds. */
static void frame_clear(Frame *frame)
{
    while (frame->held_count > 0) {
        Py_DECREF(frame->held[--frame->held_count]);
    }
    for (Py_ssize_t o = 0; o < frame->function->output_count; o++) {
        Py_CLEAR(frame->arrays[o]);
        if (frame->given[o] != NULL) {
            memory_release(frame->given[o]);
            frame->given[o] = NULL;
        }
    }
    while (frame->blocks != NULL) {
        Block *block = frame->blocks;
        frame->blocks = block->next;
        memory_release(block);
    }
    if (frame->exception != NULL) {
        Py_CLEAR(frame->exception);
    }
}

void frame_give_back(Frame *frame)
{
    Function *function = frame->function;
    frame_clear(frame);
    if (function->free_frames >= FRAMES_KEPT) {
        frame_free(frame);
        return;
    }
    frame->next = function->frames;
    function->frames = frame;
    function->free_frames++;
}

void frames_free(Function *function)
{
    while (function->frames != NULL) {
        Frame *frame = function->frames;
        function->frames = frame->next;
        frame_free(frame);
    }
    function->free_frames = 0;
}

int frame_reserve_arena(Frame *frame, ct_int bytes)
{
    if (bytes >= 0 && (size_t)bytes <= frame->arena_bytes) {
        return 0;
    }
    memory_release(frame->arena); /* its contents mean nothing between calls */
    frame->arena_bytes = 0;
    frame->arena = bytes < 0 ? NULL : memory_allocate((size_t)bytes);
    if (frame->arena == NULL) {
        PyErr_Format(PyExc_MemoryError, "%s(): no memory for intermediate values (%lld bytes)",
                     function_name(frame->function), (long long)bytes);
        return -1;
    }
    frame->arena_bytes = (size_t)bytes;
    return 0;
}

PyObject *exception_take(void)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL && value != NULL) {
        PyException_SetTraceback(value, traceback);
    }
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
}

void frame_keep_exception(Frame *frame)
{
    PyObject *exception = exception_take();
    if (frame->exception == NULL) {
        frame->exception = exception;
    } else {
        Py_XDECREF(exception);
    }
}

void frame_restore_exception(Frame *frame)
{
    PyObject *value = frame->exception;
    frame->exception = NULL;
    PyErr_SetObject((PyObject *)Py_TYPE(value), value);
    Py_DECREF(value);
}
