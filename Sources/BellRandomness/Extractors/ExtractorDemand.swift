public import BellModel
import Glibc

/// What is known about two sources, and what is asked of their extraction.
public struct ExtractorDemand: Equatable, Sendable {
    /// n1.
    public var sourceBits: Int
    /// k1, min-entropy of the first source given what the adversary holds, bits.
    public var sourceEntropy: Double
    /// n2, bits of the second source that are there.
    public var secondBits: Int
    /// k2, its min-entropy, bits.
    public var secondEntropy: Double
    /// log2 ε: of the distance of the output from uniform bits. A logarithm, so that 1e-300 and less are as good as others.
    public var errorExponent: Double
    public var security: ExtractorSecurity

    public init(
        sourceBits: Int, sourceEntropy: Double, secondBits: Int, secondEntropy: Double, errorExponent: Double,
        security: ExtractorSecurity
    ) {
        self.sourceBits = sourceBits
        self.sourceEntropy = sourceEntropy
        self.secondBits = secondBits
        self.secondEntropy = secondEntropy
        self.errorExponent = errorExponent
        self.security = security
    }

    /// Min-entropy of `bits` bits of a Santha–Vazirani source: each has either value with at most ½ + μ, whatever came before
    /// and whatever the adversary holds, so that no string is likelier than (½ + μ)^n.
    ///
    /// - Parameter bias: μ, 0 ..< ½.
    /// - SeeAlso: Santha and Vazirani, J. Comput. Syst. Sci. 33, 75 (1986).
    public static func santhaVazirani(bits: Int, bias: Double) -> Double { Double(bits) * -log2(0.5 + bias) }

    /// Refuses what no source has and what no error is.
    ///
    /// - Throws: `extractor.parameters`, with all that is wrong.
    public func check(at place: String = "extraction") throws(BellError) {
        var wrong: [BellError] = []
        func refuse(_ what: String, fix: String) {
            wrong.append(BellError(.extractorParameters, what, at: place, fix: fix))
        }
        for (name, bits, entropy) in [
            ("one", sourceBits, sourceEntropy), ("two", secondBits, secondEntropy),
        ] {
            if bits < 1 || bits > Bits.longest {
                refuse("Source \(name) cannot have \(bits) bits.", fix: "give 1 to 2^30 bits")
            } else if !(entropy >= 0) || entropy > Double(bits) {
                refuse(
                    "Source \(name) cannot have \(entropy) bits of min-entropy in \(bits) bits.",
                    fix: "give 0 to \(bits) bits of min-entropy")
            }
        }
        if !(errorExponent < -1) || !errorExponent.isFinite {
            refuse(
                "An error of 2^\(errorExponent) is not provided for.",
                fix: "give an error above 0 and below 1/2, for example 2^-64")
        }
        if let error = BellError.all(wrong) { throw error }
    }
}
