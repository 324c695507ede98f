/* The call path without machine code: the same arguments, cells and results, computed in Python. */
#include "core.h"

#include <string.h>

/* The array bound to an argument; a Python scalar becomes one of rank 0. New reference. */
static PyObject *argument_array(Input *input, Frame *frame, Py_ssize_t index)
{
    if (frame->inputs[index] != &frame->scalars[index]) {
        return Py_NewRef(frame->values[input->position]);
    }
    PyObject *array = array_empty(input->descr, 0, NULL);
    if (array != NULL) {
        memcpy(PyArray_DATA((PyArrayObject *)array), &frame->scalars[index],
               (size_t)PyDataType_ELSIZE(input->descr));
    }
    return array;
}

PyObject *interpret_inputs(Function *self, Frame *frame)
{
    PyObject *list = PyList_New(self->input_count);
    for (Py_ssize_t i = 0; list != NULL && i < self->input_count; i++) {
        Input *input = &self->inputs[i];
        PyObject *array = input->kind == INPUT_ARGUMENT ? argument_array(input, frame, i)
                          : input->kind == INPUT_CELL   ? Py_NewRef(((Cell *)input->source)->array)
                                                        : Py_NewRef(input->source);
        if (array == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SET_ITEM(list, i, array);
        }
    }
    return list;
}

/* A computed array as an output: the right dtype and rank, and memory that nothing else refers to. */
static PyObject *own_output(Function *self, Py_ssize_t o, PyObject *computed)
{
    Output *output = &self->outputs[o];
    if (!PyArray_Check(computed) || !array_has_dtype((PyArrayObject *)computed, output->descr) ||
        PyArray_NDIM((PyArrayObject *)computed) != output->rank) {
        return PyErr_Format(PyExc_TypeError,
                            "%s(): output %zd should be an array of dtype %S and rank %d, got %R",
                            function_name(self), o, (PyObject *)output->descr, output->rank, computed);
    }
    Py_INCREF(output->descr);
    return PyArray_FromArray((PyArrayObject *)computed, output->descr,
                             NPY_ARRAY_CARRAY | NPY_ARRAY_ENSURECOPY | NPY_ARRAY_ENSUREARRAY);
}

static int take_outputs(Function *self, Frame *frame, PyObject *computed)
{
    PyObject *fast = PySequence_Fast(computed, "interpret() has to return a sequence of arrays");
    if (fast == NULL) {
        return -1;
    }
    int status = 0;
    if (PySequence_Fast_GET_SIZE(fast) != self->output_count) {
        PyErr_Format(PyExc_TypeError, "%s(): interpret() returned %zd outputs of %zd", function_name(self),
                     PySequence_Fast_GET_SIZE(fast), self->output_count);
        status = -1;
    }
    for (Py_ssize_t o = 0; status == 0 && o < self->output_count; o++) {
        frame->arrays[o] = own_output(self, o, PySequence_Fast_GET_ITEM(fast, o));
        status = frame->arrays[o] == NULL ? -1 : 0;
    }
    Py_DECREF(fast);
    return status;
}

int interpret_run(Function *self, Frame *frame)
{
    if (call_bind_cells(self, frame) < 0) {
        return -1;
    }
    for (Py_ssize_t o = 0; o < self->output_count; o++) {
        frame->copy_first[o] = 1; /* nothing is written in place: updates replace */
    }
    PyObject *inputs = interpret_inputs(self, frame);
    if (inputs == NULL) {
        return -1;
    }
    if (self->written_count > 0) {
        call_lock_cells(self, frame);
    }
    PyObject *computed = PyObject_CallOneArg(self->interpret, inputs);
    Py_DECREF(inputs);
    if (computed == NULL) {
        return -1;
    }
    int status = take_outputs(self, frame, computed);
    Py_DECREF(computed);
    return status;
}
