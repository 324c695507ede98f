/* Python arguments -> data pointers and shapes. */
#include "core.h"

/* -1 with the TypeError that a Python function would raise. */
static int too_many(Function *self, Py_ssize_t given)
{
    PyErr_Format(PyExc_TypeError, "%s() takes %zd argument%s but %zd %s given", function_name(self),
                 self->argument_count, self->argument_count == 1 ? "" : "s", given,
                 given == 1 ? "was" : "were");
    return -1;
}

static int missing(Function *self, Py_ssize_t position)
{
    PyObject *name = self->inputs[self->arguments[position]].name;
    if (name == NULL) {
        PyErr_Format(PyExc_TypeError, "%s() missing argument at position %zd", function_name(self), position);
    } else {
        PyErr_Format(PyExc_TypeError, "%s() missing argument %R (position %zd)", function_name(self), name,
                     position);
    }
    return -1;
}

/* Position of the argument with this name; -1 with a TypeError when there is none. */
static Py_ssize_t find_keyword(Function *self, PyObject *keyword)
{
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        if (self->inputs[self->arguments[k]].name == keyword) {
            return k;
        }
    }
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        PyObject *name = self->inputs[self->arguments[k]].name;
        if (name != NULL && PyUnicode_Compare(name, keyword) == 0) {
            return k;
        }
    }
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument %R", function_name(self), keyword);
    return -1;
}

/* Fill frame->values from positional and keyword arguments and from defaults. */
static int place_values(Function *self, Frame *frame, PyObject *const *args, Py_ssize_t count,
                        PyObject *kwnames)
{
    if (count > self->argument_count) {
        return too_many(self, count);
    }
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        frame->values[k] = k < count ? args[k] : NULL;
    }
    Py_ssize_t keywords = kwnames == NULL ? 0 : PyTuple_GET_SIZE(kwnames);
    for (Py_ssize_t i = 0; i < keywords; i++) {
        Py_ssize_t k = find_keyword(self, PyTuple_GET_ITEM(kwnames, i));
        if (k < 0) {
            return -1;
        }
        if (frame->values[k] != NULL) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument %R", function_name(self),
                         PyTuple_GET_ITEM(kwnames, i));
            return -1;
        }
        frame->values[k] = args[count + i];
    }
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        if (frame->values[k] == NULL) {
            frame->values[k] = self->inputs[self->arguments[k]].fallback;
            if (frame->values[k] == NULL) {
                return missing(self, k);
            }
        }
    }
    return 0;
}

/* Take a Python or NumPy scalar for a rank-0 input: 1 when taken, 0 when `coerce` has to judge. */
static int take_scalar(Input *input, PyObject *value, double *slot)
{
    if (input->scalar != SCALAR_NONE && Py_TYPE(value) == input->descr->typeobj) {
        PyArray_ScalarAsCtype(value, slot);
        return 1;
    }
    switch (input->scalar) {
    case SCALAR_FLOAT64:
    case SCALAR_FLOAT32: {
        double number;
        if (PyFloat_CheckExact(value)) {
            number = PyFloat_AS_DOUBLE(value);
        } else if (PyLong_CheckExact(value)) {
            number = PyLong_AsDouble(value);
            if (number == -1.0 && PyErr_Occurred()) {
                PyErr_Clear();
                return 0;
            }
        } else {
            return 0;
        }
        if (input->scalar == SCALAR_FLOAT64) {
            *slot = number;
        } else {
            *(float *)(void *)slot = (float)number;
        }
        return 1;
    }
    case SCALAR_INT64: {
        int overflow;
        if (!PyLong_CheckExact(value)) {
            return 0;
        }
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        *(npy_int64 *)(void *)slot = number;
        return !overflow;
    }
    case SCALAR_INT32: {
        int overflow;
        if (!PyLong_CheckExact(value)) {
            return 0;
        }
        long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow || number < NPY_MIN_INT32 || number > NPY_MAX_INT32) {
            return 0;
        }
        *(npy_int32 *)(void *)slot = (npy_int32)number;
        return 1;
    }
    case SCALAR_BOOL:
        *(npy_bool *)(void *)slot = value == Py_True;
        return PyBool_Check(value);
    default:
        return 0;
    }
}

static inline void use_array(Frame *frame, Py_ssize_t index, PyArrayObject *array)
{
    frame->inputs[index] = PyArray_DATA(array);
    frame->input_shapes[index] = (const ct_int *)PyArray_DIMS(array);
}

static int refuse(Function *self, Input *input, PyObject *value)
{
    const char *name = input->name == NULL ? "?" : PyUnicode_AsUTF8(input->name);
    const char *what =
        PyArray_Check(value) ? "an array of another dtype, rank or layout" : Py_TYPE(value)->tp_name;
    PyErr_Format(PyExc_TypeError,
                 "%s() argument '%s' (position %zd): expected an array of dtype %S and rank %d, got %s",
                 function_name(self), name, input->position, (PyObject *)input->descr, input->rank, what);
    return -1;
}

/* Ask `coerce` for an array. */
static int coerce_value(Function *self, Frame *frame, Py_ssize_t index, PyObject *value)
{
    Input *input = &self->inputs[index];
    if (self->coerce == NULL) {
        return refuse(self, input, value);
    }
    PyObject *position = PyLong_FromSsize_t(input->position);
    if (position == NULL) {
        return -1;
    }
    PyObject *array = PyObject_CallFunctionObjArgs(self->coerce, position, value, NULL);
    Py_DECREF(position);
    if (array == NULL) {
        return -1;
    }
    if (!PyArray_Check(array) || !array_is_usable((PyArrayObject *)array, input->descr, input->rank)) {
        refuse(self, input, array);
        Py_DECREF(array);
        return -1;
    }
    frame->held[frame->held_count++] = array;
    frame->values[input->position] = array;
    use_array(frame, index, (PyArrayObject *)array);
    return 0;
}

int arguments_bind(Function *self, Frame *frame, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
    PyObject *const *values = args;
    if (kwnames != NULL || count != self->argument_count) {
        if (place_values(self, frame, args, count, kwnames) < 0) {
            return -1;
        }
        values = frame->values;
    }
    int python_ran = 0;
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        Py_ssize_t index = self->arguments[k];
        Input *input = &self->inputs[index];
        PyObject *value = values[k];
        if (PyArray_CheckExact(value) && array_is_usable((PyArrayObject *)value, input->descr, input->rank)) {
            frame->values[k] = value;
            use_array(frame, index, (PyArrayObject *)value);
        } else if (take_scalar(input, value, &frame->scalars[index])) {
            frame->inputs[index] = &frame->scalars[index];
            frame->input_shapes[index] = NULL;
        } else if (coerce_value(self, frame, index, value) < 0) {
            return -1;
        } else {
            python_ran = 1;
        }
    }
    return python_ran ? arguments_bind_again(self, frame) : 0;
}

int arguments_bind_again(Function *self, Frame *frame)
{
    for (Py_ssize_t k = 0; k < self->argument_count; k++) {
        Py_ssize_t index = self->arguments[k];
        Input *input = &self->inputs[index];
        if (frame->inputs[index] == &frame->scalars[index]) {
            continue;
        }
        PyArrayObject *array = (PyArrayObject *)frame->values[k];
        if (!array_is_usable(array, input->descr, input->rank)) {
            return refuse(self, input, (PyObject *)array);
        }
        use_array(frame, index, array);
    }
    return 0;
}
