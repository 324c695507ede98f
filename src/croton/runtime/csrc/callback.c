/* Python called from generated code: callbacks, Ctrl-C, outputs of unknown shape.
 *
 * Generated code may run on any thread, with or without the GIL; each entry here says what it needs.
 */
#include "core.h"

#include <string.h>
#include <time.h>

#define LOOK_FOR_SIGNALS_EVERY_MILLISECONDS 50

/* ---- Ctrl-C ---- */

static ct_int now_in_milliseconds(void)
{
    struct timespec now;
#ifdef CLOCK_MONOTONIC_COARSE
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (ct_int)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void callback_look_for_signals(Frame *frame)
{
    ct_int now = now_in_milliseconds();
    if (frame->last_look == 0) {
        frame->last_look = now;
    }
    if (now - frame->last_look < LOOK_FOR_SIGNALS_EVERY_MILLISECONDS) {
        return;
    }
    frame->last_look = now;
    PyGILState_STATE state = PyGILState_UNLOCKED;
    int without_gil = frame->without_gil;
    if (without_gil) {
        state = PyGILState_Ensure();
    }
    if (!without_gil && !frame->locked) {
        call_lock_cells(frame->function, frame); /* a signal handler is Python code: others may run now */
    }
    if (PyErr_CheckSignals() < 0) {
        frame_keep_exception(frame);
        atomic_store(&frame->stop, 1);
    }
    if (without_gil) {
        PyGILState_Release(state);
    }
}

int callback_interrupted(ct_context *context)
{
    Frame *frame = (Frame *)context;
    if (!atomic_load_explicit(&frame->stop, memory_order_relaxed) &&
        pthread_equal(frame->thread, pthread_self())) {
        callback_look_for_signals(frame); /* only the calling thread has a Python state */
    }
    return atomic_load_explicit(&frame->stop, memory_order_relaxed);
}

/* ---- outputs whose shape was only known while running: needs no GIL ---- */

int callback_give_output(ct_context *context, ct_int output, const void *data, ct_int rank,
                         const ct_int *shape)
{
    Frame *frame = (Frame *)context;
    Function *function = frame->function;
    if (output < 0 || output >= function->output_count) {
        return CT_RUNTIME_ERROR;
    }
    Output *description = &function->outputs[output];
    if (rank != description->rank ||
        (description->kind != OUTPUT_UNKNOWN && description->kind != OUTPUT_REPLACE_UNKNOWN)) {
        return CT_RUNTIME_ERROR;
    }
    ct_int bytes = PyDataType_ELSIZE(description->descr);
    for (ct_int axis = 0; axis < rank; axis++) {
        if (shape[axis] < 0 || __builtin_mul_overflow(bytes, shape[axis], &bytes)) {
            return CT_OUT_OF_MEMORY;
        }
        frame->output_shapes[output][axis] = shape[axis];
    }
    void *memory = memory_allocate((size_t)bytes);
    if (memory == NULL) {
        return CT_OUT_OF_MEMORY;
    }
    if (bytes > 0) {
        memcpy(memory, data, (size_t)bytes);
    }
    memory_release(frame->given[output]);
    frame->given[output] = memory;
    return 0;
}

/* ---- callbacks ---- */

/* The dtype with this number in the function's table; borrowed. */
static PyArray_Descr *dtype_at(Function *function, ct_int index)
{
    if (index < 0 || index >= PyTuple_GET_SIZE(function->dtypes)) {
        PyErr_Format(PyExc_SystemError, "%s(): callback uses dtype number %lld of %zd",
                     function_name(function), (long long)index, PyTuple_GET_SIZE(function->dtypes));
        return NULL;
    }
    return (PyArray_Descr *)PyTuple_GET_ITEM(function->dtypes, index);
}

/* The inputs as a tuple of arrays. Copies: Python may keep them, and the memory below is reused. */
static PyObject *copy_inputs(Function *function, const ct_array *inputs, ct_int count)
{
    PyObject *tuple = PyTuple_New(count);
    for (ct_int i = 0; tuple != NULL && i < count; i++) {
        PyArray_Descr *descr = dtype_at(function, inputs[i].dtype);
        PyObject *array = descr == NULL ? NULL : array_empty(descr, (int)inputs[i].rank, inputs[i].shape);
        if (array == NULL) {
            Py_CLEAR(tuple);
            break;
        }
        memcpy(PyArray_DATA((PyArrayObject *)array), inputs[i].data,
               (size_t)PyArray_NBYTES((PyArrayObject *)array));
        PyTuple_SET_ITEM(tuple, i, array);
    }
    return tuple;
}

static PyObject *as_array(Function *function, ct_int which, PyObject *value, PyArray_Descr *descr)
{
    PyObject *any = PyArray_FROM_O(value);
    if (any == NULL) {
        return NULL;
    }
    PyObject *array = NULL;
    if (!PyArray_CanCastArrayTo((PyArrayObject *)any, descr, NPY_SAME_KIND_CASTING)) {
        PyErr_Format(PyExc_TypeError, "%s(): callback %lld returned dtype %S where %S was promised",
                     function_name(function), (long long)which,
                     (PyObject *)PyArray_DESCR((PyArrayObject *)any), (PyObject *)descr);
    } else {
        Py_INCREF(descr);
        array = PyArray_FromArray((PyArrayObject *)any, descr, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
    }
    Py_DECREF(any);
    return array;
}

static int shape_mismatch(Function *function, ct_int which, PyObject *array, const ct_array *output)
{
    PyObject *actual = PyObject_GetAttrString(array, "shape");
    PyObject *promised = PyArray_IntTupleFromIntp((int)output->rank, (const npy_intp *)output->shape);
    if (actual != NULL && promised != NULL) {
        PyErr_Format(PyExc_ValueError, "%s(): callback %lld returned shape %S where %S was promised",
                     function_name(function), (long long)which, actual, promised);
    }
    Py_XDECREF(actual);
    Py_XDECREF(promised);
    return -1;
}

/* Copy one returned array to where the generated code expects it. */
static int copy_output(Frame *frame, ct_int which, PyObject *value, ct_array *output)
{
    Function *function = frame->function;
    PyArray_Descr *descr = dtype_at(function, output->dtype);
    PyObject *object = descr == NULL ? NULL : as_array(function, which, value, descr);
    if (object == NULL) {
        return -1;
    }
    PyArrayObject *array = (PyArrayObject *)object;
    int status = 0;
    if (PyArray_NDIM(array) != output->rank) {
        PyErr_Format(PyExc_ValueError, "%s(): callback %lld returned rank %d where %lld was promised",
                     function_name(function), (long long)which, PyArray_NDIM(array), (long long)output->rank);
        status = -1;
    } else if (output->data == NULL) {
        output->data = frame->context.allocate(&frame->context, PyArray_NBYTES(array));
        if (output->data == NULL) {
            PyErr_NoMemory();
            status = -1;
        } else {
            memcpy(output->shape, PyArray_DIMS(array), (size_t)output->rank * sizeof(ct_int));
        }
    } else if (!PyArray_CompareLists(PyArray_DIMS(array), (const npy_intp *)output->shape,
                                     (int)output->rank)) {
        status = shape_mismatch(function, which, object, output);
    }
    if (status == 0) {
        memcpy(output->data, PyArray_DATA(array), (size_t)PyArray_NBYTES(array));
    }
    Py_DECREF(object);
    return status;
}

/* Distribute what the callback returned: one value for one output, else a tuple or list. */
static int copy_outputs(Frame *frame, ct_int which, PyObject *result, ct_array *outputs, ct_int count)
{
    if (count == 1 && !PyTuple_Check(result) && !PyList_Check(result)) {
        return copy_output(frame, which, result, &outputs[0]);
    }
    if (count == 0 && result == Py_None) {
        return 0;
    }
    if (!(PyTuple_Check(result) || PyList_Check(result)) || PySequence_Fast_GET_SIZE(result) != count) {
        PyErr_Format(PyExc_ValueError, "%s(): callback %lld has to return %lld arrays, got %s",
                     function_name(frame->function), (long long)which, (long long)count,
                     Py_TYPE(result)->tp_name);
        return -1;
    }
    for (ct_int o = 0; o < count; o++) {
        if (copy_output(frame, which, PySequence_Fast_GET_ITEM(result, o), &outputs[o]) < 0) {
            return -1;
        }
    }
    return 0;
}

static int call_python(Frame *frame, ct_int which, ct_array *inputs, ct_int input_count, ct_array *outputs,
                       ct_int output_count)
{
    Function *function = frame->function;
    if (which < 0 || which >= PyTuple_GET_SIZE(function->callbacks)) {
        PyErr_Format(PyExc_SystemError, "%s(): there is no callback %lld", function_name(function),
                     (long long)which);
        return -1;
    }
    PyObject *arguments = copy_inputs(function, inputs, input_count);
    if (arguments == NULL) {
        return -1;
    }
    PyObject *result = PyObject_Call(PyTuple_GET_ITEM(function->callbacks, which), arguments, NULL);
    Py_DECREF(arguments);
    if (result == NULL) {
        return -1;
    }
    int status = copy_outputs(frame, which, result, outputs, output_count);
    Py_DECREF(result);
    return status;
}

int callback_call(ct_context *context, ct_int which, ct_array *inputs, ct_int input_count, ct_array *outputs,
                  ct_int output_count)
{
    Frame *frame = (Frame *)context;
    PyGILState_STATE state = PyGILState_Ensure(); /* functions with callbacks run without the GIL */
    int status = call_python(frame, which, inputs, input_count, outputs, output_count);
    if (status < 0) {
        frame_keep_exception(frame);
    }
    PyGILState_Release(state);
    return status < 0;
}
