/* Logarithms of whole columns, the same to the last bit on every machine.
 *
 * x = 2^k z with sqrt(1/2) <= z < sqrt(2), and log z = 2 artanh(s) with s = (z - 1) / (z + 1), |s| < 0.172. The series
 * of artanh up to s^19 has a relative error of less than 1e-16. Compile with -ffp-contract=off: processors with a fused
 * multiply-add would otherwise give other bits.
 */
#ifndef NGRAMLM_LOG10_H
#define NGRAMLM_LOG10_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define NGRAMLM_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define NGRAMLM_CLONES
#endif

/* out[i] = log10(x[i]), but at most `most`; 0 gives minus infinity. */
NGRAMLM_CLONES static void ngramlm_log10_floats(const double *restrict x, float *restrict out, int64_t n, double most)
{
    const uint64_t half_root = 0x3FE6A09E667F3BCDULL, one = 0x3FF0000000000000ULL, fraction = 0x000FFFFFFFFFFFFFULL;
    const uint64_t least = 0x0010000000000000ULL, largest = 0x7FEFFFFFFFFFFFFFULL;     /* of the normal numbers */
    uint64_t odd = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        double z, k, s, t, sum;
        memcpy(&bits, &x[i], 8);
        odd |= (bits - least) | (largest - bits);
        bits += one - half_root;
        uint64_t exponent = (bits >> 52) | 0x4330000000000000ULL;      /* 2^52 + biased exponent, as a double */
        bits = (bits & fraction) + half_root;
        memcpy(&z, &bits, 8);
        memcpy(&k, &exponent, 8);
        k -= 4503599627370496.0 + 1023.0;
        s = (z - 1.0) / (z + 1.0);
        t = s * s;
        sum = 1.0 / 19;
        sum = sum * t + 1.0 / 17;
        sum = sum * t + 1.0 / 15;
        sum = sum * t + 1.0 / 13;
        sum = sum * t + 1.0 / 11;
        sum = sum * t + 1.0 / 9;
        sum = sum * t + 1.0 / 7;
        sum = sum * t + 1.0 / 5;
        sum = sum * t + 1.0 / 3;
        sum = sum * t + 1.0;
        sum = (2.0 * s * sum + k * 0.69314718055994530942) * 0.43429448190325182765;
        out[i] = (float) (sum < most ? sum : most);
    }
    if (odd >> 63) {
        for (int64_t i = 0; i < n; i++) {
            if (!(x[i] >= DBL_MIN && x[i] <= DBL_MAX)) {
                double value = log10(x[i]);
                out[i] = (float) (value > most ? most : value);
            }
        }
    }
}

#endif
