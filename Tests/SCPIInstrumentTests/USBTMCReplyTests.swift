import BellModel
import DriverKit
import Testing

@testable import SCPIInstrument

@Suite struct USBTMCReplyTests {
    private let packet = 512

    private func transfer(
        _ payload: [UInt8], tag: UInt8 = 5, isLast: Bool = true, announced: Int? = nil, padded: Bool = true
    ) -> [UInt8] {
        let header = USBTMCHeader(
            .reply(isLast: isLast, isTerminated: false), tag: tag, transferSize: UInt32(announced ?? payload.count))
        let zeros = padded ? USBTMCHeader.padding(after: payload.count) : 0
        return header.bytes + payload + [UInt8](repeating: 0, count: zeros)
    }

    private func content(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) } }

    /// Feeds a transfer in the pieces that the reply asks for; ends full ones with an empty packet if it comes.
    private func feed(
        _ bytes: [UInt8], to reply: inout USBTMCReply, first: USBTMCReply.Step, endComes: Bool = true
    ) throws -> USBTMCReply.Step {
        var rest = bytes[...]
        var step = first
        while true {
            switch step {
            case .read(let count):
                try #require(count.isMultiple(of: packet))
                let piece = Array(rest.prefix(count))
                rest = rest.dropFirst(count)
                step = try reply.take(piece, asked: count)
            case .readEnd(let count):
                try #require(rest.isEmpty && count == packet)
                step = endComes ? try reply.take([], asked: count) : try reply.noEnd()
            case .request, .complete: return step
            }
        }
    }

    @Test(
        "a reply of any size comes out whole, also when it fills its last packet",
        arguments: [0, 1, 3, 4, 499, 500, 501, 1012, 8179, 8180, 8181, 8692, 8693, 73_728, 100_000], [true, false])
    func sizes(count: Int, endComes: Bool) throws {
        var reply = USBTMCReply(limit: 1 << 20, packet: packet, quirks: [], isOwedEnd: false)
        let first = reply.requested(1 << 20, tag: 5)
        let step = try feed(transfer(content(count)), to: &reply, first: first, endComes: endComes)
        #expect(step == .complete)
        #expect(reply.message == content(count))
    }

    @Test("pieces without the end-of-message flag are joined, each with its own request")
    func joined() throws {
        var reply = USBTMCReply(limit: 1000, packet: packet, quirks: [], isOwedEnd: false)
        var all: [UInt8] = []
        for (tag, size) in [(UInt8(5), 100), (6, 512), (7, 0), (8, 300)] {
            #expect(reply.wanted == 1000 - all.count)
            let first = reply.requested(reply.wanted, tag: tag)
            let piece = content(size)
            let step = try feed(transfer(piece, tag: tag, isLast: tag == 8), to: &reply, first: first)
            all += piece
            #expect(step == (tag == 8 ? .complete : .request))
        }
        #expect(reply.message == all)
    }

    @Test(
        "a size that lies is refused, whichever way",
        arguments: [(100, 99_999), (100, 104), (100, 96), (600, 500), (100, 90)])
    func lies(real: Int, announced: Int) throws {
        var reply = USBTMCReply(limit: 1000, packet: packet, quirks: [], isOwedEnd: false)
        let first = reply.requested(1000, tag: 5)
        let error = #expect(throws: BellError.self) {
            try feed(transfer(content(real), announced: announced), to: &reply, first: first)
        }
        #expect(error?.code == .instrumentProtocol)
        #expect(error?.cause?.contains("announces \(announced) bytes") == true)
    }

    @Test("a size of up to three bytes too many or too few is within what padding explains, and no byte is made up")
    func nearlyLies() throws {
        var reply = USBTMCReply(limit: 1000, packet: packet, quirks: [], isOwedEnd: false)
        let first = reply.requested(1000, tag: 5)
        #expect(try feed(transfer(content(8), announced: 6), to: &reply, first: first) == .complete)
        #expect(reply.message == Array(content(8).prefix(6)))
    }

    @Test("a message that never ends is given up at its limit, and empty transfers after eight")
    func endless() throws {
        var reply = USBTMCReply(limit: 10, packet: packet, quirks: [], isOwedEnd: false)
        var step = reply.requested(10, tag: 5)
        #expect(throws: BellError.self) { try feed(transfer(content(10), isLast: false), to: &reply, first: step) }
        reply = USBTMCReply(limit: 10, packet: packet, quirks: [], isOwedEnd: false)
        for _ in 1..<USBTMCReply.mostEmptyTransfers {
            step = reply.requested(10, tag: 5)
            #expect(try feed(transfer([], isLast: false), to: &reply, first: step) == .request)
        }
        step = reply.requested(10, tag: 5)
        #expect(throws: BellError.self) { try feed(transfer([], isLast: false), to: &reply, first: step) }
    }

    @Test("an empty first packet is passed over once for devices that are known for it, and refused else")
    func emptyFirst() throws {
        var reply = USBTMCReply(limit: 10, packet: packet, quirks: .emptyFirstRead, isOwedEnd: false)
        _ = reply.requested(10, tag: 5)
        #expect(try reply.take([], asked: 512) == .read(512))
        #expect(try reply.take(transfer([1]), asked: 512) == .complete)
        var second = USBTMCReply(limit: 10, packet: packet, quirks: .emptyFirstRead, isOwedEnd: false)
        _ = second.requested(10, tag: 5)
        _ = try second.take([], asked: 512)
        #expect(throws: BellError.self) { try second.take([], asked: 512) }
        var strict = USBTMCReply(limit: 10, packet: packet, quirks: [], isOwedEnd: false)
        _ = strict.requested(10, tag: 5)
        #expect(throws: BellError.self) { try strict.take([], asked: 512) }
        var owed = USBTMCReply(limit: 10, packet: packet, quirks: [], isOwedEnd: true)
        _ = owed.requested(10, tag: 5)
        #expect(try owed.take([], asked: 512) == .read(512))
    }

    // python-usbtmc d9bfb20, usbtmc.py: one header for the whole, and a TransferSize that counts only the first packet.
    @Test("a Rigol's block comes whole although its size counts only the first packet")
    func headerOnce() throws {
        let message = SCPIBlock.definite(content(1400)) + [10]
        var reply = USBTMCReply(limit: 10_000, packet: 64, quirks: .headerOnce, isOwedEnd: false)
        var step = reply.requested(10_000, tag: 5)
        var rest = transfer(message, announced: 52, padded: false)[...]
        // Each packet comes as a transfer of its own.
        while case .read(let count) = step {
            try #require(!rest.isEmpty)
            let piece = Array(rest.prefix(64))
            rest = rest.dropFirst(64)
            step = try reply.take(piece, asked: count)
        }
        #expect(step == .complete)
        #expect(try SCPIBlock.content(of: reply.message) == content(1400))
    }

    @Test("a device with one header for the whole is given up when it sends nothing but empty packets")
    func headerOnceStuck() throws {
        var reply = USBTMCReply(limit: 10_000, packet: 64, quirks: .headerOnce, isOwedEnd: false)
        _ = reply.requested(10_000, tag: 5)
        let first = Array(transfer(SCPIBlock.definite(content(1400)), announced: 52, padded: false).prefix(64))
        guard case .read(let count) = try reply.take(first, asked: 1024) else {
            Issue.record("the block is not whole yet")
            return
        }
        let error = #expect(throws: BellError.self) { try reply.take([], asked: count) }
        #expect(error?.code == .instrumentProtocol)
        #expect(error?.cause == "the device announces 1406 bytes and sends 52")
    }
}
