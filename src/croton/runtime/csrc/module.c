/* The module croton.runtime._core. */
#define CROTON_IMPORTS_NUMPY
#include "core.h"

#include <errno.h>
#include <stdlib.h>

static PyObject *set_threads(PyObject *module, PyObject *argument)
{
    (void)module;
    long threads = PyLong_AsLong(argument);
    if (threads == -1 && PyErr_Occurred()) {
        return NULL;
    }
    if (threads < 1) {
        return PyErr_Format(PyExc_ValueError, "number of threads: expected an int >= 1, got %ld", threads);
    }
    int status;
    Py_BEGIN_ALLOW_THREADS status = pool_set_threads(threads > 1024 ? 1024 : (int)threads);
    Py_END_ALLOW_THREADS if (status < 0)
    {
        return PyErr_Format(PyExc_RuntimeError, "the number of threads cannot change inside a parallel loop");
    }
    Py_RETURN_NONE;
}

static PyObject *threads(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromLong(pool_threads());
}

static PyObject *usable_cores(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromLong(pool_usable_cores());
}

static PyObject *empty(PyObject *module, PyObject *args, PyObject *kwargs)
{
    (void)module;
    static char *keywords[] = {"shape", "dtype", NULL};
    PyArray_Dims shape = {NULL, 0};
    PyArray_Descr *descr = NULL;
    PyObject *array = NULL;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "O&O&:empty", keywords, PyArray_IntpConverter, &shape,
                                    PyArray_DescrConverter, &descr)) {
        if (PyDataType_REFCHK(descr) || PyDataType_ELSIZE(descr) == 0) {
            PyErr_Format(PyExc_TypeError, "dtype %S is not supported", (PyObject *)descr);
        } else {
            array = array_empty(descr, shape.len, (const ct_int *)shape.ptr);
        }
    }
    PyDimMem_FREE(shape.ptr);
    Py_XDECREF(descr);
    return array;
}

static PyMethodDef functions[] = {
    {"set_threads", set_threads, METH_O,
     "set_threads(threads, /)\n--\n\n"
     "Let parallel loops use this many threads, the caller included. Results never depend on it."},
    {"threads", threads, METH_NOARGS, "threads()\n--\n\nThe number of threads of parallel loops."},
    {"usable_cores", usable_cores, METH_NOARGS,
     "usable_cores()\n--\n\nCores this process may use: affinity and the quota of its control group."},
    {"empty", (PyCFunction)(void (*)(void))empty, METH_VARARGS | METH_KEYWORDS,
     "empty(shape, dtype)\n--\n\nA new C-ordered array, 64-byte aligned unless small; contents undefined."},
    {NULL, NULL, 0, NULL},
};

static void after_fork(void)
{
    pool_after_fork();
    cell_after_fork();
}

/* The number in CROTON_NUM_THREADS; 0 when unset; -1 with an exception when a warning became one. */
static int threads_from_environment(void)
{
    const char *text = getenv("CROTON_NUM_THREADS");
    if (text == NULL || *text == '\0') {
        return 0;
    }
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (*end != '\0' || errno != 0 || number < 1) {
        return PyErr_WarnFormat(PyExc_RuntimeWarning, 1,
                                "CROTON_NUM_THREADS: expected a number >= 1, got '%s'; using all cores",
                                text);
    }
    return number > 1024 ? 1024 : (int)number;
}

static int add_types(PyObject *module)
{
    return PyType_Ready(&CoreBufferType) < 0 || PyModule_AddType(module, &CoreCellType) < 0 ||
                   PyModule_AddType(module, &CoreFunctionType) < 0 ||
                   PyModule_AddType(module, &CoreLibraryType) < 0
               ? -1
               : 0;
}

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "croton.runtime._core",
    .m_doc = "The call path, shared variables and the thread pool, in C.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__core(void)
{
    import_array();
    int wanted = threads_from_environment();
    if (wanted < 0) {
        return NULL;
    }
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    if (add_types(module) < 0 || PyModule_AddIntMacro(module, CROTON_ABI_VERSION) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    pool_prepare(wanted);
    if (memory_prepare_scratch() != 0 || pthread_atfork(NULL, NULL, after_fork) != 0) {
        PyErr_SetString(PyExc_ImportError, "croton: the system refused a thread key or a fork handler");
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
