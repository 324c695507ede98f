/* Profiled functions: what their steps took, handed to a Python callable after each call.
 *
 * Generated code calls `lap` after every step. Times are added up in the frame of the call, so that calls
 * from several threads do not meet.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Events kept of one call; the totals count all of them. */
#define MOST_EVENTS 4096

typedef struct {
    ct_int step, started, ended;
} Event;

struct Laps {
    Py_ssize_t steps, events;
    Event event[MOST_EVENTS];
    ct_int totals[]; /* nanoseconds of each step, then how often it ran */
};

static ct_int now_in_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (ct_int)now.tv_sec * 1000000000 + now.tv_nsec;
}

Laps *laps_new(Py_ssize_t steps)
{
    Laps *laps = calloc(1, sizeof(Laps) + 2 * (size_t)steps * sizeof(ct_int));
    if (laps != NULL) {
        laps->steps = steps;
    }
    return laps;
}

void laps_free(Laps *laps)
{
    free(laps);
}

ct_int profile_lap(ct_context *context, ct_int step, ct_int since)
{
    const ct_int now = now_in_nanoseconds();
    Laps *laps = ((Frame *)context)->laps;
    if (laps != NULL && step >= 0 && step < laps->steps) {
        laps->totals[step] += now - since;
        laps->totals[laps->steps + step]++;
        if (laps->events < MOST_EVENTS) {
            laps->event[laps->events++] = (Event){step, since, now};
        }
    }
    return now;
}

static void clear(Laps *laps)
{
    laps->events = 0;
    memset(laps->totals, 0, 2 * (size_t)laps->steps * sizeof(ct_int));
}

/* Call record(started, ended, dims, totals, events) with the last two as bytes; -1 with an exception. */
static int tell(Function *self, Frame *frame, ct_int started, ct_int ended)
{
    Laps *laps = frame->laps;
    PyObject *dims = PyTuple_New(self->dim_count);
    for (Py_ssize_t i = 0; dims != NULL && i < self->dim_count; i++) {
        PyObject *size = PyLong_FromLongLong(frame->dims[i]);
        if (size == NULL) {
            Py_CLEAR(dims);
        } else {
            PyTuple_SET_ITEM(dims, i, size);
        }
    }
    if (dims == NULL) {
        return -1;
    }
    PyObject *answer =
        PyObject_CallFunction(self->record, "LLNy#y#", (long long)started, (long long)ended, dims,
                              (char *)laps->totals, 2 * laps->steps * (Py_ssize_t)sizeof(ct_int),
                              (char *)laps->event, laps->events * (Py_ssize_t)sizeof(Event));
    Py_XDECREF(answer);
    return answer == NULL ? -1 : 0;
}

PyObject *profile_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)object;
    Frame *frame = frame_take(self);
    if (frame == NULL) {
        return NULL;
    }
    clear(frame->laps);
    ct_int started = now_in_nanoseconds();
    PyObject *result = function_call_in(self, frame, args, nargsf, kwnames);
    ct_int ended = now_in_nanoseconds();
    if (result != NULL && tell(self, frame, started, ended) < 0) {
        Py_CLEAR(result);
    }
    frame_give_back(frame);
    return result;
}
