import BellModel
import DriverKit
import Foundation
import Testing

/// The golden vectors of docs/board-protocol.md, read from that document.
enum ProtocolDocument {
    /// The blocks that begin with "```vector NAME", as bytes.
    static func vectors() throws -> [String: [UInt8]] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "docs/board-protocol.md"), encoding: .utf8)
        var vectors: [String: [UInt8]] = [:]
        var name: String?
        var digits = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let current = name {
                if line == "```" {
                    let bytes = try #require([UInt8](hex: digits), "vector \(current) is not hexadecimal")
                    #expect(vectors[current] == nil, "vector \(current) stands twice")
                    vectors[current] = bytes
                    name = nil
                } else {
                    digits += line.filter { $0 != " " }
                }
            } else if line.hasPrefix("```vector ") {
                name = String(line.dropFirst("```vector ".count))
                digits = ""
            }
        }
        return vectors
    }
}

/// The values that the document states in words.
enum Fixture {
    static let campaign = CampaignID(bytes: [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    ])
    static let boot: UInt64 = 0x0123_4567_89ab_cdef

    struct Known: Sendable {
        var name: String
        var sequence: UInt32
        var replyTo: UInt32
        var message: BoardMessage
    }

    static func program() throws -> NodeProgram {
        NodeProgram(
            node: .alice, tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4,
            trialPeriod: 640_000, clockEvery: 64, inputBits: .board,
            waveforms: [Waveform(i: [0, 32767], q: [-100, -32768])],
            events: [
                ProgramEvent(kind: .inputBit, tick: 100, duration: 0),
                ProgramEvent(
                    kind: .gatedDrive, tick: 240, duration: 16, waveform: 0, amplitude: 40_000, phase: 1 << 30,
                    detuning: -5_000_000),
                ProgramEvent(kind: .stop, tick: 900, duration: 0),
            ], discriminator: Discriminator(weightI: 32767, weightQ: -1, threshold: 100))
    }

    static func capabilities() throws -> Capabilities {
        Capabilities(
            node: .bob, model: "mock board", serial: "BOB01", firmware: "0.1.0", simulated: true,
            tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4, channels: 4,
            waveformMemory: 65_536, maxEvents: 256, spoolTrials: 65_536, hasRNG: true, hasSigningKey: true,
            bootID: boot)
    }

    static let records = [
        TrialRecord(
            index: 7168, startTick: 5_000_000_100, stopDelta: 800, i: -12_000, q: 345, setting: 1, outcome: 0,
            flags: .simulated),
        TrialRecord(
            index: 7169, startTick: 5_000_640_100, stopDelta: 801, i: 11_950, q: -20, setting: 0, outcome: 1,
            flags: [.simulated, .hostBit], aux: 0xdead_beef),
    ]

    static func messages() throws -> [Known] {
        let campaign = try #require(campaign)
        let order = ArmOrder(campaign: campaign, arm: 7, firstIndex: 7168, count: 1024)
        let program = try program().encoded()
        let digest = try #require(Digest(bytes: Array(0..<32)))
        return [
            Known("hello", 1, 0, .hello(Hello(software: "belld 0.1.0"))),
            Known("program", 2, 0, .program(program)),
            Known(
                "host-bits", 3, 0,
                .hostBits(
                    HostBits(campaign: campaign, arm: 7, bits: PackedBits(bits: [1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1])))),
            Known("arm", 4, 0, .arm(order)),
            Known("start", 5, 0, .start(ArmName(campaign: campaign, arm: 7))),
            Known("stop", 6, 0, .stop),
            Known("safe", 7, 0, .safe),
            Known("status-request", 8, 0, .statusRequest),
            Known("ack", 9, 0, .acknowledge(Acknowledgement(campaign: campaign, arm: 7, nextIndex: 8192))),
            Known("ping", 10, 0, .ping(token: 0x1122_3344_5566_7788)),
            Known("shots-request", 11, 0, .shotsRequest(ShotsRequest(count: 1000, averaged: true))),
            Known("raw-rng-request", 12, 0, .rawRandomRequest(RawRandomRequest(count: 12))),
            Known("node-key-request", 13, 0, .nodeKeyRequest),
            Known("capabilities", 1, 1, .capabilities(try capabilities())),
            Known("program-loaded", 2, 2, .programLoaded(ProgramLoaded(program: program))),
            Known("armed", 3, 4, .armed(order)),
            Known(
                "status", 4, 8,
                .status(
                    BoardStatus(
                        state: .running, bootID: boot, tick: 123_456_789_012, spoolUsed: 100, spoolFree: 64_412,
                        armed: order, nextIndex: 7268))),
            Known(
                "status-idle", 5, 0,
                .status(BoardStatus(state: .idle, bootID: boot, tick: 42, spoolUsed: 0, spoolFree: 65_536))),
            Known(
                "fault", 6, 0,
                .fault(
                    FaultReport(
                        code: .clockUnlocked, severity: .warning, tick: 99, arm: 7, text: "reference clock lost"))),
            Known(
                "trials", 7, 0,
                .trials(
                    TrialsMessage(
                        campaign: campaign, arm: 7, bootID: boot, firstIndex: 7168, firstPulse: 90_000,
                        records: TrialRecord.bytes(of: records)))),
            Known(
                "clock", 8, 0,
                .clock(
                    ClockMessage(
                        campaign: campaign, arm: 7, bootID: boot,
                        records: [
                            ClockRecord(pulse: 90_000, tick: 5_000_000_000),
                            ClockRecord(pulse: 91_023, tick: 5_654_720_001),
                        ]))),
            Known("arm-end", 9, 0, .armEnd(ArmEnd(order: order, made: 1000, reason: .stopped))),
            Known(
                "shots", 10, 11,
                .shots(Shots(count: 2, points: .each([.init(i: 1, q: -1), .init(i: 32767, q: -32768)])))),
            Known("shots-mean", 11, 11, .shots(Shots(count: 1000, points: .mean(i: -65_536, q: 98_304)))),
            Known(
                "raw-rng", 12, 12,
                .rawRandom(RawRandom(bits: PackedBits(bits: [1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0])))),
            Known(
                "chunk-signature", 13, 0,
                .chunkSignature(
                    ChunkSignature(
                        campaign: campaign, arm: 7, bootID: boot, firstIndex: 7168, count: 2, digest: digest,
                        signature: Array(0..<64)))),
            Known("node-key", 14, 13, .nodeKey(NodeKey(publicKey: Array(0..<32)))),
            Known("pong", 15, 10, .pong(token: 0x1122_3344_5566_7788)),
            Known("ok", 16, 5, .ok),
            Known("error", 17, 4, .error(ErrorReport(code: .spoolFull, text: "24 records free, 1024 wanted"))),
        ]
    }
}

extension Fixture.Known {
    init(_ name: String, _ sequence: UInt32, _ replyTo: UInt32, _ message: BoardMessage) {
        self.init(name: name, sequence: sequence, replyTo: replyTo, message: message)
    }
}
