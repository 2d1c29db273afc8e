/* The steps of _vector_steps.h for registers of LANES floats. _vector_steps.h includes this file once for each width. */

#define V NAME(vector)
typedef float V __attribute__((vector_size(4 * LANES), may_alias));

/* The sum of the lanes of each acc[j]. */
NGRAMLM_INLINE ngramlm_tile NAME(sums)(const V *acc)
{
#if LANES == 16
    V two[4], four[2], eight;
    for (int j = 0; j < 4; j++)
        two[j] = __builtin_shufflevector(acc[2 * j], acc[2 * j + 1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                 __builtin_shufflevector(acc[2 * j], acc[2 * j + 1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    for (int j = 0; j < 2; j++)
        four[j] = __builtin_shufflevector(two[2 * j], two[2 * j + 1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
                  __builtin_shufflevector(two[2 * j], two[2 * j + 1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    eight = __builtin_shufflevector(four[0], four[1], 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29) +
            __builtin_shufflevector(four[0], four[1], 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31);
    eight += __builtin_shufflevector(eight, eight, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    return __builtin_shufflevector(eight, eight, 0, 2, 4, 6, 8, 10, 12, 14);
#elif LANES == 8
    V two[4], four[2], eight;
    for (int j = 0; j < 4; j++)
        two[j] = __builtin_shufflevector(acc[2 * j], acc[2 * j + 1], 0, 1, 2, 3, 8, 9, 10, 11) +
                 __builtin_shufflevector(acc[2 * j], acc[2 * j + 1], 4, 5, 6, 7, 12, 13, 14, 15);
    /* AVX shuffles within halves of a register, hence the order a c b d */
    for (int j = 0; j < 2; j++)
        four[j] = __builtin_shufflevector(two[2 * j], two[2 * j + 1], 0, 1, 8, 9, 4, 5, 12, 13) +
                  __builtin_shufflevector(two[2 * j], two[2 * j + 1], 2, 3, 10, 11, 6, 7, 14, 15);
    eight = __builtin_shufflevector(four[0], four[1], 0, 2, 8, 10, 4, 6, 12, 14) +
            __builtin_shufflevector(four[0], four[1], 1, 3, 9, 11, 5, 7, 13, 15);
    return __builtin_shufflevector(eight, eight, 0, 4, 1, 5, 2, 6, 3, 7);
#else
    ngramlm_tile sums;
    for (int j = 0; j < NGRAMLM_TILE; j++)
        sums[j] = (acc[j][0] + acc[j][1]) + (acc[j][2] + acc[j][3]);
    return sums;
#endif
}

/* The products input . outputs[j]. */
NGRAMLM_INLINE ngramlm_tile NAME(dots)(const float *input, float *const *outputs, int n, int size)
{
    V acc[NGRAMLM_TILE];
    memset(acc, 0, sizeof(acc));
    for (int b = 0; b < size; b += LANES) {
        V x = *(const V *)(input + b);
        for (int j = 0; j < n; j++)
            acc[j] += x * *(const V *)(outputs[j] + b);
    }
    return NAME(sums)(acc);
}

/* 1 / (1 + e^-x), to 2 units in the last place. x is limited to -80 .. 80. */
NGRAMLM_INLINE ngramlm_tile NAME(logistic)(ngramlm_tile x)
{
    const ngramlm_tile most = (ngramlm_tile){0} + 80.0f, magic = (ngramlm_tile){0} + 12582912.0f; /* 1.5 * 2^23: adding it rounds */
    ngramlm_bits above = x > most, below = x < -most;
    ngramlm_tile t, n, r, p;
    x = (ngramlm_tile)(((ngramlm_bits)most & above) | ((ngramlm_bits)(-most) & below) | ((ngramlm_bits)x & ~(above | below)));
    t = magic - x * 1.44269504f;
    n = t - magic;                                  /* -x / ln 2, rounded */
    r = -x - n * 0.693359375f;                      /* -x - n ln 2, with ln 2 in two parts */
    r = r + n * 2.12194440e-4f;
    p = r * 1.9875691500e-4f + 1.3981999507e-3f;    /* e^r as in Cephes */
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    p = (ngramlm_tile)((ngramlm_bits)p + ((ngramlm_bits)t << 23)); /* times 2^n */
    return 1.0f / (1.0f + p);
}

/* How far each output moves along its input, and its input along the output: rate * weight * (label - logistic(score)). */
NGRAMLM_INLINE double NAME(gains)(ngramlm_tile scores, const float *labels, const float *weights, int n, float rate, float *g,
                                  int with_loss)
{
    double loss = 0;
    if (with_loss)
        for (int j = 0; j < n; j++)
            loss += (double)weights[j] * ngramlm_logistic_loss(scores[j], labels[j]);
    *(ngramlm_tile *)g = (*(const ngramlm_tile *)labels - NAME(logistic)(scores)) * *(const ngramlm_tile *)weights * rate;
    return loss;
}

/* outputs += sum of g * input, inputs += sum of g * output. n is a constant of the compiler at each call. */
NGRAMLM_INLINE void NAME(move)(float *const *inputs, int n_inputs, float *const *outputs, int n, int size, const float *g)
{
    for (int b = 0; b < size; b += LANES) {
        V o[NGRAMLM_TILE], a[NGRAMLM_TILE];
        for (int j = 0; j < n; j++)
            a[j] = o[j] = *(const V *)(outputs[j] + b);
        for (int i = 0; i < n_inputs; i++) {
            V *at = (V *)(inputs[i] + b);
            V x = *at, e = x;
            for (int j = 0; j < n; j++) {
                e += g[i * NGRAMLM_TILE + j] * o[j];
                a[j] += g[i * NGRAMLM_TILE + j] * x;
            }
            *at = e;
        }
        for (int j = 0; j < n; j++)
            *(V *)(outputs[j] + b) = a[j];
    }
}

/* For one input: outputs += g * input, error += sum of g * output. The factors stay in registers. `error` may be `input`. */
NGRAMLM_INLINE void NAME(move_aside)(const float *input, float *error, float *const *outputs, int n, int size, const float *g)
{
    float *rows[NGRAMLM_TILE];
    V factors[NGRAMLM_TILE];
    for (int j = 0; j < n; j++) {
        rows[j] = outputs[j];
        factors[j] = (V){0} + g[j];
    }
    for (int b = 0; b < size; b += LANES) {
        V x = *(const V *)(input + b), e = *(const V *)(error + b);
        for (int j = 0; j < n; j++) {
            V o = *(const V *)(rows[j] + b);
            e += factors[j] * o;
            *(V *)(rows[j] + b) = o + factors[j] * x;
        }
        *(V *)(error + b) = e;
    }
}

#define EACH_N(call) \
    switch (n) { \
    case 1: { enum { N = 1 }; call; break; } \
    case 2: { enum { N = 2 }; call; break; } \
    case 3: { enum { N = 3 }; call; break; } \
    case 4: { enum { N = 4 }; call; break; } \
    case 5: { enum { N = 5 }; call; break; } \
    case 6: { enum { N = 6 }; call; break; } \
    case 7: { enum { N = 7 }; call; break; } \
    default: { enum { N = 8 }; call; break; } \
    }

static double NAME(step_aside)(const float *input, float *error, float *const *outputs, const float *labels, const float *weights,
                               int n_outputs, int size, float rate, float *scratch, int with_loss)
{
    double loss = 0;
    for (int first = 0; first < n_outputs; first += NGRAMLM_TILE) {
        int n = n_outputs - first;
        EACH_N(loss += NAME(gains)(NAME(dots)(input, outputs + first, N, size), labels + first, weights + first, N, rate,
                                   scratch + first, with_loss))
    }
    for (int first = 0; first < n_outputs; first += NGRAMLM_TILE) {
        int n = n_outputs - first;
        EACH_N(NAME(move_aside)(input, error, outputs + first, N, size, scratch + first))
    }
    return loss;
}

static double NAME(step)(float *const *inputs, int n_inputs, float *const *outputs, const float *labels, const float *weights,
                         int n_outputs, int size, float rate, float *scratch, float *errors, int with_loss)
{
    int n = n_outputs, padded = ngramlm_padded(n_outputs);
    double loss = 0;
    for (int first = 0; first < n_outputs; first += NGRAMLM_TILE) {
        n = n_outputs - first;
        EACH_N(for (int i = 0; i < n_inputs; i++) loss += NAME(gains)(
                   NAME(dots)(inputs[i], outputs + first, N, size), labels + first, weights + first, N, rate,
                   scratch + i * padded + first, with_loss))
    }
    if (n_outputs <= NGRAMLM_TILE && n_inputs == 1) {
        EACH_N(NAME(move_aside)(inputs[0], inputs[0], outputs, N, size, scratch))
        return loss;
    }
    if (n_outputs <= NGRAMLM_TILE) {
        EACH_N(NAME(move)(inputs, n_inputs, outputs, N, size, scratch))
        return loss;
    }
    memset(errors, 0, (size_t)n_inputs * (size_t)size * sizeof(float));
    for (int first = 0; first < n_outputs; first += NGRAMLM_TILE) {
        n = n_outputs - first < NGRAMLM_TILE ? n_outputs - first : NGRAMLM_TILE;
        for (int b = 0; b < size; b += LANES) {
            V o[NGRAMLM_TILE], a[NGRAMLM_TILE];
            for (int j = 0; j < n; j++)
                a[j] = o[j] = *(const V *)(outputs[first + j] + b);
            for (int i = 0; i < n_inputs; i++) {
                const float *g = scratch + i * padded + first;
                V x = *(const V *)(inputs[i] + b), *at = (V *)(errors + (size_t)i * (size_t)size + b), e = *at;
                for (int j = 0; j < n; j++) {
                    e += g[j] * o[j];
                    a[j] += g[j] * x;
                }
                *at = e;
            }
            for (int j = 0; j < n; j++)
                *(V *)(outputs[first + j] + b) = a[j];
        }
    }
    for (int i = 0; i < n_inputs; i++)
        for (int b = 0; b < size; b += LANES)
            *(V *)(inputs[i] + b) += *(const V *)(errors + (size_t)i * (size_t)size + b);
    return loss;
}

static void NAME(sum_rows)(float *const *rows, int n, float scale, int size, float *out)
{
    for (int b = 0; b < size; b += LANES) {
        V sum = {0};
        for (int i = 0; i < n; i++)
            sum += *(const V *)(rows[i] + b);
        *(V *)(out + b) = sum * scale;
    }
}

static void NAME(add_to_rows)(float *const *rows, int n, float scale, int size, const float *error)
{
    for (int i = 0; i < n; i++)
        for (int b = 0; b < size; b += LANES)
            *(V *)(rows[i] + b) += *(const V *)(error + b) * scale;
}

static const ngramlm_vector_steps NAME(steps) = {NAME(step), NAME(step_aside), NAME(sum_rows), NAME(add_to_rows)};

#undef V
#undef EACH_N
