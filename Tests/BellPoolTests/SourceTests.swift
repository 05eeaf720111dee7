import BellModel
import Testing
import TestSupport

@testable import BellPool

@Suite("The two sources of a pool")
struct SourceTests {
    @Test("outcomes are two bits a trial, MSB first, and a lost trial is 00")
    func outcomes() {
        var string = OutcomeString()
        string.append([
            TrialStatus(x: 1, y: 1, a: 1, b: 0).rawValue, TrialStatus(x: 0, y: 0, a: 0, b: 1).rawValue,
            TrialStatus(loss: .locality).rawValue, TrialStatus(x: 0, y: 1, a: 1, b: 1).rawValue,
            TrialStatus(x: 1, y: 0, a: 1, b: 0).rawValue,
        ])
        #expect(string.packed == [0b1001_0011, 0b1000_0000] && string.count == 10 && string.lost == 1)
        string.fill(to: 9)
        #expect(string.packed == [0b1001_0011, 0b1000_0000, 0] && string.trials == 9 && string.lost == 5)
        string.fill(to: 3)
        #expect(string.trials == 9)
    }

    @Test("lost trials cost the answers that nobody has, and the code of their places; trials not run cost nothing")
    func erased() {
        func cost(_ text: String, notRun: UInt64 = 0) -> UInt64 {
            var string = OutcomeString()
            string.append(text.map { $0 == "." ? 0 : TrialStatus(loss: .locality).rawValue })
            string.fill(to: string.trials + notRun)
            return string.erased
        }
        #expect(cost("") == 0 && cost("....") == 0 && cost("....", notRun: 100) == 0)
        // 64 for the length, γ(1) + γ(2) + γ(3) + 2·3: one run of three after two trials.
        #expect(cost("..xxx") == 64 + 3 + 3 + 5 + 6)
        #expect(cost("..xxx.") == 81 && cost("..xxx", notRun: 9) == 81)
        // γ(2) + [γ(0) + γ(1)] + [γ(7) + γ(2)] + 2·3.
        #expect(cost("x.......xx") == 64 + 3 + (1 + 3) + (7 + 3) + 6)
        #expect(cost(String(repeating: "x", count: 1024)) == 64 + 3 + 1 + 21 + 2048)
    }

    @Test("however the trials are cut into arms, the string is the same", arguments: [1, 3, 4, 7, 1024])
    func arms(size: Int) {
        var random = SplitMix(seed: 3)
        let statuses = (0..<1000).map { _ in UInt8.random(in: 0..<10, using: &random) }.map { $0 < 8 ? $0 : 0x40 }
        var whole = OutcomeString()
        whole.append(statuses)
        var pieces = OutcomeString()
        for start in stride(from: 0, to: statuses.count, by: size) {
            pieces.append(Array(statuses[start..<min(start + size, statuses.count)]))
        }
        #expect(pieces.packed == whole.packed && pieces.lost == whole.lost && whole.packed.count == 250)
        #expect(pieces.erased == whole.erased && whole.erased > 2 * whole.lost)
    }

    @Test("origins are read as they are typed, and a path stays on this machine")
    func origins() {
        #expect(PoolSource.Origin("host") == .host && PoolSource.Origin("board:bob") == .board("bob"))
        #expect(PoolSource.Origin("bits/board:bob") == .file("bits/board:bob"))
        #expect(PoolSource.Origin("/secret/place").name == "file")
        #expect(PoolSource.Origin("board:").name == "file")
    }

    @Test("the declared bias gives the min-entropy a bit", arguments: [(0, 1), (0.25, 0.415037499278844)])
    func rate(bias: Double, rate: Double) {
        #expect(abs(PoolSource(.host, bias: bias).rate - rate) < 1e-12)
    }

    @Test("a source that is stuck or far from its declared min-entropy is refused, a sound one is not")
    func health() throws {
        let source = PoolSource(.host, bias: 0.001)
        var random = SplitMix(seed: 9)
        let sound = (0..<65536).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        try source.check(sound)
        let biased = sound.map { byte in byte | UInt8.random(in: .min ... .max, using: &random) }
        for bad in [[UInt8](repeating: 0, count: 100), [UInt8](repeating: 255, count: 100), biased] {
            do throws(BellError) {
                try source.check(bad)
                Issue.record("a bad source was taken")
            } catch {
                #expect(error.code == .secondSource && error.state == "nothing was extracted")
            }
        }
        // Three quarters ones: what a quarter of bias declares.
        try PoolSource(.host, bias: 0.26).check(biased)
    }

    @Test("every source names its assumptions, the host's its generator too")
    func assumptions() {
        let common: Set<String> = ["second-source-independent", "second-source-entropy"]
        #expect(Set(PoolSource(.file("x"), rate: 0.5).assumptions.keys) == common)
        let host = PoolSource(.host, bias: 0.01).assumptions
        #expect(Set(host.keys) == common.union(["second-source-is-pseudo-random"]))
        #expect(host["second-source-entropy"]?.stringValue?.contains("1/2 + 0.01") == true)
        #expect(PoolSource(.board("bob"), bias: 0).assumptions["second-source-of-a-board"] != nil)
    }
}
