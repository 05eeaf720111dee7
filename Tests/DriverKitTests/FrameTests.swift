import BellModel
import DriverKit
import Testing
import TestSupport

@Suite("Frames and messages from hostile bytes")
struct FrameTests {
    @Test("a frame with any one bit flipped is refused")
    func bitFlips() throws {
        let frame = BoardMessage.error(ErrorReport(code: .hardware, text: "x")).encoded(sequence: 3, replyTo: 2)
        for bit in 0..<frame.count * 8 {
            var broken = frame
            broken[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: FrameError.self, "bit \(bit)") { try Frame.decode(broken) }
        }
    }

    @Test("every beginning of a frame is truncated, never anything else")
    func truncated() throws {
        let frame = BoardMessage.ping(token: 1).encoded(sequence: 1)
        for count in 0..<frame.count {
            let error = #expect(throws: FrameError.self) { try Frame.decode(Array(frame.prefix(count))) }
            if case .truncated(let have, _)? = error {
                #expect(have == count)
            } else {
                Issue.record("\(count): \(error as Any)")
            }
        }
    }

    @Test("the largest payload passes, one byte more does not")
    func largest() throws {
        let largest = Frame(type: 0x7777, sequence: 1, payload: [UInt8](repeating: 5, count: Frame.maximumPayload))
        #expect(try Frame.decode(largest.encoded()) == largest)
        let larger = Frame(type: 0x7777, sequence: 1, payload: [UInt8](repeating: 5, count: Frame.maximumPayload + 1))
        #expect(throws: FrameError.oversized(Frame.maximumPayload + 1)) { try Frame.decode(larger.encoded()) }
    }

    @Test("random bytes never are a frame and never crash", arguments: [1, 2, 3] as [UInt64])
    func garbage(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for _ in 0..<2000 {
            var bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            if bytes.count > 4, Bool.random(using: &random) { bytes.replaceSubrange(0..<4, with: "BELL".utf8) }
            #expect(throws: FrameError.self) { try Frame.decode(bytes) }
        }
    }

    @Test("payloads changed at random, with a right checksum, decode to what encodes and decodes again, or are refused")
    func mutations() throws {
        var random = SplitMix(seed: 20_261_121)
        var accepted = 0
        var refused = 0
        for known in try Fixture.messages() {
            let (type, payload) = known.message.encode()
            for _ in 0..<400 {
                var changed = payload
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: changed.append(UInt8.random(in: 0...255, using: &random))
                    case 1: if !changed.isEmpty { changed.removeLast() }
                    default:
                        guard let place = changed.indices.randomElement(using: &random) else { break }
                        changed[place] = Bool.random(using: &random) ? 0xff : UInt8.random(in: 0...255, using: &random)
                    }
                }
                do throws(FrameError) {
                    let message = try BoardMessage(type: type, payload: changed[...])
                    // Reserved bytes and broken text are normalised, so the second encoding is the fixed point.
                    let again = message.encode().payload
                    #expect(try BoardMessage(type: type, payload: again[...]) == message)
                    accepted += 1
                } catch {
                    refused += 1
                }
            }
        }
        #expect(accepted > 1000)
        #expect(refused > 1000)
    }

    @Test("text that is not UTF-8 or holds control characters is made harmless, not refused")
    func text() throws {
        let payload: [UInt8] = [1, 0, 0, 0, 4, 0, 0x1b, 0x41, 0xff, 0x0a]
        guard case .error(let report) = try BoardMessage(type: 0x010f, payload: payload[...]) else {
            Issue.record("not an ERROR")
            return
        }
        #expect(report.text == "\u{FFFD}A\u{FFFD}\u{FFFD}")
        #expect(report.code == .unknownType)
    }

    @Test("clock records that do not rise are refused", arguments: [(5, 10), (6, 10), (6, 9)] as [(UInt64, UInt64)])
    func clockOrder(pulse: UInt64, tick: UInt64) throws {
        let campaign = try #require(Fixture.campaign)
        let message = ClockMessage(
            campaign: campaign, arm: 1, bootID: 1,
            records: [ClockRecord(pulse: 5, tick: 10), ClockRecord(pulse: pulse, tick: tick)])
        #expect(throws: FrameError.badPayload(type: 0x0107, field: "order of the records")) {
            try BoardMessage(Frame.decode(BoardMessage.clock(message).encoded(sequence: 1)))
        }
    }

    @Test("error answers name the reason and have a code")
    func errorAnswers() {
        #expect(ErrorReport(.badChecksum).code == .badFrame)
        #expect(ErrorReport(.unknownType(0x1ff)).code == .unknownType)
        #expect(ErrorReport(.unknownType(0x1ff)).text == "unknown message type 0x1ff")
        #expect(ErrorReport(.badPayload(type: 4, field: "count")).text == "message ARM: bad count")
        #expect(ErrorReport(.wrongVersion(9, sequence: 1)).code == .wrongVersion)
        #expect(ErrorReport.Code.helloRequired.name == "hello-required")
        #expect(ErrorReport.Code(rawValue: 999).name == "code 999")
        let error = FrameError.wrongVersion(2, sequence: 1).bellError(at: "alice")
        #expect(error.code == .boardWrongVersion)
        #expect(error.place == "alice")
        #expect(error.fix == "update the board's firmware or bridge to protocol version 1")
    }

    @Test("sequence numbers leave out zero when they wrap")
    func sequence() {
        var numbers = SequenceCounter(after: UInt32.max - 1)
        #expect([numbers.next(), numbers.next(), numbers.next()] == [.max, 1, 2])
    }
}
