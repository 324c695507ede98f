/* The descriptions given to Function(...): tuples whose first item says the kind. */
#include "core.h"

#include <string.h>

/* Kind of a description: the position of its first item in `kinds`; -1 with an exception. */
static int kind_of(PyObject *description, const char *const *kinds, int count, const char *what,
                   Py_ssize_t index)
{
    if (!PyTuple_Check(description) || PyTuple_GET_SIZE(description) == 0 ||
        !PyUnicode_Check(PyTuple_GET_ITEM(description, 0))) {
        PyErr_Format(PyExc_TypeError, "%s %zd: expected a tuple that starts with its kind, got %R", what,
                     index, description);
        return -1;
    }
    for (int k = 0; k < count; k++) {
        if (PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(description, 0), kinds[k]) == 0) {
            return k;
        }
    }
    PyErr_Format(PyExc_ValueError, "%s %zd: unknown kind %R", what, index, PyTuple_GET_ITEM(description, 0));
    return -1;
}

static int check_dtype(PyArray_Descr *descr)
{
    if (PyDataType_REFCHK(descr) || PyDataType_ELSIZE(descr) == 0 || !PyArray_ISNBO(descr->byteorder)) {
        PyErr_Format(PyExc_TypeError, "dtype %S is not supported", (PyObject *)descr);
        return -1;
    }
    return 0;
}

static int check_rank(int rank)
{
    if (rank < 0 || rank > NPY_MAXDIMS_LEGACY_ITERS) {
        PyErr_Format(PyExc_ValueError, "rank %d is not between 0 and %d", rank, NPY_MAXDIMS_LEGACY_ITERS);
        return -1;
    }
    return 0;
}

static enum scalar_kind scalar_kind_of(PyArray_Descr *descr, int rank)
{
    if (rank != 0) {
        return SCALAR_NONE;
    }
    switch (descr->type_num) {
    case NPY_DOUBLE:
        return SCALAR_FLOAT64;
    case NPY_FLOAT:
        return SCALAR_FLOAT32;
    case NPY_BOOL:
        return SCALAR_BOOL;
    default:
        if (!PyTypeNum_ISSIGNED(descr->type_num)) {
            return SCALAR_NONE;
        }
        return PyDataType_ELSIZE(descr) == 8   ? SCALAR_INT64
               : PyDataType_ELSIZE(descr) == 4 ? SCALAR_INT32
                                               : SCALAR_NONE;
    }
}

static int describe_argument(Function *self, Input *input, PyObject *description, PyObject *defaults)
{
    PyObject *kind, *name;
    if (!PyArg_ParseTuple(description, "OOO&i:argument", &kind, &name, PyArray_DescrConverter, &input->descr,
                          &input->rank) ||
        check_dtype(input->descr) < 0 || check_rank(input->rank) < 0) {
        return -1;
    }
    if (name != Py_None) {
        if (!PyUnicode_Check(name)) {
            PyErr_Format(PyExc_TypeError, "name of an argument: expected a str or None, got %R", name);
            return -1;
        }
        input->name = Py_NewRef(name);
        PyUnicode_InternInPlace(&input->name); /* keywords are interned: found by address */
    }
    if (name != Py_None && defaults != NULL && defaults != Py_None) {
        input->fallback = PyDict_GetItemWithError(defaults, name);
        Py_XINCREF(input->fallback);
        if (input->fallback == NULL && PyErr_Occurred()) {
            return -1;
        }
    }
    input->scalar = scalar_kind_of(input->descr, input->rank);
    input->position = self->argument_count;
    return 0;
}

static int take_cell(PyObject *object, PyObject **place)
{
    if (!PyObject_TypeCheck(object, &CoreCellType)) {
        PyErr_Format(PyExc_TypeError, "expected a Cell, got %s", Py_TYPE(object)->tp_name);
        return -1;
    }
    *place = Py_NewRef(object);
    return 0;
}

static void describe_array(PyObject *object, PyArray_Descr **descr, int *rank)
{
    PyArrayObject *array = (PyArrayObject *)object;
    *descr = PyArray_DESCR(array);
    Py_INCREF(*descr);
    *rank = PyArray_NDIM(array);
}

static int describe_constant(Input *input, PyObject *object)
{
    const int needed = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    if (!PyArray_Check(object) || (PyArray_FLAGS((PyArrayObject *)object) & needed) != needed) {
        PyErr_Format(PyExc_TypeError, "constant: expected a C-contiguous, aligned ndarray, got %s",
                     PyArray_Check(object) ? "one of another layout" : Py_TYPE(object)->tp_name);
        return -1;
    }
    /* a view of our own: the shape of the given array may be set later */
    input->source = PyArray_View((PyArrayObject *)object, NULL, &PyArray_Type);
    if (input->source == NULL) {
        return -1;
    }
    describe_array(input->source, &input->descr, &input->rank);
    return check_dtype(input->descr);
}

static int describe_input(Function *self, Py_ssize_t index, PyObject *description, PyObject *defaults)
{
    static const char *const kinds[] = {"argument", "cell", "constant"};
    Input *input = &self->inputs[index];
    int kind = kind_of(description, kinds, 3, "input", index);
    if (kind < 0) {
        return -1;
    }
    input->kind = (enum input_kind)kind;
    if (kind == INPUT_ARGUMENT) {
        if (describe_argument(self, input, description, defaults) < 0) {
            return -1;
        }
        self->arguments[self->argument_count++] = index;
        return 0;
    }
    PyObject *unused, *source;
    if (!PyArg_ParseTuple(description, "OO", &unused, &source)) {
        return -1;
    }
    if (kind == INPUT_CONSTANT) {
        return describe_constant(input, source);
    }
    if (take_cell(source, &input->source) < 0) {
        return -1;
    }
    describe_array(((Cell *)source)->array, &input->descr, &input->rank);
    return 0;
}

static int describe_output(Function *self, Py_ssize_t index, PyObject *description)
{
    static const char *const kinds[] = {"fresh", "unknown", "in_place", "replace", "replace_unknown"};
    Output *output = &self->outputs[index];
    int kind = kind_of(description, kinds, 5, "output", index);
    if (kind < 0) {
        return -1;
    }
    output->kind = (enum output_kind)kind;
    PyObject *unused, *cell;
    if (kind == OUTPUT_FRESH || kind == OUTPUT_UNKNOWN) {
        self->returned_count++;
        return PyArg_ParseTuple(description, "OO&i:output", &unused, PyArray_DescrConverter, &output->descr,
                                &output->rank) &&
                       check_dtype(output->descr) == 0
                   ? check_rank(output->rank)
                   : -1;
    }
    if (!PyArg_ParseTuple(description, "OO:output", &unused, &cell) ||
        take_cell(cell, (PyObject **)&output->cell) < 0) {
        return -1;
    }
    describe_array(output->cell->array, &output->descr, &output->rank);
    for (Py_ssize_t w = 0; w < self->written_count; w++) {
        if (self->written[w] == output->cell) {
            PyErr_Format(PyExc_ValueError, "output %zd: shared variable %R is updated twice", index,
                         output->cell->name);
            return -1;
        }
    }
    self->written[self->written_count++] = output->cell;
    return 0;
}

/* List each cell that is an input once. */
static void list_read_cells(Function *self)
{
    for (Py_ssize_t i = 0; i < self->input_count; i++) {
        if (self->inputs[i].kind != INPUT_CELL) {
            continue;
        }
        Cell *cell = (Cell *)self->inputs[i].source;
        Py_ssize_t r = 0;
        while (r < self->read_count && self->read[r] != cell) {
            r++;
        }
        if (r == self->read_count) {
            self->read[self->read_count++] = cell;
        }
    }
}

static void *table(Py_ssize_t count, size_t size)
{
    void *memory = PyMem_Calloc(count > 0 ? (size_t)count : 1, size);
    if (memory == NULL) {
        PyErr_NoMemory();
    }
    return memory;
}

static int check_defaults(Function *self, PyObject *defaults)
{
    if (defaults == NULL || defaults == Py_None) {
        return 0;
    }
    if (!PyDict_Check(defaults)) {
        PyErr_Format(PyExc_TypeError, "defaults: expected a dict, got %s", Py_TYPE(defaults)->tp_name);
        return -1;
    }
    Py_ssize_t used = 0;
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        used += self->inputs[self->arguments[k]].fallback != NULL;
    }
    if (used != PyDict_GET_SIZE(defaults)) {
        PyErr_SetString(PyExc_ValueError, "defaults: a name is not the name of an argument");
        return -1;
    }
    return 0;
}

/* A tuple of a sequence, in *sequence (new reference), and its size; -1 with a TypeError. */
static Py_ssize_t as_tuple(PyObject **sequence)
{
    *sequence = PySequence_Tuple(*sequence);
    return *sequence == NULL ? -1 : PyTuple_GET_SIZE(*sequence);
}

static int describe_all(Function *self, PyObject *inputs, PyObject *outputs, PyObject *defaults)
{
    self->inputs = table(PyTuple_GET_SIZE(inputs), sizeof(Input));
    self->outputs = table(PyTuple_GET_SIZE(outputs), sizeof(Output));
    self->arguments = table(PyTuple_GET_SIZE(inputs), sizeof(Py_ssize_t));
    self->read = table(PyTuple_GET_SIZE(inputs), sizeof(Cell *));
    self->written = table(PyTuple_GET_SIZE(outputs), sizeof(Cell *));
    if (PyErr_Occurred()) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(inputs); i++) {
        self->input_count++;
        if (describe_input(self, i, PyTuple_GET_ITEM(inputs, i), defaults) < 0) {
            return -1;
        }
    }
    for (Py_ssize_t o = 0; o < PyTuple_GET_SIZE(outputs); o++) {
        self->output_count++;
        if (describe_output(self, o, PyTuple_GET_ITEM(outputs, o)) < 0) {
            return -1;
        }
    }
    list_read_cells(self);
    self->uses_cells = self->read_count + self->written_count > 0;
    return check_defaults(self, defaults);
}

int function_describe(Function *self, PyObject *inputs, PyObject *outputs, PyObject *defaults)
{
    if (as_tuple(&inputs) < 0) {
        return -1;
    }
    if (as_tuple(&outputs) < 0) {
        Py_DECREF(inputs);
        return -1;
    }
    int status = describe_all(self, inputs, outputs, defaults);
    Py_DECREF(inputs);
    Py_DECREF(outputs);
    return status;
}

void function_forget_descriptions(Function *self)
{
    for (Py_ssize_t i = 0; i < self->input_count; i++) {
        Py_XDECREF(self->inputs[i].descr);
        Py_XDECREF(self->inputs[i].name);
        Py_XDECREF(self->inputs[i].fallback);
        Py_XDECREF(self->inputs[i].source);
    }
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        Py_XDECREF(self->outputs[o].descr);
        Py_XDECREF(self->outputs[o].cell);
    }
    self->input_count = self->output_count = 0;
    PyMem_Free(self->inputs);
    PyMem_Free(self->outputs);
    PyMem_Free(self->arguments);
    PyMem_Free(self->read);
    PyMem_Free(self->written);
    self->inputs = NULL;
    self->outputs = NULL;
    self->arguments = NULL;
    self->read = self->written = NULL;
}
