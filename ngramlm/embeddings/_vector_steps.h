/* Steps of gradient descent on rows of vectors, for several widths of registers, chosen when the program runs.
 *
 * Rows begin at multiples of 64 bytes and have a multiple of 16 numbers. A step scores some inputs against some
 * outputs, all as they are at its beginning, and moves both along the gradient of the logistic loss. So its work is that
 * of two small matrix products, and every row is fetched once. Outputs of one step are different rows; inputs may repeat.
 */
#ifndef NGRAMLM_VECTOR_STEPS_H
#define NGRAMLM_VECTOR_STEPS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { NGRAMLM_TILE = 8 };                          /* outputs whose sums stay in registers */

typedef struct {
    /* inputs[i] and outputs[j] are rows; labels[j] is 1 for what belongs to the inputs and 0 for noise, which counts
     * weights[j] times. Both have ngramlm_padded(n_outputs) places, and `scratch` so many for each input; `errors` has n_inputs
     * rows, which only n_outputs > NGRAMLM_TILE needs. All begin at multiples of 64 bytes.
     * Returns the loss before the step, in nats, if it is wanted. */
    double (*step)(float *const *inputs, int n_inputs, float *const *outputs, const float *labels, const float *weights,
                   int n_outputs, int size, float rate, float *scratch, float *errors, int with_loss);
    /* The same for one input that stays as it is: what would be added to it is added to `error`. */
    double (*step_aside)(const float *input, float *error, float *const *outputs, const float *labels,
                         const float *weights, int n_outputs, int size, float rate, float *scratch, int with_loss);
    /* out = the sum of rows, times `scale` */
    void (*sum_rows)(float *const *rows, int n, float scale, int size, float *out);
    /* every row += scale * error */
    void (*add_to_rows)(float *const *rows, int n, float scale, int size, const float *error);
} ngramlm_vector_steps;

static double ngramlm_logistic_loss(float score, float label)
{
    double wrong = label > 0.5f ? -(double)score : (double)score;       /* log(1 + e^wrong) */
    return wrong > 0 ? wrong + log1p(exp(-wrong)) : log1p(exp(wrong));
}

#define NGRAMLM_INLINE static inline __attribute__((always_inline))
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"            /* vectors are passed between inlined functions only */
#endif

typedef float ngramlm_tile __attribute__((vector_size(4 * NGRAMLM_TILE), may_alias));
typedef int32_t ngramlm_bits __attribute__((vector_size(4 * NGRAMLM_TILE), may_alias));

/* Room for so many outputs, in whole tiles. */
static inline int ngramlm_padded(int n_outputs)
{
    return (n_outputs + NGRAMLM_TILE - 1) / NGRAMLM_TILE * NGRAMLM_TILE;
}

#if defined(__x86_64__) && defined(__GNUC__)
#define NGRAMLM_HAS_WIDE 1
#endif

#ifdef NGRAMLM_HAS_WIDE
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,fma")
#endif
#define LANES 16
#define NAME(x) ngramlm_##x##_16
#include "_vector_steps_lanes.h"
#undef LANES
#undef NAME
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define LANES 8
#define NAME(x) ngramlm_##x##_8
#include "_vector_steps_lanes.h"
#undef LANES
#undef NAME
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#define LANES 4
#define NAME(x) ngramlm_##x##_4
#include "_vector_steps_lanes.h"
#undef LANES
#undef NAME

/* The steps for registers of so many numbers (0: as many as the processor has); NULL where it has none such. */
static const ngramlm_vector_steps *ngramlm_find_vector_steps(int lanes)
{
#ifdef NGRAMLM_HAS_WIDE
    __builtin_cpu_init();
    if ((lanes == 0 || lanes == 16) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return &ngramlm_steps_16;
    if ((lanes == 0 || lanes == 8) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &ngramlm_steps_8;
#endif
    return lanes == 0 || lanes == 4 ? &ngramlm_steps_4 : NULL;
}

#endif
