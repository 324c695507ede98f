/* Cell: the buffer of a shared variable, and the locking of cells.
 *
 * The fields of a cell are touched only with the GIL held, so a call that keeps the GIL needs no lock:
 * binding cells, running and committing are one step for other threads. A call that releases the GIL
 * while it runs first locks, all at once, the cells that it updates. Nobody waits while holding a lock,
 * so there is no order to respect and no deadlock. Readers take a reference to the array, and an update
 * in place copies an array to which anyone else refers, so readers wait only for updates in place.
 */
#include "core.h"

#include <stddef.h>
#include <structmember.h>
#include <time.h>

static pthread_mutex_t wake_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake_condition = PTHREAD_COND_INITIALIZER;
static unsigned long wakes; /* written under the mutex and the GIL */
static int waiting;         /* threads in cells_wait */
static unsigned long epoch; /* forks so far */

void cell_after_fork(void)
{
    pthread_mutex_init(&wake_mutex, NULL);
    pthread_cond_init(&wake_condition, NULL);
    waiting = 0;
    epoch++;
}

int cell_is_blocked(Cell *cell, int for_writing)
{
    if (cell->writer == 0 || cell->epoch != epoch || !(for_writing || cell->in_place)) {
        return 0;
    }
    if (cell->writer == PyThread_get_thread_ident()) {
        PyErr_Format(
            PyExc_RuntimeError,
            "shared variable %R is being updated by the call in progress, so its callback cannot %s it",
            cell->name, for_writing ? "write" : "read");
        return -1;
    }
    return 1;
}

int cells_wait(void)
{
    unsigned long seen = wakes;
    waiting++;
    Py_BEGIN_ALLOW_THREADS struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += 50 * 1000000;
    if (limit.tv_nsec >= 1000000000) {
        limit.tv_nsec -= 1000000000;
        limit.tv_sec++;
    }
    pthread_mutex_lock(&wake_mutex);
    if (wakes == seen) {
        pthread_cond_timedwait(&wake_condition, &wake_mutex, &limit);
    }
    pthread_mutex_unlock(&wake_mutex);
    Py_END_ALLOW_THREADS waiting--;
    return PyErr_CheckSignals();
}

void cell_lock(Cell *cell, unsigned long thread, int in_place)
{
    cell->writer = thread;
    cell->epoch = epoch;
    cell->in_place = in_place;
}

void cell_unlock(Cell *cell)
{
    cell->writer = 0;
    cell->in_place = 0;
}

void cells_wake(void)
{
    if (waiting > 0) {
        pthread_mutex_lock(&wake_mutex);
        wakes++;
        pthread_cond_broadcast(&wake_condition);
        pthread_mutex_unlock(&wake_mutex);
    }
}

void cell_replace(Cell *cell, PyObject *array)
{
    PyObject *old = cell->array;
    cell->array = array;
    if (array_is_exclusive(old)) {
        PyObject *older = cell->spare;
        cell->spare = old;
        Py_XDECREF(older);
    } else {
        Py_DECREF(old);
    }
}

/* ---- the type ---- */

/* -1 with a TypeError or ValueError unless the array can be a cell's buffer. */
static int check_buffer(PyObject *value, PyObject *name)
{
    if (!PyArray_CheckExact(value)) {
        PyErr_Format(PyExc_TypeError, "array of shared variable %R: expected a numpy.ndarray, got %s", name,
                     Py_TYPE(value)->tp_name);
        return -1;
    }
    PyArrayObject *array = (PyArrayObject *)value;
    if (!PyArray_CHKFLAGS(array, NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE)) {
        PyErr_Format(PyExc_ValueError,
                     "array of shared variable %R: expected a C-contiguous, aligned and writeable array",
                     name);
        return -1;
    }
    PyArray_Descr *descr = PyArray_DESCR(array);
    if (PyDataType_REFCHK(descr) || PyDataType_ELSIZE(descr) == 0 || !PyArray_ISNBO(descr->byteorder)) {
        PyErr_Format(PyExc_TypeError, "array of shared variable %R: dtype %S is not supported", name,
                     (PyObject *)descr);
        return -1;
    }
    return 0;
}

static PyObject *cell_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"array", "name", NULL};
    PyObject *array, *name = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:Cell", keywords, &array, &name)) {
        return NULL;
    }
    if (name != Py_None && !PyUnicode_Check(name)) {
        return PyErr_Format(PyExc_TypeError, "name of a Cell: expected a str or None, got %s",
                            Py_TYPE(name)->tp_name);
    }
    if (check_buffer(array, name) < 0) {
        return NULL;
    }
    Cell *self = (Cell *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->array = Py_NewRef(array);
        self->name = Py_NewRef(name);
    }
    return (PyObject *)self;
}

static void cell_dealloc(PyObject *object)
{
    Cell *self = (Cell *)object;
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    Py_XDECREF(self->array);
    Py_XDECREF(self->spare);
    Py_XDECREF(self->name);
    Py_TYPE(self)->tp_free(object);
}

static int wait_until_free(Cell *self, int for_writing)
{
    int blocked;
    while ((blocked = cell_is_blocked(self, for_writing)) == 1) {
        if (cells_wait() < 0) {
            return -1;
        }
    }
    return blocked;
}

static PyObject *cell_get_array(PyObject *object, void *closure)
{
    (void)closure;
    Cell *self = (Cell *)object;
    if (wait_until_free(self, 0) < 0) {
        return NULL;
    }
    return Py_NewRef(self->array);
}

static int cell_set_array(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    Cell *self = (Cell *)object;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "the array of a shared variable cannot be deleted");
        return -1;
    }
    if (check_buffer(value, self->name) < 0) {
        return -1;
    }
    PyArrayObject *old = (PyArrayObject *)self->array, *new = (PyArrayObject *)value;
    if (!array_has_dtype(new, PyArray_DESCR(old)) || PyArray_NDIM(new) != PyArray_NDIM(old)) {
        PyErr_Format(PyExc_TypeError,
                     "array of shared variable %R: expected dtype %S and rank %d, got dtype %S and rank %d",
                     self->name, (PyObject *)PyArray_DESCR(old), PyArray_NDIM(old),
                     (PyObject *)PyArray_DESCR(new), PyArray_NDIM(new));
        return -1;
    }
    if (wait_until_free(self, 1) < 0) {
        return -1;
    }
    cell_replace(self, Py_NewRef(value));
    return 0;
}

static PyObject *cell_get_spare(PyObject *object, void *closure)
{
    (void)closure;
    PyObject *spare = ((Cell *)object)->spare;
    return Py_NewRef(spare == NULL ? Py_None : spare);
}

static PyObject *cell_drop_spare(PyObject *object, PyObject *unused)
{
    (void)unused;
    Py_CLEAR(((Cell *)object)->spare);
    Py_RETURN_NONE;
}

static PyObject *cell_repr(PyObject *object)
{
    Cell *self = (Cell *)object;
    PyArrayObject *array = (PyArrayObject *)self->array;
    PyObject *shape = PyObject_GetAttrString(self->array, "shape");
    if (shape == NULL) {
        return NULL;
    }
    PyObject *text =
        PyUnicode_FromFormat("<Cell %R: %S%S>", self->name, (PyObject *)PyArray_DESCR(array), shape);
    Py_DECREF(shape);
    return text;
}

static PyMemberDef cell_members[] = {
    {"name", T_OBJECT, offsetof(Cell, name), READONLY, "Name used in messages, or None."},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef cell_attributes[] = {
    {"array", cell_get_array, cell_set_array,
     "The current value. Reading waits for an update in place that runs in another thread. A new value must\n"
     "be a C-contiguous, aligned, writeable ndarray of the same dtype and rank; it is taken, not copied.\n"
     "Whoever keeps a reference to the array keeps its contents: later updates go to another buffer.",
     NULL},
    {"spare", cell_get_spare, NULL, "The second buffer of a double-buffered update, or None.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef cell_methods[] = {
    {"drop_spare", cell_drop_spare, METH_NOARGS, "Give the memory of the spare buffer back."},
    {NULL, NULL, 0, NULL},
};

PyTypeObject CoreCellType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "croton.runtime._core.Cell",
    .tp_doc = "Cell(array, name=None)\n--\n\n"
              "The buffer of a shared variable. Compiled functions read it and update it.\n\n"
              "Raises TypeError or ValueError unless `array` is a C-contiguous, aligned, writeable ndarray.",
    .tp_basicsize = sizeof(Cell),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .tp_new = cell_new,
    .tp_dealloc = cell_dealloc,
    .tp_repr = cell_repr,
    .tp_members = cell_members,
    .tp_getset = cell_attributes,
    .tp_methods = cell_methods,
    .tp_weaklistoffset = offsetof(Cell, weakrefs),
};
