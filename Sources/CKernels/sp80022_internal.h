#pragma once
#include "bell_kernels.h"
#include <string.h>

// Each kernel is one portable body with 64-byte vectors of clang, compiled for three instruction sets; level chooses.
#define INLINE static inline __attribute__((always_inline))
#if defined(__x86_64__)
#define LEVEL1 __attribute__((target("avx2,fma,bmi,bmi2,lzcnt,popcnt")))
#define LEVEL2 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi,bmi2,lzcnt,popcnt")))
#else
#define LEVEL1
#define LEVEL2
#endif

/// Declares `name` as a call of `name##_body` for the level, at most what the CPU has; `list` and `args` with brackets.
#define KERNEL(type, name, list, args)                    \
    static type name##_0 list { return name##_body args; }        \
    LEVEL1 static type name##_1 list { return name##_body args; } \
    LEVEL2 static type name##_2 list { return name##_body args; }
#define CALL(name, level, args)                                                                        \
    ((level) >= 2 && bell_sp22_level() >= 2 ? name##_2 args                                            \
                                            : (level) >= 1 && bell_sp22_level() >= 1 ? name##_1 args : name##_0 args)

typedef uint64_t Words __attribute__((vector_size(64)));

INLINE uint64_t big64(const uint8_t *p) {
    uint64_t w;
    memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap64(w);
#else
    return w;
#endif
}
INLINE uint32_t big32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }
