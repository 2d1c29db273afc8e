/* Steps of gradient descent on rows of vectors, for several widths of registers. The program chooses the width at run time.
 *
 * Rows begin at multiples of 64 bytes, and their length is a multiple of 16 floats. A step scores all its inputs against
 * all its outputs, with the values at the beginning of the step. Then it moves both along the gradient of the logistic
 * loss. This is the work of two small matrix products, and every row is fetched once. The outputs of one step must be
 * different rows. Its inputs may repeat.
 */
#ifndef NGRAMLM_VECTOR_STEPS_H
#define NGRAMLM_VECTOR_STEPS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* the number of outputs whose sums stay in registers */
enum { NGRAMLM_TILE = 8 };

typedef struct {
    /* Take one step; return the loss before the step in nats, or 0 unless `with_loss`.
     * inputs[i] and outputs[j] are rows. labels[j] is 1 for an output that belongs to the inputs, and 0 for noise.
     * weights[j] is the number of times that output j counts. `labels` and `weights` have ngramlm_padded(n_outputs)
     * places, and `scratch` has as many for each input. `errors` has n_inputs rows; it is used only if n_outputs >
     * NGRAMLM_TILE. All arrays begin at multiples of 64 bytes. */
    double (*step)(float *const *inputs, int n_inputs, float *const *outputs, const float *labels, const float *weights,
                   int n_outputs, int size, float rate, float *scratch, float *errors, int with_loss);
    /* Take one step for one input that does not move: its move is added to `error` instead. */
    double (*step_aside)(const float *input, float *error, float *const *outputs, const float *labels,
                         const float *weights, int n_outputs, int size, float rate, float *scratch, int with_loss);
    /* out = scale * the sum of the rows */
    void (*sum_rows)(float *const *rows, int n, float scale, int size, float *out);
    /* every row += scale * error */
    void (*add_to_rows)(float *const *rows, int n, float scale, int size, const float *error);
} ngramlm_vector_steps;

static double ngramlm_logistic_loss(float score, float label)
{
    /* The loss is log(1 + e^wrong). */
    double wrong = label > 0.5f ? -(double)score : (double)score;
    return wrong > 0 ? wrong + log1p(exp(-wrong)) : log1p(exp(wrong));
}

#define NGRAMLM_INLINE static inline __attribute__((always_inline))
#if !defined(__clang__)
/* gcc warns that the way to pass vectors may change; only inlined functions pass them here */
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

typedef float ngramlm_tile __attribute__((vector_size(4 * NGRAMLM_TILE), may_alias));
typedef int32_t ngramlm_bits __attribute__((vector_size(4 * NGRAMLM_TILE), may_alias));

/* The room that the outputs take, rounded up to whole tiles. */
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

/* The steps for registers of `lanes` floats, or for the widest registers if it is 0. NULL if the processor lacks them. */
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
