#include "gf2.h"

// v_i of the Cantor basis of GF(2^64) = GF(2)[x]/(x^64 + x^4 + x^3 + x + 1): v_0 = 1 and v_(i+1)^2 + v_(i+1) = v_i. Of the
// two solutions, which differ by 1, the one whose lowest bit is 0. Tests/python/gf2_basis.py prints the table.
const uint64_t bell_gf2_cantor[BELL_GF2_BASIS] = {
    0x0000000000000001, 0x19c9369f278adc02, 0xa181e7d66f5ff794, 0x5db84357ce785d08,
    0xb973d466f5c9d0ca, 0x521ac889831a075e, 0x033ce8beddc8a656, 0xb5846c4e07b91010,
    0x4087b8cbb37a32ec, 0x00d0d3888c0ae17c, 0xafd5ac70237f2222, 0xe3f5af99cc3aaaf8,
    0x5a1db3b16a0b58b8, 0x09947c54fe7ee248, 0x0e8eaf0e0068f544, 0xa2a113500b4b4f5a,
    0xe96f9805d6ce0bb0, 0x53496f8b5c9edd4c, 0xad325cb6f4ac2a9e, 0x4a8dcf8bd7ede826,
    0xa3e9c552b6434210, 0x5fa92ad9c9bc7ed0, 0xa389f910cd7734de, 0xe916f3dfca4609d8,
    0xf89578714bd28f96, 0x564dda59237a3352, 0xad33bc6cc75aed38, 0x57a3104fcd0e5f34,
    0xb0f502e4cd60039a, 0xeb42e79f91f49f8c, 0x54e5bf3774b3f850, 0xb66864e6ec14b4d2,
};

uint64_t bell_gf2_basis(int i) { return bell_gf2_cantor[i & (BELL_GF2_BASIS - 1)]; }

const uint8_t bell_gf2_shifted_out[16] = {
    0x00, 0x1b, 0x2d, 0x36, 0x5a, 0x41, 0x77, 0x6c, 0xaf, 0xb4, 0x82, 0x99, 0xf5, 0xee, 0xd8, 0xc3};
