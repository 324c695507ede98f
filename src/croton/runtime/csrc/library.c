/* Shared libraries of machine code, and addresses of BLAS and LAPACK routines. */
#include "core.h"

#include <dlfcn.h>
#include <stddef.h>

/* ---- Library: an open shared library, closed when nothing refers to it ---- */

typedef struct {
    PyObject_HEAD void *handle;
    PyObject *path;
} Library;

static PyObject *library_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"path", NULL};
    PyObject *bytes;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&:Library", keywords, PyUnicode_FSConverter, &bytes)) {
        return NULL;
    }
    Library *self = (Library *)type->tp_alloc(type, 0);
    if (self == NULL) {
        Py_DECREF(bytes);
        return NULL;
    }
    self->path = PyUnicode_DecodeFSDefault(PyBytes_AS_STRING(bytes));
    self->handle = dlopen(PyBytes_AS_STRING(bytes), RTLD_NOW | RTLD_LOCAL);
    Py_DECREF(bytes);
    if (self->handle == NULL) {
        const char *reason = dlerror();
        PyErr_Format(PyExc_OSError, "cannot load shared library: %s",
                     reason == NULL ? "unknown reason" : reason);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void library_dealloc(PyObject *object)
{
    Library *self = (Library *)object;
    if (self->handle != NULL) {
        dlclose(self->handle);
    }
    Py_XDECREF(self->path);
    Py_TYPE(self)->tp_free(object);
}

static PyObject *library_address(PyObject *object, PyObject *name)
{
    const char *symbol = PyUnicode_AsUTF8(name);
    if (symbol == NULL) {
        return NULL;
    }
    void *address = dlsym(((Library *)object)->handle, symbol);
    if (address == NULL) {
        return PyErr_Format(PyExc_AttributeError, "shared library %R has no symbol %R",
                            ((Library *)object)->path, name);
    }
    return PyLong_FromVoidPtr(address);
}

static PyObject *library_get_path(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef(((Library *)object)->path);
}

static PyMethodDef library_methods[] = {
    {"address", library_address, METH_O,
     "address(name, /)\n--\n\nAddress of a symbol, as an int. Raises AttributeError when there is none."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef library_attributes[] = {
    {"path", library_get_path, NULL, "Where the library was loaded from.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyTypeObject CoreLibraryType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "croton.runtime._core.Library",
    .tp_doc = "Library(path)\n--\n\n"
              "An open shared library; closed when nothing refers to it. Raises OSError.",
    .tp_basicsize = sizeof(Library),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = library_new,
    .tp_dealloc = library_dealloc,
    .tp_methods = library_methods,
    .tp_getset = library_attributes,
};

/* ---- routines from capsules ---- */

/* The capsule behind "module:name", from the table that Cython modules publish. New reference. */
static PyObject *find_capsule(PyObject *module_name, PyObject *routine)
{
    PyObject *module = PyImport_Import(module_name);
    if (module == NULL) {
        return NULL;
    }
    PyObject *table = PyObject_GetAttrString(module, "__pyx_capi__");
    Py_DECREF(module);
    if (table == NULL) {
        return NULL;
    }
    PyObject *capsule = PyObject_GetItem(table, routine);
    Py_DECREF(table);
    return capsule;
}

/* Address of one routine; NULL with an ImportError. */
static void *resolve(PyObject *routine)
{
    PyObject *parts = PyUnicode_Check(routine) ? PyObject_CallMethod(routine, "partition", "s", ":") : NULL;
    if (parts == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "a routine is named by a str 'module:name', got %R", routine);
        }
        return NULL;
    }
    PyObject *capsule = find_capsule(PyTuple_GET_ITEM(parts, 0), PyTuple_GET_ITEM(parts, 2));
    void *address = NULL;
    if (capsule != NULL && PyCapsule_CheckExact(capsule)) {
        address =
            PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)); /* static: outlives the capsule */
    }
    if (address == NULL) {
        PyErr_Format(PyExc_ImportError, "routine %R is not available", routine);
    }
    Py_XDECREF(capsule);
    Py_DECREF(parts);
    return address;
}

int library_resolve_routines(Function *self)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(self->routines); i++) {
        self->routine_addresses[i] = resolve(PyTuple_GET_ITEM(self->routines, i));
        if (self->routine_addresses[i] == NULL) {
            return -1;
        }
    }
    self->routines_resolved = 1;
    return 0;
}
