public import BellModel
import CKernels

extension BellError.Code {
    /// There is no memory for a product, or the CPU lacks the way that was asked for.
    public static let productRefused = BellError.Code("product.refused", exit: .internal)
}

/// Products of polynomials over GF(2).
///
/// Bit i of word j is the coefficient of x^(64j + i). Up to some ten words a product is quadratic, above Karatsuba's, above
/// some hundred by an additive FFT: O(n log n) with cost in proportion to the result's length to about a quarter. Besides the
/// result it takes up to 64 bytes for each of its words, given back at the end. docs/gf2-product.md explains it.
public enum CarrylessProduct {
    /// How it is computed; every way gives the same bits.
    public enum Way: CaseIterable, Sendable {
        /// Plain C, on any CPU.
        case portable
        /// One product of words an instruction: PCLMULQDQ (with AVX2), or PMULL of aarch64.
        case carryless
        /// Four an instruction: VPCLMULQDQ with AVX-512.
        case wide

        /// Whether this CPU has what it needs.
        public var isAvailable: Bool { bell_gf2_has(kernel) == 1 }

        /// The fastest one of this CPU, which is taken when none is named.
        public static var fastest: Way {
            switch bell_gf2_multiply_is() {
            case BELL_GF2_VCLMUL: .wide
            case BELL_GF2_CLMUL: .carryless
            default: .portable
            }
        }

        var kernel: bell_gf2_way {
            switch self {
            case .portable: BELL_GF2_PORTABLE
            case .carryless: BELL_GF2_CLMUL
            case .wide: BELL_GF2_VCLMUL
            }
        }
    }

    /// Multiplies.
    ///
    /// - Returns: `a.count + b.count` words; nothing is cut off at either end.
    /// - Throws: `product.refused` when memory is short or the CPU lacks the way.
    /// - SeeAlso: `bell_gf2_multiply_with` in bell_kernels.h.
    public static func multiply(
        _ a: [UInt64], _ b: [UInt64], by way: Way = .fastest
    ) throws(BellError) -> [UInt64] {
        try filled(a.count + b.count, a, b, way) { out in
            bell_gf2_multiply_with(way.kernel, out, a, a.count, b, b.count)
        }
    }

    /// Gives some coefficients of a product: a Toeplitz matrix times a vector.
    ///
    /// Costs what the output needs: of long operands only pieces are multiplied when few bits are wanted.
    ///
    /// - Parameter bits: Which coefficients; beyond the product they are zero.
    /// - Returns: The coefficients from bit 0 of the first word on; bits above the last are zero.
    /// - Throws: `product.refused` when memory is short or the CPU lacks the way.
    /// - SeeAlso: `bell_gf2_multiply_range_with` in bell_kernels.h.
    public static func multiply(
        _ a: [UInt64], _ b: [UInt64], bits: Range<Int>, by way: Way = .fastest
    ) throws(BellError) -> [UInt64] {
        precondition(bits.lowerBound >= 0, "coefficients have exponents from 0 on")
        return try filled((bits.count + 63) / 64, a, b, way) { out in
            bell_gf2_multiply_range_with(
                way.kernel, out, a, a.count, b, b.count, bits.lowerBound, bits.count)
        }
    }

    /// The polynomial mod x^n − 1: each further n bits are added to the first.
    ///
    /// - Parameter n: At least 1.
    /// - Returns: ⌈n / 64⌉ words; bits above n − 1 are zero.
    /// - SeeAlso: `bell_gf2_fold` in bell_kernels.h.
    public static func fold(_ words: [UInt64], modulo n: Int) -> [UInt64] {
        precondition(n > 0, "a length")
        return [UInt64](unsafeUninitializedCapacity: (n + 63) / 64) { out, count in
            bell_gf2_fold(out.baseAddress, words, words.count, n)
            count = out.count
        }
    }

    /// Packed bits, the first one the most significant of the first byte, as a polynomial: bit i is the coefficient of x^i.
    ///
    /// - Parameter bits: At most 8 for each byte; what the bytes hold beyond is not taken.
    /// - SeeAlso: `bell_gf2_from_bytes` in bell_kernels.h.
    public static func words(packed bytes: UnsafeRawBufferPointer, bits: Int) -> [UInt64] {
        precondition(bits >= 0 && (bits + 7) / 8 <= bytes.count, "bits that are there")
        return [UInt64](unsafeUninitializedCapacity: (bits + 63) / 64) { out, count in
            bell_gf2_from_bytes(out.baseAddress, bytes.baseAddress, bits)
            count = (bits + 63) / 64
        }
    }

    /// The inverse of ``words(packed:bits:)``; the last byte ends with zeros.
    ///
    /// - SeeAlso: `bell_gf2_to_bytes` in bell_kernels.h.
    public static func packed(_ words: [UInt64], bits: Int) -> [UInt8] {
        precondition(bits >= 0 && bits <= 64 * words.count, "bits that are there")
        return [UInt8](unsafeUninitializedCapacity: (bits + 7) / 8) { out, count in
            bell_gf2_to_bytes(out.baseAddress, words, bits)
            count = (bits + 7) / 8
        }
    }

    /// Memory for the result, and the error when the kernel says that there is too little.
    private static func filled(
        _ count: Int, _ a: [UInt64], _ b: [UInt64], _ way: Way, _ kernel: (UnsafeMutablePointer<UInt64>?) -> Int32
    ) throws(BellError) -> [UInt64] {
        var isDone = true
        let out = [UInt64](unsafeUninitializedCapacity: count) { out, filled in
            isDone = kernel(out.baseAddress) == 0
            filled = isDone ? count : 0
        }
        guard isDone else {
            throw BellError(
                .productRefused, "Two polynomials of \(64 * a.count) and \(64 * b.count) bits cannot be multiplied.",
                cause: way.isAvailable ? "memory is short" : "this CPU lacks the instructions of the way `\(way)`",
                state: "nothing was written", fix: "end other programs, or take shorter pieces")
        }
        return out
    }
}
