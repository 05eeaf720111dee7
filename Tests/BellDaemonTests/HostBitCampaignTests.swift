import BellHost
import BellJournal
import BellModel
import Testing
import TestSupport

@testable import BellDaemon

@Suite(.blocking) struct HostBitCampaignTests {
    private func bytes(_ count: Int, _ factor: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* factor &+ 13) }
    }

    @Test("a campaign stops before the first trial of a file's window that fails, and goes on when it is mended")
    func badWindow() async throws {
        let laboratory = try TestLaboratory()
        let (alice, bob) = (laboratory.folder.file("a.bits"), laboratory.folder.file("b.bits"))
        let good = bytes(384, 73)
        var bad = good
        // In the second window of 1024 bits, in its last arm of 256.
        bad.replaceSubrange(240..<250, with: [UInt8](repeating: 0xff, count: 10))
        try writeFileAtomically(alice, bytes(384, 167))
        try writeFileAtomically(bob, bad)
        let more = "input_bits: {source: host, alice: \"file:\(alice)\", bob: \"file:\(bob)?h=0.9\"}"
        let daemon = try RunningDaemon(laboratory)
        try daemon.start(try laboratory.plan(trials: 3072, more: more))
        let status = try daemon.wait("the alarm") { $0["campaign"]?["error"]?["code"] == "host-bits.health" }
        #expect(status["campaign"]?["state"] == "suspended")
        #expect(status["campaign"]?["started"]?.countValue == 1024, "no trial of the bad window")
        let error = BellError(json: status["campaign"]?["error"] ?? .null)
        #expect(error.place == "file:\(bob)")
        #expect(error.code.exit == .hardware)
        #expect(error.cause?.contains("46 equal bits in a row, 46 are too many (SP 800-90B, H = 0.9 a bit") == true)
        try writeFileAtomically(bob, good)
        let done = try daemon.wait(for: "finishing")
        #expect(done["valid"]?.countValue == 3072)
        await daemon.end()
    }

    @Test("a campaign whose source is stuck never starts a trial")
    func stuck() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let more = "input_bits: {source: host, alice: \"device:/dev/urandom\", bob: \"device:/dev/zero\"}"
        try daemon.start(try laboratory.plan(trials: 512, more: more))
        let status = try daemon.wait("out of use") {
            BellError(json: $0["campaign"]?["error"] ?? .null).fix
                == "repair or replace the source, then run `bellctl campaign resume`"
        }
        #expect(status["campaign"]?["state"] == "suspended")
        #expect(status["campaign"]?["started"]?.countValue == 0)
        // A person says that it is mended, which is not so.
        _ = try daemon.call("campaign.resume")
        try daemon.wait("a new alarm", seconds: 60) {
            BellError(json: $0["campaign"]?["error"] ?? .null).fix?.hasPrefix("check the source") == true
        }
        await daemon.end()
    }

    @Test("a plan with a source that cannot be read is refused before anything is sealed")
    func badAddress() async throws {
        let laboratory = try TestLaboratory()
        let daemon = try RunningDaemon(laboratory)
        let more = "input_bits: {source: host, alice: \"serial:/dev/x@1\", bob: \"device:/dev/zero\"}"
        let plan = try laboratory.plan(trials: 512, more: more)
        let error = try daemon.refusal("campaign.start", ["plan_path": .string(plan)])
        #expect(error.code.name == "host-bits.address")
        #expect(error.cause == "no tty has the speed 1")
        #expect(try daemon.call("campaign.list")["campaigns"]?.arrayValue == [])
        await daemon.end()
    }
}
