import BellModel
import DriverKit
import Testing

@testable import Recording

@Suite("The file of a recording")
struct TraceTests {
    private let header = TraceHeader(
        kind: .usb, simulated: true, device: "alice/rf-switch", address: "usb://20ce:0022/11803",
        software: "belld 0.1.0",
        started: "2026-11-21T11:15:24.751Z")

    /// One record of each kind.
    private var records: [TraceRecord] {
        let identity = USBIdentity(
            vendor: 0x20CE, product: 0x0022, serial: "11803", manufacturer: "Mini", productName: "Switch",
            port: "1-2.4", bus: 1, address: 9)
        let endpoint = USBEndpoint(address: 0x81, kind: .interrupt, maximumPacket: 64, interval: 5)
        let error = BellError(.usbTimeout, "Nothing came.", at: "here", cause: "why", fix: "wait")
        let setup = USBControlRequest(type: 0xA1, request: 7, value: 0x0102, index: 3, length: 4)
        let events: [TraceEvent] = [
            .opened(TraceDevice(identity: identity, number: 2, endpoints: [endpoint])), .opened(nil),
            .openFailed(error), .hostFrame([1, 2, 3]), .boardFrame([]), .sendFailed(error),
            .operation(TraceOperation(began: 4, call: .write([9, 8], endpoint: 1), result: .success([]))),
            .operation(TraceOperation(began: 5, call: .read(64, endpoint: 0x81), result: .success([7]))),
            .operation(TraceOperation(began: 5, call: .read(64, endpoint: 0x81), result: .failure(error))),
            .operation(TraceOperation(began: 6, call: .control(setup, data: []), result: .success([1, 2, 3, 4]))),
            .operation(TraceOperation(began: 7, call: .clearHalt(0x81), result: .success([]))),
            .operation(TraceOperation(began: 8, call: .reset, result: .failure(error))), .closed, .ended,
            .failed(error), .stopped(.requested),
        ]
        return events.enumerated().map { place, event in
            TraceRecord(time: UInt64(place) << 33, connection: 1, isContext: place == 0, event: event)
        }
    }

    private func file() throws -> (bytes: [UInt8], ends: [Int]) {
        var bytes = header.encoded()
        var ends = [bytes.count]
        for record in records {
            bytes += try #require(record.encoded())
            ends.append(bytes.count)
        }
        return (bytes, ends)
    }

    @Test("What is written is read, record by record")
    func roundTrip() throws {
        let (bytes, ends) = try file()
        let trace = try Trace(parsing: bytes)
        #expect(trace.header == header)
        #expect(trace.entries.map(\.record) == records)
        #expect(trace.entries.map(\.offset) == Array(ends.dropLast()))
        #expect(trace.tail == .stopped(.requested))
        #expect(trace.damage() == nil)
    }

    @Test("The bytes are those of docs/recording.md, \"Example\"")
    func golden() throws {
        let header = TraceHeader(
            kind: .board, simulated: true, device: "a", address: "b", software: "c", started: "d")
        let record = TraceRecord(time: 0x0102, connection: 1, event: .hostFrame([0xAA, 0xBB]))
        let bytes = header.encoded() + (try #require(record.encoded()))
        // Computed by a Python program that shares no code with belld; it stands in the document too.
        let expected =
            "42454c4c54524345010000030c0000000100610100620100630100642c74b07f"
            + "0200000010000000010000000201000000000000aabb17b8375a"
        #expect(bytes.hex == expected)
        let trace = try Trace(parsing: bytes)
        #expect(trace.header == header)
        #expect(trace.entries.map(\.record) == [record])
    }

    @Test("A file cut at any byte gives every whole record before the cut")
    func torn() throws {
        let (bytes, ends) = try file()
        for cut in 0..<bytes.count {
            let part = Array(bytes.prefix(cut))
            guard cut >= ends[0] else {
                let error = #expect(throws: BellError.self) { _ = try Trace(parsing: part) }
                #expect(error?.code == .recordingFormat)
                continue
            }
            let trace = try Trace(parsing: part)
            let whole = ends.count { $0 <= cut } - 1
            #expect(trace.entries.map(\.record) == Array(records.prefix(whole)))
            #expect(trace.damage() == nil)
            let last = ends[whole]
            #expect(trace.tail == (cut == last ? .open : .torn(offset: last, bytes: cut - last)))
        }
    }

    @Test("A flipped bit is noticed wherever it is, and what stands before it is kept")
    func flipped() throws {
        let (bytes, ends) = try file()
        for place in bytes.indices {
            var flipped = bytes
            flipped[place] ^= 1 << UInt8(place % 8)
            guard place >= ends[0] else {
                #expect(throws: BellError.self) { _ = try Trace(parsing: flipped) }
                continue
            }
            let whole = ends.count { $0 <= place } - 1
            let trace = try Trace(parsing: flipped)
            #expect(trace.entries.map(\.record) == Array(records.prefix(whole)))
            switch trace.tail {
            case .torn(let offset, _), .damaged(let offset, _, _): #expect(offset == ends[whole])
            case .open, .stopped: Issue.record("the flipped bit at byte \(place) was not noticed")
            }
        }
    }

    @Test("A record that claims more than the format allows is refused with its offset")
    func hostile() throws {
        let (bytes, ends) = try file()
        var lying = bytes
        lying.replaceSubrange(ends[3]..<ends[3] + 4, with: [0xFF, 0xFF, 0xFF, 0x7F])
        let trace = try Trace(parsing: lying)
        #expect(trace.entries.count == 3)
        let error = try #require(trace.damage(path: "x.belltrace"))
        #expect(error.code == .recordingDamaged)
        #expect(error.what == "The recording is damaged at byte \(ends[3]).")
        // A sound checksum over nonsense: the kind does not exist.
        var odd = Array(bytes[ends[0]..<ends[1]].dropLast(4))
        odd[4] = 99
        var tail: [UInt8] = []
        tail.appendLittleEndian(crc32c(odd))
        let strange = try Trace(parsing: Array(bytes[..<ends[0]]) + odd + tail + bytes[ends[1]...])
        #expect(strange.tail == .damaged(offset: ends[0], bytes: bytes.count - ends[0], cause: "bad kind 99"))
    }

    @Test("Other files are refused with a reason", arguments: [0, 8, 10, 12])
    func notARecording(place: Int) throws {
        var (bytes, _) = try file()
        bytes[place] = 0x7F
        let error = #expect(throws: BellError.self) { _ = try Trace(parsing: bytes) }
        #expect(error?.code == .recordingFormat)
        #expect(error?.cause?.isEmpty == false)
    }

    @Test("Random bytes behind a sound header never trap", arguments: 0..<8 as Range<UInt64>)
    func random(seed: UInt64) throws {
        print("seed \(seed)")
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var bytes = header.encoded()
        for _ in 0..<4_000 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes.append(UInt8(truncatingIfNeeded: state & 3 == 0 ? state >> 8 : 0))
        }
        let trace = try Trace(parsing: bytes)
        #expect(trace.tail != .open)
    }
}
