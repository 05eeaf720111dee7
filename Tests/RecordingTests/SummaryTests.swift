import BellModel
import DriverKit
import Testing

@testable import Recording

@Suite("What is in a recording, in words")
struct SummaryTests {
    @Test("A board's trace: counts, span, errors and the first frames")
    func board() throws {
        let order = ArmOrder(campaign: try #require(Scene.campaign), arm: 7, firstIndex: 0, count: 64)
        let refusal = BoardMessage.error(ErrorReport(code: .spoolFull, text: "24 records free"))
        let events: [TraceEvent] = [
            .opened(nil), .hostFrame(BoardMessage.arm(order).encoded(sequence: 4)),
            .boardFrame(refusal.encoded(sequence: 9, replyTo: 4)), .boardFrame([1, 2]),
            .hostFrame(BoardMessage.ping(token: 1).encoded(sequence: 5)),
            .hostFrame(BoardMessage.ping(token: 1).encoded(sequence: 6)), .ended, .stopped(.sizeLimit),
        ]
        let header = TraceHeader(
            kind: .board, simulated: false, device: "alice/board", address: "zmq+tcp://alice:5555",
            software: "belld 0.1.0", started: "2026-11-21T11:15:24.751Z")
        let trace = Trace(
            header: header,
            entries: events.enumerated().map { place, event in
                Trace.Entry(
                    offset: place,
                    record: TraceRecord(time: UInt64(place) * 1_500_000, connection: 1, event: event))
            }, tail: .stopped(.sizeLimit))
        let summary = RecordingSummary(trace, frames: 3)
        #expect(
            summary.text == """
                board recording of alice/board at zmq+tcp://alice:5555
                recorded by belld 0.1.0, started 2026-11-21T11:15:24.751Z
                device: not simulated
                8 records in 0.010500 s, 1 connection
                end: it reached its size limit

                  → PING               2          64 bytes
                  → ARM                1          64 bytes
                  ← no frame           1          2 bytes
                  ← ERROR              1          45 bytes

                errors: 3
                  0.003000 s  ERROR #9 to #4 spool-full: 24 records free
                  0.004500 s  ← no frame: truncated frame: 2 of 24 bytes
                  0.009000 s  ended by the device

                0.000000 s     1   opened
                0.001500 s     1 → ARM              #4 arm 7, 64 trials from 0
                0.003000 s     1 ← ERROR            #9 to #4 spool-full: 24 records free
                """)
        #expect(summary.json["errors"]?.intValue == 3)
    }

    @Test("No outcome, setting, IQ point or host bit is told")
    func secrets() throws {
        let records = (0..<8).map { index in
            TrialRecord(
                index: UInt64(index), startTick: 1, stopDelta: 2, i: 31_111, q: 31_112, setting: 1, outcome: 1,
                flags: [], aux: 0xDEAD_BEEF)
        }
        let campaign = try #require(Scene.campaign)
        let trials = TrialsMessage(
            campaign: campaign, arm: 1, bootID: 1, firstIndex: 0, firstPulse: 0,
            records: TrialRecord.bytes(of: records))
        let bits = HostBits(campaign: campaign, arm: 1, bits: PackedBits(count: 16, bytes: [0xAB, 0xCD]))
        let header = TraceHeader(kind: .board, device: "a", address: "b", software: "c", started: "d")
        let events: [TraceEvent] = [
            .hostFrame(BoardMessage.hostBits(bits).encoded(sequence: 1)),
            .boardFrame(BoardMessage.trials(trials).encoded(sequence: 1)),
        ]
        let entries = events.map {
            Trace.Entry(offset: 0, record: TraceRecord(time: 0, connection: 1, event: $0))
        }
        let text = RecordingSummary(Trace(header: header, entries: entries, tail: .open), frames: 9).text
        #expect(text.contains("arm 1, 8 records from 0"))
        #expect(text.contains("arm 1, 16 bits"))
        for secret in ["31111", "31112", "abcd", "deadbeef", "8779"] { #expect(!text.lowercased().contains(secret)) }
    }

    @Test("USB calls, their failures and a torn end")
    func usb() throws {
        let identity = USBIdentity(vendor: 0x20CE, product: 0x0022, serial: "11803")
        let header = TraceHeader(kind: .usb, device: "sw", address: "usb://", software: "c", started: "d")
        let timeout = BellError(.usbTimeout, "Nothing came.")
        let events: [TraceEvent] = [
            .opened(TraceDevice(identity: identity, number: 0, endpoints: [])),
            .operation(TraceOperation(began: 0, call: .write([40, 0], endpoint: 1), result: .success([]))),
            .operation(TraceOperation(began: 0, call: .read(64, endpoint: 0x81), result: .success([40, 82]))),
            .operation(TraceOperation(began: 0, call: .read(64, endpoint: 0x81), result: .failure(timeout))),
        ]
        let entries = events.map {
            Trace.Entry(offset: 0, record: TraceRecord(time: 9, connection: 1, event: $0))
        }
        let trace = Trace(header: header, entries: entries, tail: .torn(offset: 1_234, bytes: 17))
        let text = RecordingSummary(trace, frames: 4).text
        #expect(text.contains("device: not known whether simulated"))
        #expect(
            text.contains("end: the recorder was cut off within a record: 17 bytes from byte 1234 on are not usable"))
        #expect(text.contains("← read               2          2 bytes"))
        #expect(text.contains("errors: 1"))
        #expect(text.contains("opened           20ce:0022 serial 11803, interface 0"))
        #expect(text.contains("write of 2 bytes to endpoint 0x01: 2800"))
        #expect(text.contains("read of 64 bytes from endpoint 0x81: usb.timeout"))
    }
}
