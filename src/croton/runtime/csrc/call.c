/* The call path: bind arguments and cells, prepare, allocate, run, commit, return. */
#include "core.h"

#include <string.h>

/* Estimated work from which it pays to let other threads run Python meanwhile. */
#define RELEASE_GIL_FROM_NANOSECONDS 20000

/* ---- cells ---- */

/* Wait until every cell of the function can be used. The GIL is then held until they are locked.
 * 1 when the GIL was given up meanwhile. */
static int wait_for_cells(Function *self)
{
    int waited = 0;
    Py_ssize_t i = 0, all = self->written_count + self->read_count;
    while (i < all) {
        int writes = i < self->written_count;
        Cell *cell = writes ? self->written[i] : self->read[i - self->written_count];
        int blocked = cell_is_blocked(cell, writes);
        if (blocked < 0 || (blocked && cells_wait() < 0)) {
            return -1;
        }
        waited |= blocked;
        i = blocked ? 0 : i + 1; /* while waiting, the cells already seen may have been locked */
    }
    return waited;
}

/* Point an input at the array of its cell. */
static int bind_cell(Function *self, Frame *frame, Py_ssize_t index)
{
    Input *input = &self->inputs[index];
    Cell *cell = (Cell *)input->source;
    PyArrayObject *array = (PyArrayObject *)cell->array;
    if (!array_is_usable(array, input->descr, input->rank)) { /* somebody set array.shape or array.dtype */
        PyErr_Format(PyExc_RuntimeError,
                     "%s(): the array of shared variable %R no longer has dtype %S, rank %d and C order",
                     function_name(self), cell->name, (PyObject *)input->descr, input->rank);
        return -1;
    }
    frame->inputs[index] = PyArray_DATA(array);
    frame->input_shapes[index] = (const ct_int *)PyArray_DIMS(array);
    return 0;
}

int call_bind_cells(Function *self, Frame *frame)
{
    int waited = wait_for_cells(self);
    if (waited < 0 || (waited && arguments_bind_again(self, frame) < 0)) {
        return -1;
    }
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        if (self->outputs[o].kind == OUTPUT_IN_PLACE) {
            frame->copy_first[o] = !array_is_exclusive(self->outputs[o].cell->array);
        }
    }
    for (Py_ssize_t i = 0; i < self->input_count; i++) {
        if (self->inputs[i].kind == INPUT_CELL && bind_cell(self, frame, i) < 0) {
            return -1;
        }
    }
    for (Py_ssize_t r = 0; r < self->read_count; r++) {
        frame->held[frame->held_count++] = Py_NewRef(self->read[r]->array);
    }
    return 0;
}

void call_lock_cells(Function *self, Frame *frame)
{
    unsigned long thread = PyThread_get_thread_ident();
    frame->locked = 1;
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        Output *output = &self->outputs[o];
        if (output->cell != NULL) {
            cell_lock(output->cell, thread, output->kind == OUTPUT_IN_PLACE && !frame->copy_first[o]);
        }
    }
}

void call_unlock_cells(Function *self, Frame *frame)
{
    if (!frame->locked) {
        return;
    }
    frame->locked = 0;
    for (Py_ssize_t w = 0; w < self->written_count; w++) {
        cell_unlock(self->written[w]);
    }
    cells_wake();
}

/* ---- failing ---- */

static PyObject *list_of(const ct_int *numbers, Py_ssize_t count)
{
    PyObject *list = PyList_New(count);
    for (Py_ssize_t i = 0; list != NULL && i < count; i++) {
        PyObject *number = PyLong_FromLongLong(numbers[i]);
        if (number == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, i, number);
        }
    }
    return list;
}

static void fail_plainly(Function *self, Frame *frame, int code)
{
    const long long where = frame->context.error[0], a = frame->context.error[1], b = frame->context.error[2];
    const char *name = function_name(self);
    switch (code) {
    case CT_FAILED_GUARD:
        PyErr_Format(PyExc_ValueError, "%s(): sizes do not agree: %lld and %lld (guard %lld)", name, a, b,
                     where);
        break;
    case CT_OUT_OF_MEMORY:
        PyErr_Format(PyExc_MemoryError, "%s(): out of memory", name);
        break;
    case CT_INTERRUPTED:
        PyErr_SetNone(PyExc_KeyboardInterrupt);
        break;
    case CT_OUT_OF_RANGE:
        PyErr_Format(PyExc_IndexError,
                     "%s(): index %lld is out of range for axis %lld of size %lld (equation %lld)", name, b,
                     a, (long long)frame->context.error[3], where);
        break;
    default:
        PyErr_Format(PyExc_RuntimeError, "%s(): failed with code %d in equation %lld", name, code, where);
    }
}

/* Set the exception that a code other than CT_OK stands for. */
static void fail_with(Function *self, Frame *frame, int code)
{
    if (frame->exception != NULL) {
        frame_restore_exception(frame);
        return;
    }
    if (self->fail == NULL || code == CT_INTERRUPTED) {
        fail_plainly(self, frame, code);
        return;
    }
    PyObject *facts = list_of(frame->context.error, 8);
    PyObject *dims = list_of(frame->dims, self->dim_count);
    PyObject *inputs = interpret_inputs(self, frame);
    PyObject *exception = NULL;
    if (facts != NULL && dims != NULL && inputs != NULL) {
        exception = PyObject_CallFunction(self->fail, "iOOO", code, facts, dims, inputs);
    }
    Py_XDECREF(inputs);
    Py_XDECREF(facts);
    Py_XDECREF(dims);
    if (exception == NULL) {
        return;
    }
    if (PyExceptionInstance_Check(exception)) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    } else {
        PyErr_Format(PyExc_TypeError, "fail() of %s() returned %R, not an exception", function_name(self),
                     exception);
    }
    Py_DECREF(exception);
}

/* Let `fail` say more of a MemoryError: what the call would need. */
static void explain_memory(Function *self, Frame *frame, ct_int arena)
{
    if (self->fail != NULL && PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear();
        frame->context.error[0] = -1;
        frame->context.error[1] = arena;
        fail_with(self, frame, CT_OUT_OF_MEMORY);
    }
}

/* ---- outputs ---- */

static int shape_is_known(Function *self, Py_ssize_t o, const ct_int *shape)
{
    for (int axis = 0; axis < self->outputs[o].rank; axis++) {
        if (shape[axis] < 0) {
            PyErr_Format(PyExc_ValueError, "%s(): output %zd would have size %lld along axis %d",
                         function_name(self), o, (long long)shape[axis], axis);
            return 0;
        }
    }
    return 1;
}

static int has_shape(PyObject *array, int rank, const ct_int *shape)
{
    const npy_intp *actual = PyArray_DIMS((PyArrayObject *)array);
    if (PyArray_NDIM((PyArrayObject *)array) != rank) {
        return 0;
    }
    for (int axis = 0; axis < rank; axis++) {
        if (actual[axis] != shape[axis]) {
            return 0;
        }
    }
    return 1;
}

static PyObject *take_spare(Output *output, const ct_int *shape)
{
    PyObject *spare = output->cell->spare;
    if (spare == NULL || !has_shape(spare, output->rank, shape) || !array_is_exclusive(spare)) {
        return array_empty(output->descr, output->rank, shape);
    }
    output->cell->spare = NULL;
    return spare;
}

/* Choose the memory of an update in place: the cell's own, or a copy where others look at it. */
static int place_in_place(Function *self, Frame *frame, Py_ssize_t o)
{
    Output *output = &self->outputs[o];
    PyObject *array = output->cell->array;
    if (!array_is_usable((PyArrayObject *)array, output->descr, output->rank) ||
        !has_shape(array, output->rank, frame->output_shapes[o])) {
        PyErr_Format(PyExc_ValueError,
                     "%s(): an update in place would change the shape of shared variable %R",
                     function_name(self), output->cell->name);
        return -1;
    }
    if (frame->copy_first[o]) {
        array = array_copy(array);
        if (array == NULL) {
            return -1;
        }
        frame->arrays[o] = array;
        for (Py_ssize_t i = 0; i < self->input_count; i++) {
            if (self->inputs[i].source == (PyObject *)output->cell) {
                frame->inputs[i] = PyArray_DATA((PyArrayObject *)array);
            }
        }
    }
    frame->outputs[o] = PyArray_DATA((PyArrayObject *)array);
    return 0;
}

static int allocate_outputs(Function *self, Frame *frame)
{
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        Output *output = &self->outputs[o];
        ct_int *shape = frame->output_shapes[o];
        if (output->kind == OUTPUT_UNKNOWN || output->kind == OUTPUT_REPLACE_UNKNOWN) {
            frame->outputs[o] = NULL;
            continue;
        }
        if (!shape_is_known(self, o, shape)) {
            return -1;
        }
        if (output->kind == OUTPUT_IN_PLACE) {
            if (place_in_place(self, frame, o) < 0) {
                return -1;
            }
            continue;
        }
        PyObject *array = output->kind == OUTPUT_FRESH ? array_empty(output->descr, output->rank, shape)
                                                       : take_spare(output, shape);
        if (array == NULL) {
            return -1;
        }
        frame->arrays[o] = array;
        frame->outputs[o] = PyArray_DATA((PyArrayObject *)array);
    }
    return 0;
}

/* Make arrays of what give_output received. */
static int collect_given(Function *self, Frame *frame)
{
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        Output *output = &self->outputs[o];
        if (output->kind != OUTPUT_UNKNOWN && output->kind != OUTPUT_REPLACE_UNKNOWN) {
            continue;
        }
        void *memory = frame->given[o];
        if (memory == NULL) {
            PyErr_Format(PyExc_RuntimeError, "%s(): output %zd was never given", function_name(self), o);
            return -1;
        }
        frame->given[o] = NULL;
        frame->arrays[o] = array_from_memory(output->descr, output->rank, frame->output_shapes[o], memory);
        if (frame->arrays[o] == NULL) {
            return -1;
        }
    }
    return 0;
}

/* ---- running ---- */

static int run_without_gil(Function *self, Frame *frame)
{
    int code;
    if (self->written_count > 0) {
        call_lock_cells(self, frame);
    }
    frame->without_gil = 1;
    Py_BEGIN_ALLOW_THREADS code =
        self->run(&frame->context, frame->inputs, frame->outputs, frame->dims, frame->arena);
    Py_END_ALLOW_THREADS frame->without_gil = 0;
    return code;
}

/* Run the machine code; 0 when all outputs are there and may be committed. */
static int execute(Function *self, Frame *frame)
{
    ct_int summary[2] = {0, 0};
    memset(frame->context.error, 0, sizeof(frame->context.error));
    if (self->routines_resolved == 0 && library_resolve_routines(self) < 0) {
        return -1;
    }
    if (self->uses_cells && call_bind_cells(self, frame) < 0) {
        return -1;
    }
    int code =
        self->prepare(&frame->context, frame->input_shapes, frame->dims, frame->output_shapes, summary);
    if (code != CT_OK) {
        fail_with(self, frame, code);
        return -1;
    }
    if (allocate_outputs(self, frame) < 0 || frame_reserve_arena(frame, summary[0]) < 0) {
        explain_memory(self, frame, summary[0]);
        return -1;
    }
    frame->thread = pthread_self();
    frame->last_look = 0;
    atomic_store_explicit(&frame->stop, 0, memory_order_relaxed);
    if (summary[1] > RELEASE_GIL_FROM_NANOSECONDS || PyTuple_GET_SIZE(self->callbacks) > 0) {
        code = run_without_gil(self, frame);
    } else {
        code = self->run(&frame->context, frame->inputs, frame->outputs, frame->dims, frame->arena);
    }
    if (code != CT_OK || frame->exception != NULL) {
        call_unlock_cells(self, frame); /* `fail` may look at the cells */
        fail_with(self, frame, code);
        return -1;
    }
    return collect_given(self, frame);
}

/* ---- after running ---- */

/* Put new arrays into their cells. Nothing here can fail or run Python code. */
static void commit(Function *self, Frame *frame)
{
    for (Py_ssize_t r = 0; r < self->read_count; r++) { /* first, so that old arrays become spares */
        Py_DECREF(frame->held[--frame->held_count]);
    }
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        if (self->outputs[o].cell != NULL && frame->arrays[o] != NULL) {
            PyObject *array = frame->arrays[o];
            frame->arrays[o] = NULL;
            cell_replace(self->outputs[o].cell, array);
        }
    }
}

static PyObject *take_array(Frame *frame, Py_ssize_t o)
{
    PyObject *array = frame->arrays[o];
    frame->arrays[o] = NULL;
    return array;
}

static PyObject *results(Function *self, Frame *frame)
{
    if (self->returns == RETURN_NONE) {
        Py_RETURN_NONE;
    }
    Py_ssize_t o = 0;
    if (self->returns == RETURN_SINGLE) {
        while (self->outputs[o].cell != NULL) {
            o++;
        }
        return take_array(frame, o);
    }
    PyObject *list = PyList_New(self->returned_count);
    if (list == NULL) {
        return NULL;
    }
    for (Py_ssize_t place = 0; place < self->returned_count; o++) {
        if (self->outputs[o].cell == NULL) {
            PyList_SET_ITEM(list, place++, take_array(frame, o));
        }
    }
    if (self->returns == RETURN_LIST) {
        return list;
    }
    PyObject *wrapped = PyObject_CallOneArg(self->wrap, list);
    Py_DECREF(list);
    return wrapped;
}

static inline PyObject *call_in(Function *self, Frame *frame, PyObject *const *args, size_t nargsf,
                                PyObject *kwnames)
{
    PyObject *result = NULL;
    if (arguments_bind(self, frame, args, PyVectorcall_NARGS(nargsf), kwnames) == 0) {
        int done = self->interpret == NULL ? execute(self, frame) : interpret_run(self, frame);
        if (done == 0) {
            commit(self, frame);
        }
        call_unlock_cells(self, frame);
        if (done == 0) {
            result = results(self, frame);
            self->calls++;
        }
    }
    return result;
}

PyObject *function_call_in(Function *self, Frame *frame, PyObject *const *args, size_t nargsf,
                           PyObject *kwnames)
{
    return call_in(self, frame, args, nargsf, kwnames);
}

PyObject *function_call(PyObject *object, PyObject *const *args, size_t nargsf, PyObject *kwnames)
{
    Function *self = (Function *)object;
    Frame *frame = frame_take(self);
    if (frame == NULL) {
        return NULL;
    }
    PyObject *result = call_in(self, frame, args, nargsf, kwnames);
    frame_give_back(frame);
    return result;
}

/* ---- planning only ---- */

static PyObject *list_of_shapes(Function *self, Frame *frame)
{
    PyObject *shapes = PyList_New(self->output_count);
    for (Py_ssize_t o = 0; shapes != NULL && o < self->output_count; o++) {
        PyObject *list = list_of(frame->output_shapes[o], self->outputs[o].rank);
        PyObject *shape = list == NULL ? NULL : PyList_AsTuple(list);
        Py_XDECREF(list);
        if (shape == NULL) {
            Py_CLEAR(shapes);
        } else {
            PyList_SET_ITEM(shapes, o, shape);
        }
    }
    return shapes;
}

PyObject *function_plan(Function *self, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
    if (self->prepare == NULL) {
        return PyErr_Format(PyExc_TypeError, "%s() is interpreted: it has no plan", function_name(self));
    }
    Frame *frame = frame_take(self);
    if (frame == NULL) {
        return NULL;
    }
    PyObject *plan = NULL;
    ct_int summary[2] = {0, 0};
    if (arguments_bind(self, frame, args, count, kwnames) == 0 && call_bind_cells(self, frame) == 0) {
        int code =
            self->prepare(&frame->context, frame->input_shapes, frame->dims, frame->output_shapes, summary);
        if (code != CT_OK) {
            fail_with(self, frame, code);
        } else {
            PyObject *dims = list_of(frame->dims, self->dim_count), *shapes = list_of_shapes(self, frame);
            if (dims != NULL && shapes != NULL) {
                plan = Py_BuildValue("OOLL", dims, shapes, (long long)summary[0], (long long)summary[1]);
            }
            Py_XDECREF(dims);
            Py_XDECREF(shapes);
        }
    }
    frame_give_back(frame);
    return plan;
}
