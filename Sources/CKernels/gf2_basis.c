#include "gf2.h"

// v_i of the Cantor basis of GF(2^128) = GF(2)[x]/(x^128 + x^7 + x^2 + x + 1), low word first: v_0 = 1 and
// v_(i+1)^2 + v_(i+1) = v_i. Of the two solutions, which differ by 1, the one whose lowest bit is 0.
// Tests/python/gf2_basis.py makes the table.
const uint64_t bell_gf2_cantor[32][2] = {
    {0x0000000000000001, 0x0000000000000000},
    {0x676aac9fa4b20b08, 0x295ac0b1f4731af9},
    {0xff1099c31bbe8f22, 0xa2134422cd4054c9},
    {0x53b85b6402b1e848, 0x7959d70ce1ee6942},
    {0xcabcd8e4694e5644, 0x08f6b313e935b8e2},
    {0x4d48b16661e860ec, 0x49c9321635282198},
    {0xa13fe8ac5560ce0c, 0x053d8555a9979a1c},
    {0x5cb10fbabcf00118, 0x4d52354a3a3d8c86},
    {0xe18c55b8e07d3612, 0x2ccae6ed8d6b4cd0},
    {0x588b6244c5d74470, 0x210d8fbe72672c66},
    {0xd047dada84654da4, 0xc211182c85e148b3},
    {0xfed3b473eeb39df8, 0x104d101e47f1f112},
    {0xbf199eb4f675f2ac, 0xce955ea0da2a682b},
    {0x19c55b8d6bef4c98, 0xdbacfb2ac336178f},
    {0xf5531b28858156d0, 0x58770bc4e101ab94},
    {0x8b97b65b221cc4e4, 0x497f8adb47e0ae82},
    {0xa10cfc6a1654c578, 0x05aa755df14f64da},
    {0xbae99a4e3fbe0c54, 0x82db354523f40c7b},
    {0x8e808ec2a80c4662, 0xba5ba13dbf25ee6b},
    {0x5c2b82c39ef7a93c, 0x300b8602354dbc70},
    {0x882e2943d5ee4534, 0xc25f5e75edaa4fa9},
    {0x95d3204b1d1dd922, 0x39092e35de04cc32},
    {0xcb6e1a7035541fd6, 0x8ab363f0b1f0f211},
    {0xa1318678293664f4, 0xbe1eca746232042b},
    {0xe684ecc9b397a5fe, 0xb3b2d35103f1a3ed},
    {0x6da6f30e41a8edf0, 0x34b0cc6ccf4ee620},
    {0xacd605531d728f16, 0xa6af6a59808b2143},
    {0x036771e3ca90ca14, 0x3555819a552c1192},
    {0xc6c1932eeb78b72a, 0xeabea114c8ae9a9f},
    {0xfc5874dd3b9425ce, 0x1988519c2a18a57c},
    {0x70ec558472062c44, 0x60abfabc33f697de},
    {0xa9e47128863ba654, 0x0df68fe1cdf73f30},
};

void bell_gf2_basis(uint64_t out[2], int i) { memcpy(out, bell_gf2_cantor[i & 31], 16); }
