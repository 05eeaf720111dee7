import BellModel
import Foundation
import TestSupport
import Testing

@testable import BellRandomness

/// Against Reference/ais31.json, made by make_ais31.py, another implementation.
@Suite struct AIS31Tests {
    static let reference: JSON = {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Reference/ais31.json")
        guard let text = try? String(contentsOf: url, encoding: .utf8),
            let file = try? JSON(parsing: text, source: url.path)
        else { return .null }
        return file
    }()

    /// The bits of make_ais31.py.
    private func bits(_ kind: String, seed: UInt64, _ count: Int) -> [UInt8] {
        var dice = SplitMix(seed: seed)
        var bits: [UInt8] = kind == "uniform" ? [] : [0]
        bits.reserveCapacity(count + 64)
        while bits.count < count {
            let word = dice.next()
            switch kind {
            case "uniform": for i in 0..<64 { bits.append(UInt8(word >> UInt64(63 - i) & 1)) }
            case "sticky": bits.append(word >> 59 == 0 ? bits[bits.count - 1] : UInt8(word & 1))
            default: bits.append(word >> 40 < 8_891_924 ? 1 : 0)
            }
        }
        return Array(bits[..<count])
    }

    private func packed(_ bits: [UInt8]) -> [UInt8] {
        stride(from: 0, to: bits.count, by: 8).map { start in
            (0..<8).reduce(0) { $0 << 1 | (start + $1 < bits.count ? bits[start + $1] : 0) }
        }
    }

    @Test("T1 to T5 are those of another implementation", arguments: 0..<6)
    func blocks(place: Int) throws {
        let one = try #require(Self.reference["blocks"]?.arrayValue)[place]
        let seed = UInt64(one["seed"]?.intValue ?? 0)
        let block = AIS31Block(bits(one["kind"]?.stringValue ?? "", seed: seed, 20_000)[...])
        #expect(Int64(block.ones) == one["ones"]?.intValue)
        #expect(abs(block.poker - (one["poker"]?.doubleValue ?? 0)) < 1e-6)
        #expect(
            block.runs.map { $0.map(Int64.init) }
                == one["runs"]?.arrayValue?.map { $0.arrayValue?.compactMap(\.intValue) })
        #expect(Int64(block.longestRun) == one["longest"]?.intValue)
        #expect(Int64(block.shift) == one["shift"]?.intValue)
        #expect(Int64(block.autocorrelation) == one["autocorrelation"]?.intValue)
        #expect(block.passed == one["passed"]?.arrayValue?.compactMap(\.boolValue))
    }

    @Test("Procedure B is that of another implementation", arguments: 0..<2)
    func procedureB(place: Int) throws {
        let one = try #require(Self.reference["procedures"]?.arrayValue)[place]
        let kind = try #require(one["kind"]?.stringValue)
        let all = bits(kind, seed: 3, 7_600_000)
        let used = Int(try #require(one["used"]?.intValue))
        let bytes = packed(all)
        let found = try #require(AIS31ProcedureB.run(packed: bytes, bits: used) { _, _ in true })
        let values = try #require(one["values"]?.arrayValue).compactMap(\.doubleValue)
        let run = try #require(found.runs.first)
        #expect(run.map(\.name) == AIS31ProcedureB.names)
        for (test, value) in zip(run, values) { #expect(abs(test.value - value) < 1e-9, "\(test.name)") }
        // What is sticky fails alone in T6, and there are no bits for a second run.
        #expect(found.passed == (kind == "uniform" ? true : nil))
        #expect(run.filter { !$0.passed }.map(\.name) == (kind == "uniform" ? [] : ["T6 one step"]))
        // One bit less, and the last test has not its data.
        let short = try #require(AIS31ProcedureB.run(packed: bytes, bits: used - 1) { _, _ in true })
        #expect(short.passed == nil && short.runs[0].count == 8)
        #expect(try #require(short.wantsBits) >= used)
    }

    @Test("Procedure A passes good bits, once, and needs 8 285 728 of them")
    func procedureA() throws {
        #expect(AIS31ProcedureA.bitsNeeded == 8_285_728)
        let bytes = packed(bits("uniform", seed: 4, AIS31ProcedureA.bitsNeeded))
        let found = try #require(
            AIS31ProcedureA.run(packed: bytes, bits: AIS31ProcedureA.bitsNeeded) { _, _ in true })
        #expect(found.passed == true && found.runs.count == 1)
        let short = try #require(
            AIS31ProcedureA.run(packed: bytes, bits: AIS31ProcedureA.bitsNeeded - 1) { _, _ in true })
        #expect(short.passed == nil && short.runs.isEmpty && short.wantsMore)
        #expect(AIS31ProcedureA.run(packed: bytes, bits: AIS31ProcedureA.bitsNeeded) { done, _ in done < 0.5 } == nil)
    }

    @Test("One failure asks for a second run, which must be without one")
    func secondRun() throws {
        let one = bits("uniform", seed: 4, AIS31ProcedureA.bitsNeeded)
        var failing = one
        // The second word of T0 is the first again.
        for i in 0..<48 { failing[48 + i] = failing[i] }
        func run(_ bits: [UInt8]) throws -> AIS31ProcedureA {
            try #require(AIS31ProcedureA.run(packed: packed(bits), bits: bits.count) { _, _ in true })
        }
        let alone = try run(failing)
        #expect(alone.passed == nil && alone.runs.map(\.failed) == [1] && alone.wantsMore)
        let second = try run(failing + one)
        #expect(second.passed == true && second.runs.map(\.failed) == [1, 0])
        let twice = try run(failing + failing)
        #expect(twice.passed == false && twice.runs.map(\.failed) == [1, 1])
        // Two failures end it, whatever comes after.
        for i in 0..<40 { failing[48 * AIS31ProcedureA.words + i] = 1 }
        let two = try run(failing + one)
        #expect(two.passed == false && two.runs.count == 1 && two.runs[0].failures[4] == 1)
    }

    @Test(
        "A source that lacks a kind of tuple fails procedure B however long it is",
        arguments: [0x00, 0x55, 0xff] as [UInt8])
    func starved(byte: UInt8) throws {
        let packed = [UInt8](repeating: byte, count: 12_000_000)
        let result = try #require(
            AIS31ProcedureB.run(packed: packed, bits: 8 * packed.count, progress: { _, _ in true }))
        #expect(result.passed == false)
        // Of few bits nothing can be said.
        let few = try #require(AIS31ProcedureB.run(packed: packed, bits: 1_000_000, progress: { _, _ in true }))
        #expect(few.wantsBits != nil && few.passed == nil)
    }

    @Test("Limits are the standard's, with open ends")
    func limits() {
        #expect(AIS31Block.onesAllowed == 9655...10345)
        #expect(
            !AIS31Block.pokerIsAllowed(1.03) && !AIS31Block.pokerIsAllowed(57.4) && AIS31Block.pokerIsAllowed(57.39))
        let test = AIS31ProcedureB.Test(name: "", value: 7.976, limit: 7.976, below: false)
        #expect(!test.passed)
        #expect(AIS31ProcedureB.bitsNeeded == 6_968_480)
    }

    @Test("A bias of 3 % fails procedure B in its second run")
    func biased() throws {
        let bytes = packed(bits("biased", seed: 5, 16_000_000))
        let found = try #require(AIS31ProcedureB.run(packed: bytes, bits: 16_000_000) { _, _ in true })
        #expect(found.passed == false && found.runs.count == 2)
        for run in found.runs {
            #expect(run.filter { !$0.passed }.map(\.name) == ["T6 uniform distribution"])
        }
        let short = try #require(AIS31ProcedureB.run(packed: bytes, bits: 8_000_000) { _, _ in true })
        #expect(short.passed == false && short.runs.count == 2 && short.wantsBits != nil)
        let shorter = try #require(AIS31ProcedureB.run(packed: bytes, bits: 7_400_000) { _, _ in true })
        #expect(shorter.passed == nil)
    }
}
