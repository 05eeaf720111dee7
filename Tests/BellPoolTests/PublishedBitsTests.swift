import BellModel
import Testing

@testable import BellPool

@Suite("What a certificate publishes of the outcomes")
struct PublishedBitsTests {
    @Test(
        "numbers from 0 cost Elias's gamma code of their successor",
        arguments: [
            (0, 1), (1, 3), (2, 3), (3, 5), (6, 5), (7, 7), (1023, 21), (131_071, 35), (131_072, 35), (.max, 129),
        ] as [(UInt64, UInt64)])
    func gamma(value: UInt64, bits: UInt64) { #expect(PublishedBits.gamma(value) == bits) }

    @Test("the gamma code is prefix-free: its words fill no more than the whole of Kraft's sum")
    func kraft() {
        let sum = (0..<UInt64(1 << 16)).reduce(0.0) { $0 + 1 / Double(1 << PublishedBits.gamma($1)) }
        #expect(sum < 1 && sum > 0.99)
    }

    @Test(
        "each kind of value costs its kind and its content",
        arguments: [
            (.null, 3), (.bool(true), 4), (.int(0), 3 + 1 + 1), (.int(-7), 3 + 1 + 7), (.double(0.5), 67),
            (.string(Digest.zero.description), 3 + 1 + 256), (.string("stop"), 3 + 1 + 5 + 32), (.string(""), 5),
            (.array([]), 4), (.array([1, 1]), 3 + 3 + 2 * 7), (["a": 1, "long name": .null], 3 + 7 + 3),
        ] as [(JSON, UInt64)])
    func values(value: JSON, bits: UInt64) { #expect(PublishedBits.bits(value) == bits) }

    /// A certificate of one block, small enough to be counted by hand.
    private let certificate: JSON = [
        "plan": ["trials": 7], "hash": .string(Digest.zero.description), "tally": ["valid": 7],
        "blocks": [
            [
                "number": 0, "calibration_hash": .string(Digest.zero.description), "audit": ["k": 5],
                "tally": ["counts": [3, 0, 4], "lost": 0],
                "evidence_roots": ["alice": .string(Digest.zero.description)],
            ]
        ],
        "e_process": ["log10_max": 1.5, "wins": 6], "prediction_ratio": ["wins": 6], "training": [],
        "rng_health": ["alice": 15], "end": ["state": "completed", "reason": .null],
    ]

    @Test("a certificate costs what its evidence costs, counted by hand")
    func byHand() {
        let expected: [(String, UInt64)] = [
            ("number of blocks", 3),
            // The object 3, the digest 3 + 1 + 256.
            ("blocks.evidence_roots", 263),
            // The object 3; lost 3+1+1; the list 3 + γ(3) = 5, and 3+1+5, 3+1+1, 3+1+5.
            ("blocks.tally", 3 + 5 + (3 + 5 + 9 + 5 + 9)),
            ("e_process", 3 + 67 + 9), ("prediction_ratio", 3 + 9), ("training", 4), ("rng_health", 3 + (3 + 1 + 9)),
            // "completed" is nine bytes: 3 + 1 + γ(9) = 7, 72.
            ("end", 3 + 83 + 3), ("length of all", 64), ("signature", 512),
        ]
        let published = PublishedBits(certificate: certificate)
        #expect(published.terms.map(\.member) == expected.map(\.0))
        #expect(published.terms.map(\.bits) == expected.map(\.1))
        #expect(published.total == expected.reduce(0) { $0 + $1.1 })
        #expect(published.json["bits"] == JSON(count: published.total))
    }

    @Test("what was fixed before the outcomes, or follows from the evidence, costs nothing")
    func fixed() {
        var other = certificate.objectValue ?? [:]
        other["plan"] = ["trials": 7, "name": "a longer name"]
        other["tally"] = ["valid": 7, "lost": 12_345_678]
        other["hash"] = "another"
        #expect(PublishedBits(certificate: .object(other)) == PublishedBits(certificate: certificate))
        other["end"] = ["state": "stopped", "reason": "somebody's words"]
        #expect(PublishedBits(certificate: .object(other)).total > PublishedBits(certificate: certificate).total)
    }
}
