public import BellModel
import BellRandomness
import Glibc

extension BellError.Code {
    /// Source two cannot be used: it is too short, fails its health tests, or is not the one of the extraction.
    public static let secondSource = BellError.Code("pool.second-source", exit: .usage)
}

/// Where source two comes from, and how much min-entropy its bits are declared to have.
public struct PoolSource: Equatable, Sendable {
    public enum Origin: Equatable, Sendable {
        /// The operating system's generator.
        case host
        /// A board's own generator, over the daemon.
        case board(String)
        /// Packed bits that a person has drawn before.
        case file(String)

        /// Reads `host`, `board:NAME` or a path.
        public init(_ text: String) {
            if text == "host" {
                self = .host
            } else if text.hasPrefix("board:"), text.count > 6 {
                self = .board(String(text.dropFirst(6)))
            } else {
                self = .file(text)
            }
        }

        /// As recipes say it; a file's path is this machine's own matter.
        public var name: String {
            switch self {
            case .host: "host"
            case .board(let board): "board:\(board)"
            case .file: "file"
            }
        }
    }

    public let origin: Origin
    /// Declared min-entropy a bit given those before and the adversary, 0 < h ≤ 1.
    public let rate: Double
    /// μ from which the rate follows, −log2(½ + μ); nil where the rate itself was declared.
    public let bias: Double?

    /// Declares that no bit is likelier than ½ + μ, whatever came before.
    public init(_ origin: Origin, bias: Double) {
        self.origin = origin
        self.bias = bias
        rate = ExtractorDemand.santhaVazirani(bits: 1, bias: bias)
    }

    /// Declares the min-entropy a bit.
    public init(_ origin: Origin, rate: Double) {
        self.origin = origin
        self.rate = rate
        bias = nil
    }

    /// As the extractors' own planning takes it: each bit has this min-entropy whatever came before it.
    ///
    /// - Parameter bits: How many could be drawn.
    func drawn(bits: Int) -> BellRandomness.SecondSource {
        .santhaVazirani(bits: bits, bias: bias ?? max(0, exp2(-rate) - 0.5))
    }

    /// Refuses bits that fail the continuous health tests for the declared min-entropy, at 2^-40 a place.
    ///
    /// They find a source that is stuck or far from what was declared; that it has that min-entropy no test can show.
    /// - Throws: `pool.second-source`, `randomness.parameters` for a rate below 0.001.
    /// - SeeAlso: NIST SP 800-90B, section 4.4.
    public func check(_ bits: [UInt8]) throws(BellError) {
        var tests = HealthTests(try HealthCutoffs(.bits, minEntropy: rate, falseAlarmExponent: 40))
        guard let failure = tests.test(bits) else { return }
        throw BellError(
            .secondSource, "Source two fails the \(failure.test.rawValue) test at bit \(failure.position).",
            at: origin.name,
            cause: "\(failure.count) times one value, more than bits with \(rate) bits of min-entropy each can have",
            state: "nothing was extracted",
            fix: "find out what is wrong with the source; bits that failed are not to be used")
    }

    /// The member of a recipe; `count` bits were drawn.
    public var json: JSON {
        ["origin": .string(origin.name), "bias": JSON(bias), "entropy_per_bit": .double(rate)]
    }

    /// What must be true of it and no data can show; each a sentence.
    public var assumptions: [String: JSON] {
        var all: [String: JSON] = [
            "second-source-independent": .string(
                "Source two is independent of the outcomes given the adversary and the settings. It was drawn from a "
                    + "generator that shares no state and no electronics with the readout, and none of its bits was a "
                    + "setting."),
            "second-source-entropy": .string(
                bias.map {
                    "Each bit of source two has either value with at most 1/2 + \(JSON.double($0).text), whatever came "
                        + "before it and whatever the adversary holds."
                }
                    ?? "Source two has \(JSON.double(rate).text) bits of min-entropy a bit given what the adversary holds."
            ),
        ]
        switch origin {
        case .host:
            all["second-source-is-pseudo-random"] = .string(
                "Source two is the operating system's generator: a pseudo-random generator that hardware has seeded. It has "
                    + "the declared min-entropy only against adversaries who cannot compute without bound.")
        case .board(let board):
            all["second-source-of-a-board"] = .string(
                "Source two is the generator of \(board)'s board, which also makes that node's settings: that it shares "
                    + "nothing with the readout is the laboratory's word.")
        case .file: break
        }
        return all
    }
}
