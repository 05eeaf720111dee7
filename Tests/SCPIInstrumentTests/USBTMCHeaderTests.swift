import BellModel
import DriverKit
import Testing

@testable import SCPIInstrument

@Suite struct USBTMCHeaderTests {
    // Bytes made by pyvisa-py 0.8.1 (protocols/usbtmc.py); TRIGGER by its source.
    @Test("a message, a request and a trigger have the bytes that pyvisa-py sends")
    func goldenVectors() {
        let identify = Array("*IDN?\n".utf8)
        #expect(
            USBTMCHeader.transfer(identify[...], tag: 1, isLast: true) == [
                0x01, 0x01, 0xfe, 0x00, 0x06, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x2a, 0x49, 0x44, 0x4e, 0x3f,
                0x0a, 0x00, 0x00,
            ])
        #expect(
            USBTMCHeader(.request(terminator: nil), tag: 2, transferSize: 1024).bytes == [
                0x02, 0x02, 0xfd, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            ])
        #expect(
            USBTMCHeader(.request(terminator: 10), tag: 2, transferSize: 1024).bytes == [
                0x02, 0x02, 0xfd, 0x00, 0x00, 0x04, 0x00, 0x00, 0x02, 0x0a, 0x00, 0x00,
            ])
        #expect(
            USBTMCHeader.transfer(Array("AB".utf8)[...], tag: 255, isLast: false) == [
                0x01, 0xff, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x41, 0x42, 0x00, 0x00,
            ])
        #expect(
            USBTMCHeader(.trigger, tag: 3).bytes == [
                0x80, 0x03, 0xfc, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            ])
    }

    @Test("the reply that pyvisa-py decodes is decoded as it does")
    func goldenReply() throws {
        let bytes: [UInt8] = [
            0x02, 0x02, 0xfd, 0x00, 0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x61, 0x62, 0x63, 0x64, 0x0a, 0x00,
            0x00, 0x00,
        ]
        var reply = USBTMCReply(limit: 1024, packet: 512, quirks: [], isOwedEnd: false)
        let asked = reply.requested(1024, tag: 2)
        #expect(asked == .read(1536))
        #expect(try reply.take(bytes, asked: 1536) == .complete)
        #expect(reply.message == Array("abcd\n".utf8))
    }

    @Test(
        "padding fills up to a multiple of four", arguments: [(0, 0), (1, 3), (2, 2), (3, 1), (4, 0), (5, 3), (511, 1)])
    func padding(count: Int, zeros: Int) { #expect(USBTMCHeader.padding(after: count) == zeros) }

    @Test(
        "a header of another request, kind or length is refused",
        arguments: [
            ([2, 3, 0xfc, 0, 0, 0, 0, 0, 1, 0, 0, 0], "request 3"),
            ([2, 2, 0xfc, 0, 0, 0, 0, 0, 1, 0, 0, 0], "complement 252"),
            ([1, 2, 0xfd, 0, 0, 0, 0, 0, 1, 0, 0, 0], "MsgID 1"),
            ([2, 2, 0xfd, 0, 0, 0, 0, 0, 1, 0, 0], "11 bytes"), ([], "0 bytes"),
        ] as [([UInt8], String)])
    func refused(bytes: [UInt8], words: String) throws {
        let error = #expect(throws: BellError.self) { try USBTMCHeader.reply(bytes, tag: 2) }
        #expect(error?.code == .instrumentProtocol)
        #expect(error?.cause?.contains(words) == true, "\(error?.cause ?? "")")
    }

    @Test("only a device that is known for it may answer with another tag, and never with another kind")
    func toleratedTag() throws {
        let wrong: [UInt8] = [2, 9, 9, 0, 4, 0, 0, 0, 1, 0, 0, 0]
        #expect(try USBTMCHeader.reply(wrong, tag: 2, toleratesTag: true).transferSize == 4)
        #expect(throws: BellError.self) {
            try USBTMCHeader.reply([1] + wrong.dropFirst(), tag: 2, toleratesTag: true)
        }
    }

    @Test("tags run from 1 to 255 and never are 0; writes and reads are remembered apart")
    func tags() {
        var tags = USBTMCTags(last: 253)
        #expect(tags.nextWrite() == 254)
        #expect(tags.nextRead() == 255)
        #expect(tags.nextWrite() == 1)
        #expect((tags.write, tags.read) == (1, 255))
        let all = (0..<1000).map { _ in tags.nextRead() }
        #expect(Set(all) == Set(1...255))
        #expect(zip(all, all.dropFirst()).allSatisfy { $1 == ($0 == 255 ? 1 : $0 + 1) })
    }

    @Test("status tags run from 2 to 127, so that none looks like a service request or is out of range")
    func statusTags() {
        var tags = USBTMCTags()
        let all = (0..<500).map { _ in tags.nextStatus() }
        #expect(all.first == 2)
        #expect(Set(all) == Set(2...127))
    }

    @Test("capabilities of USB488 stand in bytes 14 and 15")
    func capabilities() {
        var answer = [UInt8](repeating: 0, count: 24)
        answer[0] = 1
        answer[4] = 0x04
        answer[5] = 0x01
        #expect(USBTMCCapabilities(answer).hasIndicatorPulse)
        #expect(USBTMCCapabilities(answer).hasTerminator)
        #expect(!USBTMCCapabilities(answer).is4882)
        answer[14] = 0x07
        answer[15] = 0x0C
        let full = USBTMCCapabilities(answer)
        #expect(full.is4882 && full.hasRemoteControl && full.hasTrigger && full.isSCPI && full.hasServiceRequest)
        #expect(USBTMCCapabilities([1, 0, 0]) == USBTMCCapabilities())
        #expect(USBTMCCapabilities([]) == USBTMCCapabilities())
    }

    @Test(
        "known departures come from one table by vendor and product",
        arguments: [
            (0x1ab1, 0x0588, [.noRemoteControl, .headerOnce, .emptyFirstRead]),
            (0x1ab1, 0x04ce, [.headerOnce, .emptyFirstRead]), (0x1ab1, 0x0515, [.noRemoteControl, .emptyFirstRead]),
            (0x1ab1, 0x9999, .emptyFirstRead), (0x0957, 0x0588, .noRemoteControl), (0x0957, 0x0001, []),
            (0x0b21, 0x0001, .noRemoteControl), (0xf4ec, 0x1300, [.noRemoteControl, .resetOnOpen]),
            (0x1209, 0xbe12, []),
        ] as [(UInt16, UInt16, USBTMCQuirks)])
    func quirks(vendor: UInt16, product: UInt16, quirks: USBTMCQuirks) {
        #expect(USBTMCQuirks(of: USBIdentity(vendor: vendor, product: product, serial: nil)) == quirks)
    }

    // The table of USBTMC 1.0, section 4.2, as the kernel's driver and pyvisa-py have it.
    @Test("every control request has the standard's eight bytes")
    func requests() {
        func bytes(_ request: USBControlRequest) -> [UInt16] {
            [UInt16(request.type), UInt16(request.request), request.value, request.index, request.length]
        }
        #expect(bytes(USBTMCRequest.initiateAbortOut(tag: 7, endpoint: 0x01)) == [0xA2, 1, 7, 0x01, 2])
        #expect(bytes(USBTMCRequest.checkAbortOut(endpoint: 0x01)) == [0xA2, 2, 0, 0x01, 8])
        #expect(bytes(USBTMCRequest.initiateAbortIn(tag: 8, endpoint: 0x82)) == [0xA2, 3, 8, 0x82, 2])
        #expect(bytes(USBTMCRequest.checkAbortIn(endpoint: 0x82)) == [0xA2, 4, 0, 0x82, 8])
        #expect(bytes(USBTMCRequest.initiateClear(interface: 1)) == [0xA1, 5, 0, 1, 1])
        #expect(bytes(USBTMCRequest.checkClear(interface: 1)) == [0xA1, 6, 0, 1, 2])
        #expect(bytes(USBTMCRequest.capabilities(interface: 1)) == [0xA1, 7, 0, 1, 0x18])
        #expect(bytes(USBTMCRequest.indicatorPulse(interface: 1)) == [0xA1, 64, 0, 1, 1])
        #expect(bytes(USBTMCRequest.readStatusByte(tag: 2, interface: 1)) == [0xA1, 128, 2, 1, 3])
        #expect(bytes(USBTMCRequest.remoteEnable(true, interface: 1)) == [0xA1, 160, 1, 1, 1])
        #expect(bytes(USBTMCRequest.remoteEnable(false, interface: 1)) == [0xA1, 160, 0, 1, 1])
        #expect(bytes(USBTMCRequest.goToLocal(interface: 1)) == [0xA1, 161, 0, 1, 1])
        #expect(bytes(USBTMCRequest.localLockout(interface: 1)) == [0xA1, 162, 0, 1, 1])
    }
}
