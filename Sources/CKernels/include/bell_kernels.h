#pragma once
#include <stddef.h>
#include <stdint.h>

/// Continues a CRC32C (Castagnoli polynomial, reflected 0x82F63B78; RFC 3720, B.4) over n bytes at p.
/// Begin with crc 0; inversion before and after is done inside, so results chain. Uses SSE4.2 where the CPU has it.
uint32_t bell_crc32c(uint32_t crc, const void *p, size_t n);

/// The same value without special instructions: eight table look-ups for eight bytes.
uint32_t bell_crc32c_portable(uint32_t crc, const void *p, size_t n);

/// 1 when bell_crc32c uses an instruction of this CPU, else 0.
int bell_crc32c_is_hardware(void);
