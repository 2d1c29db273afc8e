/* Steps of AdaGrad on GloVe's loss, for the vectors that the processor has.
 *
 * A row has `blocks` blocks of 16 parameters. The sums of the squared steps of these 16 parameters follow each block. So a
 * record reads and writes two runs of neighboring cache lines. Biases are parameters too: the row of a word is
 * (w, b, 1, 0..), the row of a context is (w~, 1, b~, 0..), and their product is w.w~ + b + b~. `lanes` holds 3 x 16
 * values for each block: the learning rates of words, the learning rates of contexts, and the limits of slopes. The rate
 * is 0 for a parameter that never changes.
 *
 * AdaGrad's sums of squares start at 1. The 1 is not stored but added at each use: added to 1 in float32, a square
 * below 6e-8 would be lost. Without the 1, a sum of n squares loses less than n 2^-24 of its value.
 *
 * sqrt and division would take most of the time. AVX-512 and AVX2 approximate 1 / sqrt to 14 and 12 bits; one step of
 * Newton's method, y (1.5 - 0.5 a y^2), makes it exact to float precision. The portable form starts from the halved bits
 * of the exponent, and takes three steps.
 */
#ifndef NGRAMLM_GLOVE_H
#define NGRAMLM_GLOVE_H

#include <stdint.h>

#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define NGRAMLM_GLOVE_X86
#include <immintrin.h>
#endif

#define GLOVE_BLOCK 16
/* how many records ahead the rows are prefetched */
#define GLOVE_AHEAD 4

typedef struct {
    int32_t row, column;
    float log_value, weight;   /* ln X, f(X) */
} ngramlm_glove_record;

/* -- any processor: four lanes -------------------------------------------------------------------------------------- */

typedef float ngramlm_floats4 __attribute__((vector_size(16), may_alias));
typedef int32_t ngramlm_ints4 __attribute__((vector_size(16), may_alias));

static inline ngramlm_floats4 ngramlm_choose4(ngramlm_ints4 mask, ngramlm_floats4 yes, ngramlm_floats4 no)
{
    return (ngramlm_floats4)(((ngramlm_ints4)yes & mask) | ((ngramlm_ints4)no & ~mask));
}

static inline ngramlm_floats4 ngramlm_within4(ngramlm_floats4 a, ngramlm_floats4 limit)
{
    a = ngramlm_choose4((ngramlm_ints4)(a > limit), limit, a);
    return ngramlm_choose4((ngramlm_ints4)(a < -limit), -limit, a);
}

static inline ngramlm_floats4 ngramlm_root4(ngramlm_floats4 a)
{
    ngramlm_floats4 y = (ngramlm_floats4)(0x5F375A86 - ((ngramlm_ints4)a >> 1)), half = 0.5f * a;
    y *= 1.5f - half * y * y;
    y *= 1.5f - half * y * y;
    return y * (1.5f - half * y * y);
}

#define GLOVE_NAME(x) x##_portable
#define GLOVE_TARGET
#define LANES 4
#define GLOVE_FMA(a, b, c) ((a) * (b) + (c))
#define GLOVE_WITHIN(a, limit) ngramlm_within4(a, limit)
#define GLOVE_ROOT(a) ngramlm_root4(a)
static inline float ngramlm_sum4(ngramlm_floats4 a)
{
    return (a[0] + a[1]) + (a[2] + a[3]);
}
#define GLOVE_SUM(a) ngramlm_sum4(a)
#include "_glove_steps.h"

#ifdef NGRAMLM_GLOVE_X86

/* -- AVX2: eight lanes ---------------------------------------------------------------------------------------------- */

#define NGRAMLM_AVX2 __attribute__((target("avx2,fma")))

NGRAMLM_AVX2 static inline __m256 ngramlm_root8(__m256 a)
{
    const __m256 y = _mm256_rsqrt_ps(a), half = _mm256_mul_ps(_mm256_set1_ps(-0.5f), a);
    return _mm256_mul_ps(y, _mm256_fmadd_ps(_mm256_mul_ps(half, y), y, _mm256_set1_ps(1.5f)));
}

NGRAMLM_AVX2 static inline __m256 ngramlm_within8(__m256 a, __m256 limit)
{
    return _mm256_max_ps(_mm256_min_ps(a, limit), -limit);
}

NGRAMLM_AVX2 static inline float ngramlm_sum8(__m256 a)
{
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

#define GLOVE_NAME(x) x##_avx2
#define GLOVE_TARGET NGRAMLM_AVX2
#define LANES 8
#define GLOVE_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define GLOVE_WITHIN(a, limit) ngramlm_within8(a, limit)
#define GLOVE_ROOT(a) ngramlm_root8(a)
#define GLOVE_SUM(a) ngramlm_sum8(a)
#include "_glove_steps.h"

/* -- AVX-512: sixteen lanes ----------------------------------------------------------------------------------------- */

#define NGRAMLM_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,fma")))

NGRAMLM_AVX512 static inline __m512 ngramlm_root16(__m512 a)
{
    const __m512 y = _mm512_rsqrt14_ps(a), half = _mm512_mul_ps(_mm512_set1_ps(-0.5f), a);
    return _mm512_mul_ps(y, _mm512_fmadd_ps(_mm512_mul_ps(half, y), y, _mm512_set1_ps(1.5f)));
}

NGRAMLM_AVX512 static inline __m512 ngramlm_within16(__m512 a, __m512 limit)
{
    return _mm512_max_ps(_mm512_min_ps(a, limit), -limit);
}

#define GLOVE_NAME(x) x##_avx512
#define GLOVE_TARGET NGRAMLM_AVX512
#define LANES 16
#define GLOVE_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define GLOVE_WITHIN(a, limit) ngramlm_within16(a, limit)
#define GLOVE_ROOT(a) ngramlm_root16(a)
#define GLOVE_SUM(a) _mm512_reduce_add_ps(a)
#include "_glove_steps.h"

#endif

/* -- the choice ----------------------------------------------------------------------------------------------------- */

enum { NGRAMLM_GLOVE_PORTABLE, NGRAMLM_GLOVE_AVX2, NGRAMLM_GLOVE_AVX512 };

/* The widest instruction set that this processor has. */
static int ngramlm_glove_widest(void)
{
#ifdef NGRAMLM_GLOVE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma"))
        return NGRAMLM_GLOVE_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return NGRAMLM_GLOVE_AVX2;
#endif
    return NGRAMLM_GLOVE_PORTABLE;
}

/* Take a step for each record. Returns the loss: the sum of f(X) difference^2, each taken before its step. */
static double ngramlm_glove_steps(int simd, const ngramlm_glove_record *records, int64_t n, float *words, float *contexts,
                                  int64_t blocks, const float *lanes)
{
#ifdef NGRAMLM_GLOVE_X86
    if (simd == NGRAMLM_GLOVE_AVX512)
        return ngramlm_glove_steps_avx512(records, n, words, contexts, blocks, lanes);
    if (simd == NGRAMLM_GLOVE_AVX2)
        return ngramlm_glove_steps_avx2(records, n, words, contexts, blocks, lanes);
#endif
    (void)simd;
    return ngramlm_glove_steps_portable(records, n, words, contexts, blocks, lanes);
}

#endif
