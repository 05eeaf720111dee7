import BellModel
import DriverKit
import SCPIInstrument
import Testing
import VirtualUSB

@Suite struct SCPISessionTests {
    private func session(_ faults: Set<SourceFault> = []) async throws -> (SCPISession, DirectUSB) {
        let usb = DirectUSB(USBTMCSource())
        let session = SCPISession(name: "alice/lo", link: USBTMCLink.direct(usb))
        _ = try await session.open()
        usb.change { $0.model.faults = faults }
        return (session, usb)
    }

    @Test("orders that the instrument refuses fail with all of its errors, and the queue is empty afterwards")
    func faults() async throws {
        let (session, _) = try await session()
        try await session.configure(["FREQ 5.8E9", "POW -10"])
        let error = await failure { () async throws(BellError) in
            try await session.configure(["FREQ 1E15", "NONSENSE", "POW -20"])
        }
        #expect(error?.code == .instrumentFault)
        #expect(error?.cause == "-222 Data out of range; -113 Undefined header")
        #expect(error?.what == "alice/lo reports 2 errors.")
        #expect(try await session.errors() == [])
        #expect(try await session.number("POW?") == -20)
        #expect(try await session.number("FREQ?") == 5.8e9)
    }

    @Test("a question that is not understood fails with the instrument's own words, not as a time-out")
    func misunderstood() async throws {
        let (session, _) = try await session()
        let error = await failure { () async throws(BellError) in _ = try await session.query("FROBNICATE?") }
        #expect(error?.code == .instrumentFault)
        #expect(error?.cause == "-113 Undefined header")
        #expect(try await session.query("*OPC?") == "1")
    }

    @Test(
        "a late answer is never taken for the next question's",
        arguments: [
            [.late(reply: 1, until: .abort)], [.late(reply: 1, until: .clear)], [.hang(reply: 1)],
            [.stop(reply: 1, after: 512)],
            // The sure-making question itself meets a late answer.
            [.late(reply: 1, until: .clear), .late(reply: 2, until: .clear)],
        ] as [Set<SourceFault>], ["TEST:BLOCK? 600", "FREQ?"])
    func late(faults: Set<SourceFault>, question: String) async throws {
        let (session, usb) = try await session(faults)
        usb.change { $0.model.replies = 0 }
        let error = await failure { () async throws(BellError) in _ = try await session.query(question) }
        guard question != "FREQ?" || !faults.contains(.stop(reply: 1, after: 512)) else { return #expect(error == nil) }
        #expect(error?.code == .usbTimeout, "\(String(describing: error))")
        for number in [3, 4, 5] {
            var answer: Double?
            // With two late answers the first question after may still fail; it must not lie.
            for _ in 0..<3 where answer == nil {
                _ = await failure { () async throws(BellError) in
                    answer = try await session.number("*SRE \(number);*SRE?")
                }
            }
            #expect(answer == Double(number))
        }
        #expect(try await session.errors() == [])
    }

    @Test("what was wrong before a lost question is still reported after it")
    func keptErrors() async throws {
        let (session, usb) = try await session()
        usb.change { state in
            state.model.source.note(-310, "System error")
            state.model.faults = [.hang(reply: state.model.replies + 1)]
        }
        // Here it is the cause that a person wants to see.
        let error = await failure { () async throws(BellError) in _ = try await session.query("FREQ?") }
        #expect(error?.code == .instrumentFault)
        #expect(error?.cause == "-310 System error")
    }

    @Test("an error queue that never empties is read 32 times")
    func endlessErrors() async throws {
        let answers = ["a,b,c,d\n", ""] + [String](repeating: "-350,\"Queue overflow\"\n", count: 40)
        let stream = ScriptedStream(answers)
        let session = SCPISession(name: "x", link: SocketLink(place: "x") { () throws(BellError) in stream })
        _ = try await session.open()
        #expect(try await session.errors().count == 32)
        #expect(stream.written.count == 2 + 32)
    }

    @Test("a command is one line of printable ASCII", arguments: ["", "FREQ 1\nOUTP ON", "FREQ 1\u{0}", "FREQ ½"])
    func injection(text: String) async throws {
        let (session, usb) = try await session()
        let before = usb.calls.count
        let error = await failure { () async throws(BellError) in try await session.configure([text]) }
        #expect(error?.code == .instrumentProtocol)
        #expect(usb.calls.count == before)
    }

    @Test("events tell that the instrument was switched on, once")
    func events() async throws {
        let (session, usb) = try await session()
        #expect(try await session.events() == [])
        usb.change { $0.model.source = SimulatedSource() }
        #expect(try await session.events() == .powerOn)
        #expect(try await session.events() == [])
    }

    @Test("a block is given as its content")
    func block() async throws {
        let (session, _) = try await session()
        #expect(try await session.block("TEST:BLOCK? 300") == (0..<300).map { UInt8(truncatingIfNeeded: $0) })
        #expect(try await session.block("TEST:BLOCK:INDEF? 3") == [0, 1, 2])
        let error = await failure { () async throws(BellError) in _ = try await session.block("*OPC?") }
        #expect(error?.cause == "no block: it begins with \"1\\x0a\"")
    }

    @Test("one question at a time, each with its answer, from many tasks")
    func concurrent() async throws {
        let (session, _) = try await session()
        let wrong = await withTaskGroup(of: Int.self) { group in
            for number in 0..<100 {
                group.addTask { (try? await session.number("*SRE \(number);*SRE?")) == Double(number & 0xBF) ? 0 : 1 }
                group.addTask { (try? await session.query("*IDN?"))?.hasPrefix("belld") == true ? 0 : 1 }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
