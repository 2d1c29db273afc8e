/* One pass over records of a GloVe model, for one width of registers. _glove.h includes this file once for each width.
 *
 * Before it does so, it defines:
 *   GLOVE_NAME(x)          the name of a function for this width
 *   GLOVE_TARGET           the attribute that names the instruction set
 *   LANES                  the number of floats in a register
 *   GLOVE_FMA(a, b, c)     a * b + c
 *   GLOVE_WITHIN(a, b)     a, limited to -b .. b
 *   GLOVE_ROOT(a)          1 / sqrt(a), to float precision
 *   GLOVE_SUM(a)           the sum of all lanes
 * Everything else uses the vector types of gcc and clang, which are the same for all widths.
 */
typedef float GLOVE_NAME(floats) __attribute__((vector_size(4 * LANES), may_alias));
#define VECTOR GLOVE_NAME(floats)

GLOVE_TARGET static double GLOVE_NAME(ngramlm_glove_steps)(
    const ngramlm_glove_record *records, int64_t n, float *words, float *contexts, int64_t blocks, const float *lanes)
{
    const int64_t row = 2 * GLOVE_BLOCK * blocks;
    double loss = 0.0;
    for (int64_t k = 0; k < n; k++) {
        const ngramlm_glove_record record = records[k];
        const ngramlm_glove_record next = records[k + GLOVE_AHEAD < n ? k + GLOVE_AHEAD : k];
        float *w = words + record.row * row, *c = contexts + record.column * row;
        const float *next_w = words + next.row * row, *next_c = contexts + next.column * row;
        VECTOR sums[2] = {{0}, {0}};
        for (int64_t at = 0; at < row; at += 2 * GLOVE_BLOCK)
            for (int part = 0; part < GLOVE_BLOCK; part += LANES) {
                const int other = (at / (2 * GLOVE_BLOCK) + part / LANES) & 1;
                sums[other] = GLOVE_FMA(*(const VECTOR *)(w + at + part), *(const VECTOR *)(c + at + part), sums[other]);
            }
        const float difference = GLOVE_SUM(sums[0] + sums[1]) - record.log_value;
        const float weighted = record.weight * difference;
        loss += (double)weighted * (double)difference;
        const VECTOR slope = (VECTOR){0} + weighted, one = (VECTOR){0} + 1.0f;
        const float *lane = lanes;
        for (int64_t at = 0; at < row; at += 2 * GLOVE_BLOCK, lane += 3 * GLOVE_BLOCK) {
            __builtin_prefetch(next_w + at, 1);
            __builtin_prefetch(next_w + at + GLOVE_BLOCK, 1);
            __builtin_prefetch(next_c + at, 1);
            __builtin_prefetch(next_c + at + GLOVE_BLOCK, 1);
            for (int part = 0; part < GLOVE_BLOCK; part += LANES) {
                VECTOR *wp = (VECTOR *)(w + at + part), *wg = (VECTOR *)(w + at + part + GLOVE_BLOCK);
                VECTOR *cp = (VECTOR *)(c + at + part), *cg = (VECTOR *)(c + at + part + GLOVE_BLOCK);
                const VECTOR word = *wp, context = *cp, word_squares = *wg, context_squares = *cg;
                const VECTOR limit = *(const VECTOR *)(lane + 2 * GLOVE_BLOCK + part);
                const VECTOR word_step = GLOVE_WITHIN(slope * context, limit) * *(const VECTOR *)(lane + part);
                const VECTOR context_step = GLOVE_WITHIN(slope * word, limit) * *(const VECTOR *)(lane + GLOVE_BLOCK + part);
                *wp = word - word_step * GLOVE_ROOT(one + word_squares);
                *cp = context - context_step * GLOVE_ROOT(one + context_squares);
                *wg = GLOVE_FMA(word_step, word_step, word_squares);
                *cg = GLOVE_FMA(context_step, context_step, context_squares);
            }
        }
    }
    return loss;
}

#undef VECTOR
#undef GLOVE_NAME
#undef GLOVE_TARGET
#undef LANES
#undef GLOVE_FMA
#undef GLOVE_WITHIN
#undef GLOVE_ROOT
#undef GLOVE_SUM
