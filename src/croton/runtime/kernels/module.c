/* The kernels of products and convolutions built with the package, for several levels of vector instructions.
 *
 * Generated code can hold these kernels itself, but compiling them takes most of a second. The module
 * publishes the ones that fit this processor as capsules, in the table that Cython modules have, so that
 * a function finds them as it finds BLAS. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define FOR_EACH(DO, LEVEL)                                                                                  \
    DO(ct_contract_float32, LEVEL)                                                                           \
    DO(ct_contract_float32_batch, LEVEL)                                                                     \
    DO(ct_pack_float32, LEVEL)                                                                               \
    DO(ct_contract_packed_float32, LEVEL)                                                                    \
    DO(ct_contract_float64, LEVEL)                                                                           \
    DO(ct_contract_float64_batch, LEVEL)                                                                     \
    DO(ct_pack_float64, LEVEL)                                                                               \
    DO(ct_contract_packed_float64, LEVEL)                                                                    \
    DO(ct_convolve_float32, LEVEL)                                                                           \
    DO(ct_convolve_kernel_float32, LEVEL)                                                                    \
    DO(ct_convolve_pooled_float32, LEVEL)                                                                    \
    DO(ct_convolve_pooled_kernel_float32, LEVEL)                                                             \
    DO(ct_convolve_pooled_input_float32, LEVEL)                                                              \
    DO(ct_convolve_float64, LEVEL)                                                                           \
    DO(ct_convolve_kernel_float64, LEVEL)                                                                    \
    DO(ct_convolve_pooled_float64, LEVEL)                                                                    \
    DO(ct_convolve_pooled_kernel_float64, LEVEL)                                                             \
    DO(ct_convolve_pooled_input_float64, LEVEL)
#define DECLARE_ONE(NAME, LEVEL) void NAME##_##LEVEL(void);
#define ADDRESS(NAME, LEVEL) NAME##_##LEVEL,
#define TEXT(NAME, LEVEL) #NAME,
#define DECLARE(LEVEL) FOR_EACH(DECLARE_ONE, LEVEL)
#define TABLE(LEVEL) {FOR_EACH(ADDRESS, LEVEL)}

typedef void (*kernel)(void);
enum { KERNELS = 18 };

static const char *const names[KERNELS] = {FOR_EACH(TEXT, base)};

DECLARE(base)
static const kernel base[KERNELS] = TABLE(base);
#ifdef X86_LEVELS
DECLARE(avx2)
DECLARE(avx512)
static const kernel avx2[KERNELS] = TABLE(avx2);
static const kernel avx512[KERNELS] = TABLE(avx512);
#endif

static const kernel *best(void)
{
#ifdef X86_LEVELS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
        return avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return avx2;
    }
#endif
    return base;
}

static int publish(PyObject *module)
{
    const kernel *chosen = best();
    PyObject *table = PyDict_New();
    for (int k = 0; table != NULL && k < KERNELS; k++) {
        union {
            kernel function;
            void *address;
        } cast = {.function = chosen[k]};
        PyObject *capsule = PyCapsule_New(cast.address, names[k], NULL);
        if (capsule == NULL || PyDict_SetItemString(table, names[k], capsule) < 0) {
            Py_CLEAR(table);
        }
        Py_XDECREF(capsule);
    }
    if (table == NULL) {
        return -1;
    }
    int status = PyModule_AddObjectRef(module, "__pyx_capi__", table);
    Py_DECREF(table);
    return status;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, publish}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "croton.runtime._kernels",
    .m_doc = "Kernels for this processor, as capsules.",
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__kernels(void)
{
    return PyModuleDef_Init(&definition);
}
