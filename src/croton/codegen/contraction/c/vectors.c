/* Vectors as wide as the machine's, and how the compiler is told to treat code written with them.
 *
 * The caller defines REAL (float or double) and REAL_BYTES before this text.
 */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#pragma STDC FP_CONTRACT ON
#else
#define UNROLL _Pragma("GCC unroll 16")
/* Vectors are written out, so the compiler need not look for more. */
#pragma GCC optimize("fp-contract=fast", "no-tree-vectorize", "no-tree-slp-vectorize")
#endif

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define FULL_ROWS 14
#define SHORT_ROWS 8
#elif defined(__aarch64__)
#define VECTOR_BYTES 16
#define FULL_ROWS 8
#define SHORT_ROWS 4
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#define FULL_ROWS 6
#define SHORT_ROWS 4
#else
#define VECTOR_BYTES 16
#define FULL_ROWS 6
#define SHORT_ROWS 4
#endif

#define LANES (VECTOR_BYTES / REAL_BYTES)
#define PANEL (2 * LANES)
#ifdef __clang__
#define SEPARATE static __attribute__((noinline))
#else
#define SEPARATE static __attribute__((noinline, noclone))
#endif

typedef REAL vector __attribute__((vector_size(VECTOR_BYTES)));
/* The same at any address: loads and stores that need no alignment. */
typedef REAL loose_vector __attribute__((vector_size(VECTOR_BYTES), aligned(REAL_BYTES), may_alias));
