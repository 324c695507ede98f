/* Packing: panels of A and B copied into the order in which the register tile reads them.
 *
 * Rows that lie across the wanted order are turned SQUARE by SQUARE in vector registers.
 */
#if VECTOR_BYTES >= 32
#define SQUARE_BYTES 32
#else
#define SQUARE_BYTES 16
#endif
#define SQUARE (SQUARE_BYTES / REAL_BYTES)

typedef REAL square_vector __attribute__((vector_size(SQUARE_BYTES)));
typedef REAL loose_square_vector __attribute__((vector_size(SQUARE_BYTES), aligned(REAL_BYTES), may_alias));

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(X, Y, ...) __builtin_shufflevector(X, Y, __VA_ARGS__)
#else
#if REAL_BYTES == 4
typedef int square_index __attribute__((vector_size(SQUARE_BYTES)));
#else
typedef long long square_index __attribute__((vector_size(SQUARE_BYTES)));
#endif
#define SHUFFLE(X, Y, ...) __builtin_shuffle(X, Y, (square_index){__VA_ARGS__})
#endif

#if SQUARE_BYTES / REAL_BYTES == 8
INLINE void transpose(square_vector r[SQUARE])
{
    square_vector t[SQUARE], u[SQUARE];
    UNROLL
    for (int i = 0; i < SQUARE; i += 2) {
        t[i] = SHUFFLE(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        t[i + 1] = SHUFFLE(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    UNROLL
    for (int i = 0; i < SQUARE; i += 4) {
        UNROLL
        for (int h = 0; h < 2; h++) {
            u[i + 2 * h] = SHUFFLE(t[i + h], t[i + h + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            u[i + 2 * h + 1] = SHUFFLE(t[i + h], t[i + h + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        r[i] = SHUFFLE(u[i], u[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        r[i + 4] = SHUFFLE(u[i], u[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}
#elif SQUARE_BYTES / REAL_BYTES == 4
INLINE void transpose(square_vector r[SQUARE])
{
    square_vector t0 = SHUFFLE(r[0], r[1], 0, 4, 2, 6), t1 = SHUFFLE(r[0], r[1], 1, 5, 3, 7);
    square_vector t2 = SHUFFLE(r[2], r[3], 0, 4, 2, 6), t3 = SHUFFLE(r[2], r[3], 1, 5, 3, 7);
    r[0] = SHUFFLE(t0, t2, 0, 1, 4, 5);
    r[1] = SHUFFLE(t1, t3, 0, 1, 4, 5);
    r[2] = SHUFFLE(t0, t2, 2, 3, 6, 7);
    r[3] = SHUFFLE(t1, t3, 2, 3, 6, 7);
}
#else
INLINE void transpose(square_vector r[SQUARE])
{
    square_vector t = SHUFFLE(r[0], r[1], 0, 2);
    r[1] = SHUFFLE(r[0], r[1], 1, 3);
    r[0] = t;
}
#endif

/* out[p * step + i] = row i of `from` at step p, for i < SQUARE and p < k; rows from `valid` on repeat
 * the last valid one. Steps of a row are contiguous. */
SEPARATE void pack_square_rows(ct_int valid, ct_int k, const REAL *from, ct_int stride, REAL *out,
                               ct_int step)
{
    const REAL *rows[SQUARE];
    UNROLL
    for (int i = 0; i < SQUARE; i++)
        rows[i] = from + (i < valid ? i : valid - 1) * stride;
    ct_int p = 0;
    for (; p + SQUARE <= k; p += SQUARE) {
        square_vector block[SQUARE];
        UNROLL
        for (int i = 0; i < SQUARE; i++)
            block[i] = *(const loose_square_vector *)(rows[i] + p);
        transpose(block);
        UNROLL
        for (int i = 0; i < SQUARE; i++)
            *(loose_square_vector *)(out + (p + i) * step) = block[i];
    }
    for (; p < k; p++)
        for (int i = 0; i < SQUARE; i++)
            out[p * step + i] = rows[i][p];
}

/* Elements one by one, where nothing is contiguous; rows from `valid` to `filled` are zero. */
SEPARATE void pack_elements(ct_int height, ct_int valid, ct_int filled, ct_int k, const REAL *from,
                            ct_int row, ct_int column, REAL *out)
{
    for (ct_int p = 0; p < k; p++)
        for (ct_int i = 0; i < filled; i++)
            out[p * height + i] = i < valid ? from[i * row + p * column] : 0;
}

/* out[p * height + i] = from[i * row + p * column] for i < valid and p < k; the rest of the last vector
 * of each step holds numbers that nobody stores. A height that is no multiple of SQUARE is overshot by up
 * to SQUARE elements, so groups of rows go from the last to the first, panels are packed in ascending
 * order, and the buffer has that much to spare. */
static void pack(ct_int height, ct_int valid, ct_int k, const REAL *from, ct_int row, ct_int column,
                 REAL *out)
{
    ct_int vectors = round_up(valid, LANES), filled = smaller(vectors, height), p = 0;
    if (column == 1) {
        for (ct_int group = (filled - 1) / SQUARE * SQUARE; group >= 0; group -= SQUARE) {
            ct_int first = smaller(group, valid - 1);
            pack_square_rows(valid - first, k, from + first * row, row, out + group, height);
        }
        return;
    }
    /* Whole vectors run over into the next step, as long as there is one. */
    for (; row == 1 && p * column + vectors <= (k - 1) * column + valid; p++)
        for (ct_int i = 0; i < vectors; i += SQUARE)
            *(loose_square_vector *)(out + p * height + i) =
                *(const loose_square_vector *)(from + p * column + i);
    pack_elements(height, valid, filled, k - p, from + p * column, row, column, out + p * height);
}
