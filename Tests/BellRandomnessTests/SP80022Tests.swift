import BellModel
import TestSupport
import Testing

@testable import BellRandomness

@Suite struct SP80022Tests {
    private func pValues(_ name: String, level: Int = SP80022Examiner.bestLevel) throws -> [Double?] {
        let length = try SP80022Reference(name).length
        return try SP80022Reference.bits(name).withUnsafeBytes { bits in
            try SP80022Examiner(length, level: level).pValues(of: bits)
        }
    }

    @Test("All 188 p-values equal those of an independent program to 1e-9", arguments: SP80022Reference.names)
    func reference(name: String) throws {
        let reference = try SP80022Reference(name)
        let tests = SP80022.tests(reference.length)
        let found = try pValues(name)
        #expect(found.count == 188)
        #expect(tests.count == 188)
        #expect(reference.pValues.count == 188)
        var worst = 0.0
        for (test, values) in zip(tests, zip(found, reference.pValues)) {
            let value = try #require(values.0, "\(test.name) of \(name)")
            worst = max(worst, abs(value / values.1 - 1))
            #expect(abs(value / values.1 - 1) < 1e-9, "\(test.name) of \(name): \(value), not \(values.1)")
        }
        print("sp800-22 of \(name): largest relative difference \(worst)")
    }

    /// SP 800-22 rev. 1a, appendix B; the overlapping template's row is computed with the older classes.
    static let published: [(String, String, Double, Double)] = [
        ("frequency", "", 0.578211, 0.953749), ("block frequency", "", 0.380615, 0.211072),
        ("cumulative sums forward", "", 0.628308, 0.669887), ("cumulative sums backward", "", 0.663369, 0.724266),
        ("runs", "", 0.419268, 0.561917), ("longest run", "", 0.024390, 0.718945), ("rank", "", 0.083553, 0.306156),
        ("spectral", "", 0.010186, 0.847187), ("non-overlapping template 000000001", "", 0.165757, 0.078790),
        ("universal", "", 0.669012, 0.282568), ("approximate entropy", "", 0.361595, 0.700073),
        ("random excursions x = 1", "", 0.844143, 0.786868),
        ("random excursions variant x = -1", "", 0.760966, 0.826009),
        ("linear complexity", "", 0.255475, 0.826335), ("serial ∇ψ²", "", 0.143005, 0.766182),
    ]

    @Test("The values of the standard's appendix B for π and e appear", arguments: published)
    func appendixB(name: String, _: String, pi: Double, e: Double) throws {
        let place = try #require(SP80022.tests(.standard).firstIndex { $0.name == name })
        for (stream, expected) in [("pi", pi), ("e", e)] {
            let value = try #require(try pValues(stream)[place])
            #expect(abs(value - expected) < 1.5e-6, "\(name) of \(stream)")
        }
    }

    @Test("The overlapping template's row of appendix B is that of the older class probabilities")
    func olderClasses() throws {
        for (stream, published) in [("pi", 0.296897), ("e", 0.110434)] {
            let examiner = try SP80022Examiner(.standard)
            let value = try SP80022Reference.bits(stream).withUnsafeBytes { examiner.overlappingWithOlderClasses($0) }
            #expect(abs(value - published) < 1.5e-6)
            #expect(abs(value / (try SP80022Reference(stream).older) - 1) < 1e-9)
        }
    }

    @Test("Portable code, AVX2 and AVX-512 give the same p-values", arguments: ["pi", "joined"])
    func levels(name: String) throws {
        let portable = try pValues(name, level: 0)
        for level in 1...2 { #expect(try pValues(name, level: level) == portable) }
    }

    @Test(
        "Constant and alternating streams fail, and no test crashes on them",
        arguments: [0x00, 0xff, 0x55, 0xcc] as [UInt8])
    func artificial(byte: UInt8) throws {
        let stream = [UInt8](repeating: byte, count: 125_000)
        let p = try stream.withUnsafeBytes { try SP80022Examiner(.standard).pValues(of: $0) }
        #expect(p.compactMap(\.self).allSatisfy { $0 >= 0 && $0 <= 1 })
        #expect(p.compactMap(\.self).count { $0 < 1e-10 } > 100)
    }

    @Test("A walk with too few cycles has no p-values of random excursions")
    func fewCycles() throws {
        var stream = try SP80022Reference.bits("e")
        for place in 0..<400 { stream[place] = 0xff }
        let p = try stream.withUnsafeBytes { try SP80022Examiner(.standard).pValues(of: $0) }
        let tests = SP80022.tests(.standard)
        for (test, value) in zip(tests, p) { #expect((value == nil) == test.family.hasPrefix("random excursions")) }
    }

    @Test("There are 15 tests, and no two p-values have one name")
    func catalogue() {
        let tests = SP80022.tests(.standard)
        #expect(Set(tests.map(\.name)).count == 188)
        #expect(Set(tests.map(\.family)).count == 15)
        #expect(SP80022.aperiodicTemplates.count == 148)
        #expect(tests.first { $0.family == "universal" }?.parameters == "L = 7, Q = 1280")
    }

    @Test(
        "A length that cannot be transformed is refused with the nearest ones",
        arguments: [0, 999_999, 1_000_001, 1 << 40])
    func lengths(bits: Int) throws {
        let error = try #require(throws: BellError.self) { try SP80022Length(bits) }
        #expect(error.code == .streamLength)
        let named = bits < 1_000_000 ? "1000000" : bits == 1_000_001 ? "1000000 or 1024000" : "67108864"
        #expect(error.fix == "take \(named)")
    }

    @Test("Every bit counts, the first and the last as well", arguments: [0, 7, 499_999, 999_999])
    func everyBit(bit: Int) throws {
        let examiner = try SP80022Examiner(.standard)
        var stream = try SP80022Reference.bits("pi")
        let before = stream.withUnsafeBytes { examiner.pValues(of: $0) }
        stream[bit / 8] ^= 0x80 >> (bit % 8)
        let after = stream.withUnsafeBytes { examiner.pValues(of: $0) }
        let changed = Set(zip(SP80022.tests(.standard), zip(before, after)).filter { $1.0 != $1.1 }.map(\.0.family))
        #expect(changed.isSuperset(of: ["frequency", "approximate entropy", "serial"]))
    }
}
