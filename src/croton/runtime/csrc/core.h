/* What the files of the extension share. One file holds one subject:
 *
 *   module.c     the module and its functions        frame.c     what one call needs: pointers, shapes, arena
 *   function.c   the type Function                   arguments.c Python arguments -> pointers and shapes
 *   describe.c   descriptions given to Function      call.c      the call path from arguments to results
 *   cell.c       the type Cell and its locking       callback.c  Python called from generated code; Ctrl-C
 *   memory.c     aligned arrays, scratch memory      pool.c      the thread pool
 *   library.c    shared libraries, BLAS addresses    interpret.c the call path without a compiled body
 *   profile.c    times of the steps of a function    batches.c   many calls in one, on batches of rows
 *
 * Unless a comment says otherwise, a function here needs the GIL.
 */
#ifndef CROTON_CORE_H
#define CROTON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define NPY_NO_DEPRECATED_API NPY_1_23_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL croton_core_array_api
#ifndef CROTON_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include <pthread.h>
#include <stdatomic.h>

#include "croton_abi.h"

_Static_assert(sizeof(ct_int) == sizeof(npy_intp), "croton needs a 64-bit machine");

#define CORE_ALIGNMENT 64

/* ---- memory.c ---- */

/* Owns memory that an ndarray looks at. */
extern PyTypeObject CoreBufferType;
void *memory_allocate(size_t bytes); /* 64-byte aligned, or NULL; needs no GIL */
void memory_release(void *memory);   /* needs no GIL */
void *memory_scratch(size_t bytes);  /* private to the thread, or NULL; needs no GIL */
int memory_prepare_scratch(void);
/* A new C-ordered array, large ones 64-byte aligned. Steals nothing; NULL with an exception on failure. */
PyObject *array_empty(PyArray_Descr *descr, int rank, const ct_int *shape);
/* Wrap memory from memory_allocate; takes it over even on failure. */
PyObject *array_from_memory(PyArray_Descr *descr, int rank, const ct_int *shape, void *memory);
/* A new array with the same dtype, shape and contents. */
PyObject *array_copy(PyObject *array);
/* Whether the one reference the caller knows of is the only way to the array's memory. */
int array_is_exclusive(PyObject *array);
int array_has_dtype(PyArrayObject *array, PyArray_Descr *descr);
/* Whether generated code can read the array: its dtype, rank, C order and alignment. */
static inline int array_is_usable(PyArrayObject *array, PyArray_Descr *descr, int rank)
{
    const int needed = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED;
    return PyArray_NDIM(array) == rank && (PyArray_FLAGS(array) & needed) == needed &&
           array_has_dtype(array, descr);
}

/* ---- cell.c ---- */

typedef struct {
    PyObject_HEAD PyObject *array; /* ndarray: C order, aligned, writeable */
    PyObject *spare;               /* ndarray of the same dtype that nobody else refers to, or NULL */
    PyObject *name;                /* str or None */
    PyObject *weakrefs;
    unsigned long writer; /* thread that is updating this cell without the GIL; 0 when none */
    unsigned long epoch;  /* number of forks when writer was set: a lock does not outlive a fork */
    int in_place;         /* that update writes into `array` itself, so readers wait too */
} Cell;

extern PyTypeObject CoreCellType;
void cell_after_fork(void);
/* Whether a reader (or a writer) has to wait: 1 yes, 0 no, -1 never possible, with an exception. */
int cell_is_blocked(Cell *cell, int for_writing);
/* Wait, without the GIL, until some cell is unlocked; -1 with an exception when a signal handler raised. */
int cells_wait(void);
void cell_lock(Cell *cell, unsigned long thread, int in_place);
void cell_unlock(Cell *cell);
/* Tell waiting threads that cells were unlocked. */
void cells_wake(void);
/* Put `array` (stolen) in the place of the cell's array and keep the old one as the spare if possible. */
void cell_replace(Cell *cell, PyObject *array);

/* ---- describe.c, function.c ---- */

enum input_kind { INPUT_ARGUMENT, INPUT_CELL, INPUT_CONSTANT };
enum scalar_kind { SCALAR_NONE, SCALAR_FLOAT64, SCALAR_FLOAT32, SCALAR_INT64, SCALAR_INT32, SCALAR_BOOL };

typedef struct {
    enum input_kind kind;
    enum scalar_kind scalar; /* which Python scalars are taken without asking `coerce` */
    int rank;
    Py_ssize_t position; /* of an argument */
    PyArray_Descr *descr;
    PyObject *name;     /* str or NULL */
    PyObject *fallback; /* default value or NULL */
    PyObject *source;   /* the Cell or the constant array */
} Input;

enum output_kind { OUTPUT_FRESH, OUTPUT_UNKNOWN, OUTPUT_IN_PLACE, OUTPUT_REPLACE, OUTPUT_REPLACE_UNKNOWN };

typedef struct {
    enum output_kind kind;
    int rank;
    PyArray_Descr *descr;
    Cell *cell; /* of an update, else NULL */
} Output;

enum return_kind { RETURN_NONE, RETURN_SINGLE, RETURN_LIST, RETURN_WRAPPED };

struct Frame;

typedef struct {
    PyObject_HEAD vectorcallfunc vectorcall;
    ct_prepare_entry prepare;
    ct_run_entry run;
    Input *inputs;
    Output *outputs;
    Py_ssize_t *arguments; /* index into inputs, by position */
    Py_ssize_t input_count, output_count, argument_count, dim_count, returned_count, update_count;
    int uses_cells;
    Cell **written; /* every cell that is updated, once */
    Py_ssize_t written_count;
    Cell **read; /* every cell that is an input, once */
    Py_ssize_t read_count;
    enum return_kind returns;
    PyObject *wrap;      /* callable or NULL */
    PyObject *callbacks; /* tuple */
    PyObject *dtypes;    /* tuple of dtypes, for callbacks */
    PyObject *coerce;    /* callable or NULL */
    PyObject *fail;      /* callable or NULL */
    PyObject *interpret; /* callable or NULL */
    PyObject *record;    /* callable that is told of each call, or NULL */
    Py_ssize_t step_count;
    PyObject *routines; /* tuple of "module:name" */
    void **routine_addresses;
    int routines_resolved;
    PyObject *owner; /* keeps the machine code loaded */
    PyObject *details;
    PyObject *name, *dict, *weakrefs;
    struct Frame *frames; /* free ones */
    int free_frames;
    unsigned long long calls;
} Function;

extern PyTypeObject CoreFunctionType;
int function_describe(Function *self, PyObject *inputs, PyObject *outputs, PyObject *defaults);
void function_forget_descriptions(Function *self);
const char *function_name(Function *self);

/* ---- profile.c ---- */

/* What one call took, step by step. */
typedef struct Laps Laps;
Laps *laps_new(Py_ssize_t steps); /* NULL when out of memory */
void laps_free(Laps *laps);
ct_int profile_lap(ct_context *context, ct_int step, ct_int since); /* needs no GIL */
PyObject *profile_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames);

/* ---- frame.c ---- */

typedef struct Block {
    struct Block *next;
} Block;

typedef struct Frame {
    ct_context context; /* first: generated code holds a pointer to it */
    struct Frame *next;
    Function *function;
    void **inputs;
    const ct_int **input_shapes;
    double *scalars;   /* one slot of 8 bytes for each input */
    PyObject **values; /* arguments by position, arrays once bound; borrowed */
    PyObject **held;   /* stack of references that the call keeps */
    Py_ssize_t held_count;
    ct_int *dims;
    ct_int **output_shapes;
    void **outputs;
    PyObject **arrays; /* new array for each output, or NULL */
    void **given;      /* memory from give_output, or NULL */
    char *copy_first;  /* for each output: in place, but someone else refers to the array */
    char *arena;
    size_t arena_bytes;
    Block *blocks; /* memory from allocate */
    pthread_mutex_t blocks_mutex;
    Laps *laps;       /* of a profiled function, else NULL */
    pthread_t thread; /* that called */
    int without_gil;
    int locked;          /* the cells to write are locked */
    PyObject *exception; /* raised by a callback or by Ctrl-C */
    _Atomic(int) stop;   /* Ctrl-C was pressed */
    ct_int last_look;    /* milliseconds; when signals were last looked at */
} Frame;

Frame *frame_take(Function *function);
void frame_give_back(Frame *frame);
void frames_free(Function *function);
int frame_reserve_arena(Frame *frame, ct_int bytes);
/* The current exception, which it no longer is then; a new reference. */
PyObject *exception_take(void);
/* Keep the current exception in the frame unless one is kept already; clears it. */
void frame_keep_exception(Frame *frame);
/* Make the kept exception current again. */
void frame_restore_exception(Frame *frame);

/* ---- arguments.c, call.c, interpret.c ---- */

int arguments_bind(Function *self, Frame *frame, PyObject *const *args, Py_ssize_t count, PyObject *kwnames);
/* Point the inputs at the arguments' arrays anew, after other Python code may have changed the arrays. */
int arguments_bind_again(Function *self, Frame *frame);
PyObject *function_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *kwnames);
/* The same in a frame that the caller took and gives back. */
PyObject *function_call_in(Function *self, Frame *frame, PyObject *const *args, size_t nargsf,
                           PyObject *kwnames);
/* Run prepare alone: (dims, output shapes, arena bytes, nanoseconds). */
PyObject *function_plan(Function *self, PyObject *const *args, Py_ssize_t count, PyObject *kwnames);
/* batches.c: many calls in one; see _core.pyi. */
PyObject *function_on_batches(Function *self, PyObject *args, PyObject *kwargs);
/* Compute every output by the Python callable `interpret`; 0 when all may be committed. */
int interpret_run(Function *self, Frame *frame);
/* All inputs as a new list of arrays. */
PyObject *interpret_inputs(Function *self, Frame *frame);
/* Wait until the cells of the function are free and point its inputs at their arrays. */
int call_bind_cells(Function *self, Frame *frame);
void call_lock_cells(Function *self, Frame *frame);
void call_unlock_cells(Function *self, Frame *frame);

/* ---- callback.c ---- */

int callback_call(ct_context *context, ct_int which, ct_array *inputs, ct_int input_count, ct_array *outputs,
                  ct_int output_count);
int callback_interrupted(ct_context *context);
/* Look for Ctrl-C at most every 50 ms; for the thread that called. */
void callback_look_for_signals(Frame *frame);
int callback_give_output(ct_context *context, ct_int output, const void *data, ct_int rank,
                         const ct_int *shape);

/* ---- pool.c: needs no GIL ---- */

int pool_prepare(int threads);
void pool_after_fork(void);
int pool_usable_cores(void);
int pool_threads(void);
int pool_set_threads(int threads); /* -1 inside a parallel region */
void pool_run(ct_context *context, ct_range_body body, void *const *pointers, const ct_int *integers,
              ct_int extent, ct_int grain);

/* ---- library.c ---- */

extern PyTypeObject CoreLibraryType;
int library_resolve_routines(Function *self);

#endif
