/* Aligned memory: arrays that own it, copies, and each thread's scratch space. */
#include "core.h"

#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

/* Below this size NumPy's own allocator is quicker, and alignment hardly matters. */
#define ALIGN_FROM 2048
#define HUGE_PAGES_FROM ((size_t)4 << 20)

void *memory_allocate(size_t bytes)
{
    void *memory = NULL;
    if (posix_memalign(&memory, CORE_ALIGNMENT, bytes ? bytes : 1) != 0) {
        return NULL;
    }
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_PAGES_FROM) {
        size_t page = 4096;
        char *start = (char *)(((size_t)memory + page - 1) & ~(page - 1));
        madvise(start, bytes - page, MADV_HUGEPAGE); /* only a wish: failure changes nothing */
    }
#endif
    return memory;
}

void memory_release(void *memory)
{
    free(memory);
}

/* ---- Buffer ---- */

typedef struct {
    PyObject_HEAD void *memory;
} Buffer;

static void buffer_dealloc(PyObject *self)
{
    memory_release(((Buffer *)self)->memory);
    Py_TYPE(self)->tp_free(self);
}

PyTypeObject CoreBufferType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "croton.runtime._core.Buffer",
    .tp_doc = "Owns the memory of an array.",
    .tp_basicsize = sizeof(Buffer),
    .tp_dealloc = buffer_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

/* ---- arrays ---- */

PyObject *array_from_memory(PyArray_Descr *descr, int rank, const ct_int *shape, void *memory)
{
    Buffer *buffer = PyObject_New(Buffer, &CoreBufferType);
    if (buffer == NULL) {
        memory_release(memory);
        return NULL;
    }
    buffer->memory = memory;
    Py_INCREF(descr);
    PyObject *array = PyArray_NewFromDescr(&PyArray_Type, descr, rank, (npy_intp *)shape, NULL, memory,
                                           NPY_ARRAY_CARRAY, NULL);
    if (array == NULL) {
        Py_DECREF(buffer);
        return NULL;
    }
    if (PyArray_SetBaseObject((PyArrayObject *)array, (PyObject *)buffer) < 0) {
        Py_DECREF(array);
        return NULL;
    }
    return array;
}

/* Size in bytes, or -1 when it is larger than the address space. */
static npy_intp bytes_of(PyArray_Descr *descr, int rank, const ct_int *shape)
{
    npy_intp bytes = PyDataType_ELSIZE(descr);
    for (int axis = 0; axis < rank; axis++) {
        if (shape[axis] == 0) {
            return 0;
        }
    }
    for (int axis = 0; axis < rank; axis++) {
        if (shape[axis] < 0 || __builtin_mul_overflow(bytes, shape[axis], &bytes)) {
            return -1;
        }
    }
    return bytes;
}

PyObject *array_empty(PyArray_Descr *descr, int rank, const ct_int *shape)
{
    npy_intp bytes = bytes_of(descr, rank, shape);
    if (bytes < 0) {
        PyErr_SetString(PyExc_MemoryError, "an array would be larger than the address space");
        return NULL;
    }
    if (bytes < ALIGN_FROM) {
        Py_INCREF(descr);
        return PyArray_NewFromDescr(&PyArray_Type, descr, rank, (npy_intp *)shape, NULL, NULL, 0, NULL);
    }
    void *memory = memory_allocate((size_t)bytes);
    if (memory == NULL) {
        return PyErr_Format(PyExc_MemoryError, "no memory for an array of %zd bytes", (Py_ssize_t)bytes);
    }
    return array_from_memory(descr, rank, shape, memory);
}

PyObject *array_copy(PyObject *array)
{
    PyArrayObject *old = (PyArrayObject *)array;
    PyObject *copy = array_empty(PyArray_DESCR(old), PyArray_NDIM(old), (const ct_int *)PyArray_DIMS(old));
    if (copy != NULL) {
        memcpy(PyArray_DATA((PyArrayObject *)copy), PyArray_DATA(old), (size_t)PyArray_NBYTES(old));
    }
    return copy;
}

int array_is_exclusive(PyObject *array)
{
    if (Py_REFCNT(array) != 1) {
        return 0;
    }
    PyObject *base = PyArray_BASE((PyArrayObject *)array);
    if (base == NULL) {
        return PyArray_CHKFLAGS((PyArrayObject *)array, NPY_ARRAY_OWNDATA);
    }
    return Py_IS_TYPE(base, &CoreBufferType) && Py_REFCNT(base) == 1;
}

int array_has_dtype(PyArrayObject *array, PyArray_Descr *descr)
{
    PyArray_Descr *actual = PyArray_DESCR(array);
    return actual == descr || (actual->type_num == descr->type_num && PyArray_EquivTypes(actual, descr));
}

/* ---- scratch ---- */

typedef struct {
    void *memory;
    size_t bytes;
} Scratch;

static _Thread_local Scratch scratch;
static pthread_key_t scratch_key;

static void scratch_free(void *memory)
{
    (void)memory;
    memory_release(scratch.memory);
    scratch.memory = NULL;
    scratch.bytes = 0;
}

int memory_prepare_scratch(void)
{
    return pthread_key_create(&scratch_key, scratch_free);
}

void *memory_scratch(size_t bytes)
{
    if (scratch.memory != NULL && bytes <= scratch.bytes) {
        return scratch.memory;
    }
    size_t wanted = bytes + bytes / 4 < bytes ? bytes : bytes + bytes / 4;
    void *memory = memory_allocate(wanted);
    if (memory == NULL) {
        return NULL;
    }
    memory_release(scratch.memory);
    scratch.memory = memory;
    scratch.bytes = wanted;
    pthread_setspecific(scratch_key, memory); /* so that it is freed when the thread ends */
    return memory;
}
