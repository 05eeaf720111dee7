import BellModel
import DriverKit
import Testing
import TestSupport

@testable import SCPIInstrument

/// Whatever a device sends: every operation ends, and nothing grows beyond its limit.
@Suite struct HostileBytesTests {
    private let operations: [USBTMCMachine.Operation] = [
        .open, .write([UInt8](repeating: 1, count: 3000), timeout: .seconds(1)),
        .read(limit: 64, terminator: nil, timeout: .seconds(1)), .clear, .trigger(timeout: .seconds(1)), .indicate,
        .readStatusByte(timeout: .seconds(1)), .remoteEnable(true), .goToLocal, .localLockout,
    ]

    /// Bytes that are often nearly right.
    private func reply(tag: UInt8, _ random: inout SplitMix) -> [UInt8] {
        let size = UInt8.random(in: 0...70, using: &random)
        let content = [UInt8](repeating: 65, count: Int.random(in: 0...80, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return []
        case 1: return content
        case 2: return [2, tag, ~tag, 0, 255, 255, 255, 255, 0, 0, 0, 0] + content
        case 3: return [2, tag, ~tag, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        case 4: return [2, tag, ~tag, 0, 1, 0, 0, 0, 0, 0, 0, 0, 65]
        case 5: return [UInt8](repeating: 0, count: 512)
        default:
            return [2, tag, ~tag, 0, size, 0, 0, 0, UInt8.random(in: 0...1, using: &random), 0, 0, 0] + content
        }
    }

    @Test("the conversation ends after a bounded number of actions, whatever comes", arguments: [true, false])
    func machine(hasInterrupt: Bool) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        let codes: [BellError.Code] = [.usbTimeout, .usbStall, .usbIO, .usbOverflow, .usbCancelled, .usbUnplugged]
        for round in 0..<300 {
            var machine = USBTMCMachine(
                pipes: USBTMCPipes(
                    interface: 0, bulkOut: 1, bulkIn: 0x82, packet: 512, interruptIn: hasInterrupt ? 0x83 : nil),
                quirks: USBTMCQuirks(rawValue: UInt8.random(in: 0...31, using: &random)))
            let failures = Int.random(in: 0...20, using: &random)
            for _ in 0..<20 {
                let operation = operations.randomElement(using: &random) ?? .clear
                var action = machine.begin(operation)
                var count = 0
                while true {
                    if case .finish(let result) = action {
                        if case .success(.message(let bytes)) = result { #expect(bytes.count <= 64) }
                        break
                    }
                    count += 1
                    guard count < 4000 else {
                        Issue.record("seed \(seed), round \(round): \(operation) does not end")
                        return
                    }
                    if Int.random(in: 0..<20, using: &random) < failures / 4 {
                        action = machine.handle(
                            .failed(BellError(codes.randomElement(using: &random) ?? .usbIO, "Injected.")))
                        continue
                    }
                    switch action {
                    case .read(let most, _):
                        action = machine.handle(.bytes(Array(reply(tag: machine.tags.read, &random).prefix(most))))
                    case .control(let request, _):
                        let bytes = (0..<Int.random(in: 0...Int(request.length), using: &random)).map { _ -> UInt8 in
                            [0, 1, 1, 1, 2, 0x80, 0x81, 0xFF].randomElement(using: &random) ?? 0
                        }
                        action = machine.handle(.bytes(bytes))
                    case .notification:
                        action = machine.handle(.bytes([0x80, UInt8.random(in: 0...255, using: &random)]))
                    default: action = machine.handle(.done)
                    }
                }
            }
        }
    }

    @Test("a device that always has one more byte is given up")
    func trickle() throws {
        var reply = USBTMCReply(limit: 1 << 20, packet: 512, quirks: [], isOwedEnd: false)
        var transfers = 0
        let error = #expect(throws: BellError.self) {
            while true {
                transfers += 1
                _ = reply.requested(reply.wanted, tag: 1)
                _ = try reply.take([2, 1, 0xFE, 0, 1, 0, 0, 0, 0, 0, 0, 0, 65], asked: 1024)
            }
        }
        #expect(error?.code == .instrumentProtocol)
        #expect(transfers == 1024 + (1 << 20) / 32)
    }

    @Test("a stream of random bytes gives an answer, wants more within its limit, or is refused")
    func stream() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SplitMix(seed: seed)
        for _ in 0..<5000 {
            var reply = StreamReply(kind: Bool.random(using: &random) ? .block : .line, limit: 100)
            var taken = 0
            for _ in 0..<200 {
                let bytes = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                    Array("#0129\n\rA".utf8).randomElement(using: &random) ?? 0
                }
                do throws(BellError) {
                    taken += bytes.count
                    if let answer = try reply.take(bytes) {
                        #expect(answer.count == taken && answer.last == 10)
                        break
                    }
                    #expect(taken <= 102)
                } catch {
                    #expect(error.code == .instrumentProtocol)
                    break
                }
            }
            #expect(taken <= 120, "seed \(seed)")
        }
    }
}
