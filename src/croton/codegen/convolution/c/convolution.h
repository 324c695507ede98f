/* A convolution as the kernels see it. The caller defines REAL before this text.
 *
 * y[n, o, g, j] is the sum over taps t and channels i of x[n, (o * step + t * dilation - low) / spread, g, i]
 * times w[t, g, i, j], where the index into x is whole and inside; o, t and the index have three axes. Strides
 * count elements.
 *
 * With windows, y has the largest of every window of such outputs instead, and `places` of the same layout has
 * which of the window's elements that is, counted in C order: the first of several, NaN being largest. Windows
 * lie side by side from the first output on; `out` counts outputs in windows, of which the last may lack some.
 */
#ifndef CT_CONVOLUTION
#define CT_CONVOLUTION
typedef struct {
    ct_int batch, groups;
    ct_int inner, outer; /* channels of x and of y in a group */
    ct_int cut;          /* the first axis that is in use: 3 - rank; those before have size 1 */
    ct_int size[3], out[3], taps[3];
    ct_int step[3], dilation[3], spread[3], low[3];
    ct_int x_batch, x_pixel[3], x_channel;
    ct_int y_batch, y_pixel[3], y_channel;
    ct_int w_tap[3], w_inner, w_outer, w_group;
    ct_int window[3]; /* 0 without windows */
} ct_convolution;
#endif
