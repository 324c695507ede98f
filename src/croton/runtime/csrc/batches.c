/* Many calls in one: a function called on batches of the rows of whole arrays, one batch after the other. */
#include "core.h"

#include <string.h>
#include <time.h>

typedef struct {
    PyArrayObject **sources; /* one for each argument; borrowed */
    PyObject **buffers;      /* where gathered rows lie, NULL before the first batch */
    PyObject **arguments;    /* of the next call; new references */
    const npy_int64 *order;  /* numbers of the rows, or NULL: as they are */
    Py_ssize_t count, rows;
} Batches;

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- checking ---- */

/* What keeps an object from being an array whose rows can be copied byte by byte; NULL if nothing does. */
static const char *not_rows(PyObject *object)
{
    PyArrayObject *array = (PyArrayObject *)object;
    if (!PyArray_CheckExact(object)) {
        return Py_TYPE(object)->tp_name;
    }
    if (PyArray_NDIM(array) == 0 || !PyArray_IS_C_CONTIGUOUS(array)) {
        return "an array without axes or of another order";
    }
    return PyDataType_REFCHK(PyArray_DESCR(array)) ? "an array of Python objects" : NULL;
}

/* Sources must be C-ordered arrays of equally many rows. */
static int check_sources(Function *self, Batches *batches, PyObject *arrays)
{
    for (Py_ssize_t k = 0; k < batches->count; k++) {
        PyObject *array = PyTuple_GET_ITEM(arrays, k);
        const char *wrong = not_rows(array);
        if (wrong != NULL) {
            PyErr_Format(PyExc_TypeError, "%s(): arrays[%zd]: expected a C-ordered array of rows, got %s",
                         function_name(self), k, wrong);
            return -1;
        }
        PyArrayObject *source = batches->sources[k] = (PyArrayObject *)array;
        if (k > 0 && PyArray_DIM(source, 0) != batches->rows) {
            PyErr_Format(PyExc_ValueError, "%s(): arrays[%zd] has %zd rows, arrays[0] has %zd",
                         function_name(self), k, (Py_ssize_t)PyArray_DIM(source, 0), batches->rows);
            return -1;
        }
        batches->rows = PyArray_DIM(source, 0);
    }
    return 0;
}

/* The order must name rows that exist; `rows` becomes the number of rows to go through. */
static int check_order(Function *self, Batches *batches, PyObject *order)
{
    if (order == Py_None) {
        return 0;
    }
    PyArrayObject *array = (PyArrayObject *)order;
    if (!PyArray_CheckExact(order) || PyArray_TYPE(array) != NPY_INT64 || PyArray_NDIM(array) != 1 ||
        !PyArray_ISCARRAY_RO(array)) {
        PyErr_Format(PyExc_TypeError, "%s(): order: expected None or a vector of int64", function_name(self));
        return -1;
    }
    batches->order = PyArray_DATA(array);
    Py_ssize_t length = PyArray_DIM(array, 0);
    for (Py_ssize_t i = 0; i < length; i++) {
        if (batches->order[i] < 0 || batches->order[i] >= batches->rows) {
            PyErr_Format(PyExc_IndexError, "%s(): order[%zd] is %lld, and there are %zd rows",
                         function_name(self), i, (long long)batches->order[i], batches->rows);
            return -1;
        }
    }
    batches->rows = length;
    return 0;
}

/* ---- batches ---- */

/* Bytes of a row. The stride of an axis of size 1 may be any number. */
static Py_ssize_t row_bytes(PyArrayObject *source)
{
    return PyArray_NBYTES(source) / PyArray_DIM(source, 0);
}

/* Some rows of an array where they lie. */
static PyObject *rows_in_place(PyArrayObject *source, Py_ssize_t start, Py_ssize_t count)
{
    npy_intp shape[NPY_MAXDIMS];
    memcpy(shape, PyArray_DIMS(source), (size_t)PyArray_NDIM(source) * sizeof(npy_intp));
    shape[0] = count;
    Py_INCREF(PyArray_DESCR(source));
    PyObject *rows =
        PyArray_NewFromDescr(&PyArray_Type, PyArray_DESCR(source), PyArray_NDIM(source), shape, NULL,
                             PyArray_BYTES(source) + start * row_bytes(source),
                             PyArray_FLAGS(source) & (NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE), NULL);
    if (rows == NULL) {
        return NULL;
    }
    if (PyArray_SetBaseObject((PyArrayObject *)rows, Py_NewRef((PyObject *)source)) < 0) {
        Py_DECREF(rows);
        return NULL;
    }
    PyArray_UpdateFlags((PyArrayObject *)rows, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS);
    return rows;
}

static void copy_rows(char *to, const char *from, const npy_int64 *order, Py_ssize_t count, size_t bytes)
{
    switch (bytes) {
    case 4:
        for (Py_ssize_t i = 0; i < count; i++) {
            memcpy(to + 4 * i, from + 4 * order[i], 4);
        }
        break;
    case 8:
        for (Py_ssize_t i = 0; i < count; i++) {
            memcpy(to + 8 * i, from + 8 * order[i], 8);
        }
        break;
    default:
        for (Py_ssize_t i = 0; i < count; i++) {
            memcpy(to + (size_t)i * bytes, from + (size_t)order[i] * bytes, bytes);
        }
    }
}

/* Rows in the given order, in a buffer that serves batch after batch. */
static PyObject *rows_gathered(Batches *batches, Py_ssize_t k, Py_ssize_t start, Py_ssize_t count)
{
    PyArrayObject *source = batches->sources[k];
    PyObject *buffer = batches->buffers[k];
    /* Whoever kept the array, a callback for instance, keeps its contents. */
    if (buffer == NULL || !array_is_exclusive(buffer) || PyArray_DIM((PyArrayObject *)buffer, 0) != count) {
        ct_int shape[NPY_MAXDIMS];
        memcpy(shape, PyArray_DIMS(source), (size_t)PyArray_NDIM(source) * sizeof(ct_int));
        shape[0] = count;
        buffer = array_empty(PyArray_DESCR(source), PyArray_NDIM(source), shape);
        if (buffer == NULL) {
            return NULL;
        }
        Py_XSETREF(batches->buffers[k], buffer);
    }
    if (PyArray_NBYTES((PyArrayObject *)buffer) > 0) {
        copy_rows(PyArray_BYTES((PyArrayObject *)buffer), PyArray_BYTES(source), batches->order + start,
                  count, (size_t)row_bytes(source));
    }
    return Py_NewRef(buffer);
}

static PyObject *call_on_batch(Function *self, Batches *batches, Py_ssize_t start, Py_ssize_t count)
{
    PyObject *result = NULL;
    Py_ssize_t made = 0;
    for (; made < batches->count; made++) {
        batches->arguments[made] = batches->order == NULL
                                       ? rows_in_place(batches->sources[made], start, count)
                                       : rows_gathered(batches, made, start, count);
        if (batches->arguments[made] == NULL) {
            break;
        }
    }
    if (made == batches->count) {
        result = PyObject_Vectorcall((PyObject *)self, batches->arguments, (size_t)made, NULL);
    }
    while (made > 0) {
        Py_DECREF(batches->arguments[--made]);
    }
    return result;
}

/* ---- the method ---- */

/* (row to go on with, result of the last batch, what the next one raised or NULL -> None); steals both. */
static PyObject *outcome(Py_ssize_t start, PyObject *result, PyObject *error)
{
    return Py_BuildValue("nNN", start, result, error == NULL ? Py_NewRef(Py_None) : error);
}

static PyObject *run(Function *self, Batches *batches, Py_ssize_t size, Py_ssize_t start, double seconds)
{
    PyObject *result = NULL;
    const double end = seconds_now() + seconds;
    do {
        Py_ssize_t count = batches->rows - start < size ? batches->rows - start : size;
        PyObject *latest = PyErr_CheckSignals() < 0 ? NULL : call_on_batch(self, batches, start, count);
        if (latest == NULL && result != NULL && PyErr_ExceptionMatches(PyExc_Exception)) {
            return outcome(start, result, exception_take());
        }
        Py_XSETREF(result, latest);
        start += count;
    } while (result != NULL && start < batches->rows && seconds_now() < end);
    return result == NULL ? NULL : outcome(start, result, NULL);
}

PyObject *function_on_batches(Function *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"arrays", "size", "start", "order", "seconds", NULL};
    PyObject *arrays, *order = Py_None;
    Py_ssize_t size, start = 0;
    double seconds = 1e300;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!n|nOd:on_batches", names, &PyTuple_Type, &arrays, &size,
                                     &start, &order, &seconds)) {
        return NULL;
    }
    Batches batches = {.count = PyTuple_GET_SIZE(arrays)};
    PyObject **tables = PyMem_Calloc(3 * (size_t)batches.count + 1, sizeof(PyObject *));
    if (tables == NULL) {
        return PyErr_NoMemory();
    }
    batches.sources = (PyArrayObject **)tables;
    batches.buffers = tables + batches.count;
    batches.arguments = tables + 2 * batches.count;
    PyObject *result = NULL;
    if (check_sources(self, &batches, arrays) == 0 && check_order(self, &batches, order) == 0) {
        if (size < 1 || start < 0 || start >= batches.rows) {
            PyErr_Format(PyExc_ValueError, "%s(): no batch of %zd rows from row %zd on of %zd",
                         function_name(self), size, start, batches.rows);
        } else {
            result = run(self, &batches, size, start, seconds);
        }
    }
    for (Py_ssize_t k = 0; k < batches.count; k++) {
        Py_XDECREF(batches.buffers[k]);
    }
    PyMem_Free(tables);
    return result;
}
