/* The type Function: a callable made of machine code and descriptions of its inputs and outputs. */
#include "core.h"

#include <stddef.h>
#include <string.h>
#include <structmember.h>

const char *function_name(Function *self)
{
    const char *name = self->name == NULL ? NULL : PyUnicode_AsUTF8(self->name);
    if (name == NULL) {
        PyErr_Clear();
        return "function";
    }
    return name;
}

/* ---- construction ---- */

static PyObject *callable_or_null(PyObject *object, const char *what)
{
    if (object == NULL || object == Py_None) {
        return NULL;
    }
    if (!PyCallable_Check(object)) {
        return PyErr_Format(PyExc_TypeError, "%s: expected a callable or None, got %s", what,
                            Py_TYPE(object)->tp_name);
    }
    return Py_NewRef(object);
}

static int set_returns(Function *self, PyObject *returns)
{
    if (returns == NULL) {
        self->returns = RETURN_LIST;
    } else if (PyCallable_Check(returns)) {
        self->returns = RETURN_WRAPPED;
        self->wrap = Py_NewRef(returns);
    } else if (!PyUnicode_Check(returns)) {
        PyErr_Format(PyExc_TypeError, "returns: expected 'none', 'single', 'list' or a callable, got %R",
                     returns);
        return -1;
    } else if (PyUnicode_CompareWithASCIIString(returns, "none") == 0) {
        self->returns = RETURN_NONE;
    } else if (PyUnicode_CompareWithASCIIString(returns, "single") == 0) {
        self->returns = RETURN_SINGLE;
    } else if (PyUnicode_CompareWithASCIIString(returns, "list") == 0) {
        self->returns = RETURN_LIST;
    } else {
        PyErr_Format(PyExc_ValueError, "returns: expected 'none', 'single', 'list' or a callable, got %R",
                     returns);
        return -1;
    }
    if (self->returns == RETURN_SINGLE && self->returned_count != 1) {
        PyErr_Format(PyExc_ValueError, "returns: 'single' needs one returned output, there are %zd",
                     self->returned_count);
        return -1;
    }
    return 0;
}

/* The table of dtypes that callbacks refer to by number. */
static PyObject *tuple_of_dtypes(PyObject *sequence)
{
    PyObject *items = PySequence_Tuple(sequence);
    PyObject *dtypes = items == NULL ? NULL : PyTuple_New(PyTuple_GET_SIZE(items));
    for (Py_ssize_t i = 0; dtypes != NULL && i < PyTuple_GET_SIZE(items); i++) {
        PyArray_Descr *descr = NULL;
        if (!PyArray_DescrConverter(PyTuple_GET_ITEM(items, i), &descr)) {
            Py_CLEAR(dtypes);
        } else {
            PyTuple_SET_ITEM(dtypes, i, (PyObject *)descr);
        }
    }
    Py_XDECREF(items);
    return dtypes;
}

static PyObject *tuple_or_empty(PyObject *sequence)
{
    return sequence == NULL ? PyTuple_New(0) : PySequence_Tuple(sequence);
}

static int check_callbacks(Function *self)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->callbacks); i++) {
        if (!PyCallable_Check(PyTuple_GET_ITEM(self->callbacks, i))) {
            PyErr_Format(PyExc_TypeError, "callbacks: item %zd is not callable: %R", i,
                         PyTuple_GET_ITEM(self->callbacks, i));
            return -1;
        }
    }
    return 0;
}

static int set_entries(Function *self, PyObject *prepare, PyObject *run)
{
    self->prepare = prepare == NULL ? NULL : (ct_prepare_entry)PyLong_AsVoidPtr(prepare);
    self->run = run == NULL ? NULL : (ct_run_entry)PyLong_AsVoidPtr(run);
    if (PyErr_Occurred()) {
        return -1;
    }
    if (self->interpret == NULL && (self->prepare == NULL || self->run == NULL)) {
        PyErr_SetString(PyExc_ValueError,
                        "a Function needs the addresses of prepare and run, or a callable `interpret`");
        return -1;
    }
    return 0;
}

struct options {
    PyObject *name, *inputs, *outputs, *prepare, *run, *owner, *returns, *defaults, *callbacks, *dtypes,
        *coerce, *fail, *routines, *details, *interpret, *record;
    Py_ssize_t dims, steps;
};

static int fill(Function *self, struct options *given)
{
    if (given->dims < 0 || given->steps < 0) {
        PyErr_Format(PyExc_ValueError, "dims and steps: expected numbers >= 0, got %zd and %zd", given->dims,
                     given->steps);
        return -1;
    }
    self->dim_count = given->dims;
    self->name = Py_NewRef(given->name);
    self->owner = Py_XNewRef(given->owner);
    self->details = Py_XNewRef(given->details == Py_None ? NULL : given->details);
    self->coerce = callable_or_null(given->coerce, "coerce");
    self->fail = callable_or_null(given->fail, "fail");
    self->interpret = callable_or_null(given->interpret, "interpret");
    self->record = callable_or_null(given->record, "record");
    self->step_count = given->steps;
    self->callbacks = tuple_or_empty(given->callbacks);
    self->routines = tuple_or_empty(given->routines);
    self->dtypes = given->dtypes == NULL ? PyTuple_New(0) : tuple_of_dtypes(given->dtypes);
    if (PyErr_Occurred()) {
        return -1;
    }
    Py_ssize_t routines = PyTuple_GET_SIZE(self->routines);
    self->routine_addresses = PyMem_Calloc((size_t)routines + 1, sizeof(void *));
    self->routines_resolved = routines == 0;
    if (self->routine_addresses == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (set_entries(self, given->prepare, given->run) < 0 || check_callbacks(self) < 0 ||
        function_describe(self, given->inputs, given->outputs, given->defaults) < 0) {
        return -1;
    }
    return set_returns(self, given->returns);
}

static PyObject *function_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name",    "inputs",    "outputs",   "prepare", "run",    "owner", "dims",
                               "returns", "defaults",  "callbacks", "dtypes",  "coerce", "fail",  "routines",
                               "details", "interpret", "record",    "steps",   NULL};
    struct options given = {0};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|$UOOOOOnOOOOOOOOOOn:Function", keywords, &given.name,
                                     &given.inputs, &given.outputs, &given.prepare, &given.run, &given.owner,
                                     &given.dims, &given.returns, &given.defaults, &given.callbacks,
                                     &given.dtypes, &given.coerce, &given.fail, &given.routines,
                                     &given.details, &given.interpret, &given.record, &given.steps)) {
        return NULL;
    }
    if (given.name == NULL || given.inputs == NULL || given.outputs == NULL) {
        PyErr_SetString(PyExc_TypeError, "Function() needs name=, inputs= and outputs=");
        return NULL;
    }
    Function *self = (Function *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (fill(self, &given) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    self->vectorcall = self->record == NULL ? function_call : profile_call;
    return (PyObject *)self;
}

/* ---- garbage ---- */

static int function_traverse(PyObject *object, visitproc visit, void *arg)
{
    Function *self = (Function *)object;
    for (Py_ssize_t i = 0; i < self->input_count; i++) {
        Py_VISIT(self->inputs[i].fallback);
        Py_VISIT(self->inputs[i].source);
    }
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        Py_VISIT(self->outputs[o].cell);
    }
    Py_VISIT(self->wrap);
    Py_VISIT(self->callbacks);
    Py_VISIT(self->coerce);
    Py_VISIT(self->fail);
    Py_VISIT(self->interpret);
    Py_VISIT(self->record);
    Py_VISIT(self->owner);
    Py_VISIT(self->details);
    Py_VISIT(self->dict);
    return 0;
}

/* Break cycles. What a call in progress needs stays: callers hold a reference to the function. */
static int function_clear(PyObject *object)
{
    Function *self = (Function *)object;
    Py_CLEAR(self->dict);
    Py_CLEAR(self->details);
    Py_CLEAR(self->wrap);
    Py_CLEAR(self->coerce);
    Py_CLEAR(self->fail);
    Py_CLEAR(self->interpret);
    Py_CLEAR(self->record);
    Py_CLEAR(self->callbacks);
    frames_free(self);
    function_forget_descriptions(self);
    return 0;
}

static void function_dealloc(PyObject *object)
{
    Function *self = (Function *)object;
    PyObject_GC_UnTrack(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    function_clear(object);
    Py_CLEAR(self->dtypes);
    Py_CLEAR(self->routines);
    Py_CLEAR(self->name);
    PyMem_Free(self->routine_addresses);
    Py_CLEAR(self->owner); /* last: the machine code may be unloaded now */
    Py_TYPE(self)->tp_free(object);
}

/* ---- attributes ---- */

static PyObject *function_getattr(PyObject *object, PyObject *name)
{
    Function *self = (Function *)object;
    PyObject *value = PyObject_GenericGetAttr(object, name);
    if (value != NULL || self->details == NULL || !PyErr_ExceptionMatches(PyExc_AttributeError) ||
        (PyUnicode_GET_LENGTH(name) > 1 && PyUnicode_READ_CHAR(name, 0) == '_' &&
         PyUnicode_READ_CHAR(name, 1) == '_')) {
        return value;
    }
    PyErr_Clear();
    return PyObject_GetAttr(self->details, name);
}

static PyObject *get_name(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef(((Function *)object)->name);
}

static int set_name(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL || !PyUnicode_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "__name__ must be set to a str");
        return -1;
    }
    Py_SETREF(((Function *)object)->name, Py_NewRef(value));
    return 0;
}

static PyObject *get_arguments(PyObject *object, void *closure)
{
    (void)closure;
    Function *self = (Function *)object;
    PyObject *names = PyTuple_New(self->argument_count);
    for (Py_ssize_t k = 0; names != NULL && k < self->argument_count; k++) {
        PyObject *name = self->inputs[self->arguments[k]].name;
        PyTuple_SET_ITEM(names, k, Py_NewRef(name == NULL ? Py_None : name));
    }
    return names;
}

static PyObject *tuple_of_cells(Cell **cells, Py_ssize_t count)
{
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple != NULL && i < count; i++) {
        PyTuple_SET_ITEM(tuple, i, Py_NewRef((PyObject *)cells[i]));
    }
    return tuple;
}

static PyObject *get_cells_read(PyObject *object, void *closure)
{
    (void)closure;
    return tuple_of_cells(((Function *)object)->read, ((Function *)object)->read_count);
}

static PyObject *get_cells_written(PyObject *object, void *closure)
{
    (void)closure;
    return tuple_of_cells(((Function *)object)->written, ((Function *)object)->written_count);
}

static PyObject *get_kept_bytes(PyObject *object, void *closure)
{
    (void)closure;
    size_t bytes = 0;
    for (Frame *frame = ((Function *)object)->frames; frame != NULL; frame = frame->next) {
        bytes += frame->arena_bytes;
    }
    return PyLong_FromSize_t(bytes);
}

static PyObject *function_repr(PyObject *object)
{
    Function *self = (Function *)object;
    return PyUnicode_FromFormat("<croton function %U at %p>", self->name, object);
}

/* ---- methods ---- */

static PyObject *method_plan(PyObject *object, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
    return function_plan((Function *)object, args, count, kwnames);
}

static PyObject *method_on_batches(PyObject *object, PyObject *args, PyObject *kwargs)
{
    return function_on_batches((Function *)object, args, kwargs);
}

static PyObject *method_trim(PyObject *object, PyObject *unused)
{
    (void)unused;
    frames_free((Function *)object);
    Py_RETURN_NONE;
}

/* Pickled by whatever `details.reduce_function()` says, since addresses mean nothing elsewhere. */
static PyObject *method_reduce(PyObject *object, PyObject *protocol)
{
    (void)protocol;
    Function *self = (Function *)object;
    PyObject *reduce =
        self->details == NULL ? NULL : PyObject_GetAttrString(self->details, "reduce_function");
    if (reduce == NULL) {
        return PyErr_Format(PyExc_TypeError, "cannot pickle compiled function %s()", function_name(self));
    }
    PyObject *reduced = PyObject_CallNoArgs(reduce);
    Py_DECREF(reduce);
    return reduced;
}

static PyObject *method_copy(PyObject *object, PyObject *unused)
{
    (void)unused;
    return Py_NewRef(object);
}

/* By `details.deepcopy_function(memo)` where there is one. */
static PyObject *method_deepcopy(PyObject *object, PyObject *memo)
{
    Function *self = (Function *)object;
    if (self->details == NULL || !PyObject_HasAttrString(self->details, "deepcopy_function")) {
        return Py_NewRef(object);
    }
    return PyObject_CallMethod(self->details, "deepcopy_function", "O", memo);
}

static PyMethodDef function_methods[] = {
    {"plan", (PyCFunction)(void (*)(void))method_plan, METH_FASTCALL | METH_KEYWORDS,
     "plan(*args, **kwargs)\n--\n\n"
     "What a call with these arguments would do, without running it:\n"
     "(dims, output shapes, arena bytes, estimated nanoseconds). Sizes known only while running are -1."},
    {"on_batches", (PyCFunction)(void (*)(void))method_on_batches, METH_VARARGS | METH_KEYWORDS,
     "on_batches(arrays, size, start=0, order=None, seconds=inf)\n--\n\n"
     "Calls on batches of rows, one after the other: (row to go on with, result of the last call,\n"
     "exception of the next one or None)."},
    {"trim", method_trim, METH_NOARGS, "trim()\n--\n\nGive back the memory kept for later calls."},
    {"__reduce_ex__", method_reduce, METH_O, "Pickle by details.reduce_function(); TypeError without one."},
    {"__copy__", method_copy, METH_NOARGS, "The function itself: it has no contents to copy."},
    {"__deepcopy__", method_deepcopy, METH_O,
     "By details.deepcopy_function(memo), else the function itself: it has no contents to copy."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef function_members[] = {
    {"details", T_OBJECT, offsetof(Function, details), READONLY,
     "The object that further attributes come from."},
    {"calls", T_ULONGLONG, offsetof(Function, calls), READONLY, "Number of successful calls."},
    {"callbacks", T_OBJECT, offsetof(Function, callbacks), READONLY, "Python callables used while running."},
    {"owner", T_OBJECT, offsetof(Function, owner), READONLY, "What keeps the machine code loaded."},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef function_attributes[] = {
    {"__name__", get_name, set_name, "Name used in messages.", NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"arguments", get_arguments, NULL, "Names of the arguments, None for one without a name.", NULL},
    {"cells_read", get_cells_read, NULL, "Cells whose values are inputs.", NULL},
    {"cells_written", get_cells_written, NULL, "Cells that a call updates.", NULL},
    {"kept_bytes", get_kept_bytes, NULL, "Memory for intermediate values kept for later calls.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject CoreFunctionType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "croton.runtime._core.Function",
    .tp_doc = "A compiled function. See _core.pyi for the arguments of the constructor.",
    .tp_basicsize = sizeof(Function),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = function_new,
    .tp_dealloc = function_dealloc,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(Function, vectorcall),
    .tp_getattro = function_getattr,
    .tp_repr = function_repr,
    .tp_methods = function_methods,
    .tp_members = function_members,
    .tp_getset = function_attributes,
    .tp_weaklistoffset = offsetof(Function, weakrefs),
    .tp_dictoffset = offsetof(Function, dict),
};
