/* The register tile: a few rows of A times a panel of B two vectors wide, summed in registers.
 *
 * A panel of B is `k` steps of PANEL consecutive elements; A is read through one pointer a row.
 * Every element of C is the sum of its products in the order of k, by fused multiply-add where the
 * machine has one, so neither the tile it falls in nor the thread that runs it shows in its bits.
 */

/* What a finished tile is written to: `rows` by `columns` elements at c; `add` says whether an
 * earlier block of k has already put its part there. */
typedef struct {
    REAL *c;
    ct_int c_row;
    ct_int rows, columns;
    int add;
} target;

/* A tile cut short by the border of C goes through memory. */
SEPARATE void store_edge(const REAL *edge, const target *to)
{
    for (ct_int i = 0; i < to->rows; i++, edge += PANEL) {
        REAL *row = to->c + i * to->c_row;
        ct_int j = 0;
        for (; j + LANES <= to->columns; j += LANES) {
            vector sum = *(const loose_vector *)(edge + j);
            if (to->add)
                sum += *(loose_vector *)(row + j);
            *(loose_vector *)(row + j) = sum;
        }
        for (; j < to->columns; j++)
            row[j] = to->add ? row[j] + edge[j] : edge[j];
    }
}

INLINE void store_tile(int height, int width, vector sums[FULL_ROWS][2], const target *to)
{
    if (to->rows == height && to->columns == width * LANES) {
        loose_vector *place[FULL_ROWS];
        UNROLL
        for (int i = 0; i < height; i++)
            place[i] = (loose_vector *)(to->c + i * to->c_row);
        if (to->add) {
            UNROLL
            for (int i = 0; i < height; i++) {
                UNROLL
                for (int v = 0; v < width; v++)
                    sums[i][v] += place[i][v];
            }
        }
        UNROLL
        for (int i = 0; i < height; i++) {
            UNROLL
            for (int v = 0; v < width; v++)
                place[i][v] = sums[i][v];
        }
        return;
    }
    REAL edge[FULL_ROWS][PANEL];
    UNROLL
    for (int i = 0; i < height; i++) {
        UNROLL
        for (int v = 0; v < width; v++)
            *(loose_vector *)&edge[i][v * LANES] = sums[i][v];
    }
    store_edge(&edge[0][0], to);
}

/* Row i of A is read at rows[i][p * a_step], whether packed or where it lies. Where `copy` is not NULL, B
 * lies scattered: its panel is fetched ahead and left packed in `copy` for the next tiles. */
INLINE void multiply_tile(int height, int width, ct_int k, const REAL *const *from, ct_int a_step,
                          const REAL *b, ct_int b_step, REAL *copy, const target *to)
{
    const REAL *rows[FULL_ROWS];
    vector sums[FULL_ROWS][2];
    UNROLL
    for (int i = 0; i < height; i++) {
        rows[i] = from[i];
        UNROLL
        for (int v = 0; v < width; v++)
            sums[i][v] = (vector){0};
    }
    for (ct_int p = 0; p < k; p++) {
        vector right[2];
        if (copy) /* to the second level: rows of B 4096 bytes apart crowd the first */
            __builtin_prefetch(b + (p + 32) * b_step, 0, 2);
        UNROLL
        for (int v = 0; v < width; v++) {
            right[v] = *(const loose_vector *)(b + p * b_step + v * LANES);
            if (copy)
                *(loose_vector *)(copy + p * PANEL + v * LANES) = right[v];
        }
        UNROLL
        for (int i = 0; i < height; i++) {
            REAL left = rows[i][p * a_step];
            UNROLL
            for (int v = 0; v < width; v++)
                sums[i][v] += left * right[v];
        }
    }
    store_tile(height, width, sums, to);
}

typedef void (*tile_function)(ct_int k, const REAL *const *rows, ct_int a_step, const REAL *b, ct_int b_step,
                              const target *to);

#define TILE_FUNCTION(NAME, HEIGHT, WIDTH)                                                                   \
    static void NAME(ct_int k, const REAL *const *rows, ct_int a_step, const REAL *b, ct_int b_step,         \
                     const target *to)                                                                       \
    {                                                                                                        \
        multiply_tile(HEIGHT, WIDTH, k, rows, a_step, b, b_step, 0, to);                                     \
    }

TILE_FUNCTION(tile_full_2, FULL_ROWS, 2)
TILE_FUNCTION(tile_full_1, FULL_ROWS, 1)
TILE_FUNCTION(tile_short_2, SHORT_ROWS, 2)
TILE_FUNCTION(tile_short_1, SHORT_ROWS, 1)

/* [full height?][two vectors wide?] */
static const tile_function tile_functions[2][2] = {
    {tile_short_1, tile_short_2},
    {tile_full_1, tile_full_2},
};

static void tile_and_copy(ct_int k, const REAL *const *rows, ct_int a_step, const REAL *b, ct_int b_step,
                          REAL *copy, const target *to)
{
    multiply_tile(FULL_ROWS, 2, k, rows, a_step, b, b_step, copy, to);
}

/* Height of the tile to begin at a row with `left` rows still to do: full ones, except where short ones
 * waste less than full ones and a nearly empty one. */
INLINE ct_int tile_height(ct_int left)
{
    if (left <= SHORT_ROWS || (left <= 5 * SHORT_ROWS && left % SHORT_ROWS == 0))
        return SHORT_ROWS;
    if (left > FULL_ROWS && left <= 2 * SHORT_ROWS)
        return SHORT_ROWS;
    return FULL_ROWS;
}
