import BellModel
import DriverKit
import ExternalDriver
import Testing
import TestSupport

@Suite("The link to a driver process, as a value")
struct InstrumentLinkMachineTests {
    /// A message of boot `boot`.
    private func message(_ id: Int64, boot: String = "b1", result: JSON = [:]) -> [UInt8] {
        Array(JSON.object(["id": .int(id), "boot_id": .string(boot), "result": result]).text.utf8)
    }

    /// A machine that has been greeted by boot b1 with question 1.
    private func connected() -> InstrumentLinkMachine {
        var machine = InstrumentLinkMachine(name: "lo")
        _ = machine.handle(.opened(token: 1, software: "belld"), at: .zero)
        _ = machine.handle(.message(message(1)), at: .zero)
        return machine
    }

    private func failure(_ actions: [InstrumentLinkMachine.Action], _ token: UInt64) -> BellError.Code? {
        for case .complete(token, .failure(let error)) in actions { return error.code }
        return nil
    }

    @Test("opening sends hello, and its answer completes the greeting")
    func greeting() throws {
        var machine = InstrumentLinkMachine(name: "lo")
        let sent = machine.handle(.opened(token: 1, software: "belld 0"), at: .zero)
        #expect(
            sent == [
                .send(Array(#"{"id":1,"method":"hello","params":{"host":"belld 0","protocol":1}}"#.utf8))
            ])
        #expect(!machine.isConnected)
        #expect(
            machine.handle(.message(message(1, result: ["protocol": 1])), at: .zero)
                == [.complete(token: 1, .success(["protocol": 1]))])
        #expect(machine.isConnected && machine.boots == 1)
    }

    @Test("a hello that is refused ends the link")
    func refusedHello() {
        var machine = InstrumentLinkMachine(name: "lo")
        _ = machine.handle(.opened(token: 1, software: "belld"), at: .zero)
        let no = Array(#"{"id":1,"boot_id":"b","error":{"code":"instrument.wrong-version","what":"w"}}"#.utf8)
        let actions = machine.handle(.message(no), at: .zero)
        #expect(failure(actions, 1)?.name == "instrument.wrong-version" && actions.last == .disconnect)
        #expect(machine.handle(.message(message(1)), at: .zero).isEmpty)
    }

    @Test("the requests' bytes are those of the document")
    func bytes() {
        let table: [(InstrumentRequest, String)] = [
            (.ping, #"{"id":7,"method":"ping","params":{}}"#),
            (.read(key: "power_dbm"), #"{"id":7,"method":"read","params":{"key":"power_dbm"}}"#),
            (
                .set(key: "frequency_hz", value: .number(5.8e9)),
                #"{"id":7,"method":"set","params":{"key":"frequency_hz","value":5800000000}}"#
            ),
            (
                .set(key: "output", value: .toggle(false)),
                #"{"id":7,"method":"set","params":{"key":"output","value":false}}"#
            ),
            (.problems, #"{"id":7,"method":"problems","params":{}}"#),
            (.safe, #"{"id":7,"method":"safe","params":{}}"#),
        ]
        for (request, text) in table { #expect(String(decoding: request.encoded(id: 7), as: UTF8.self) == text) }
    }

    @Test("answers are matched by id in any order, and a second answer is dropped and counted")
    func matching() {
        var machine = connected()
        _ = machine.handle(.request(.ping, token: 2), at: .zero)
        _ = machine.handle(.request(.problems, token: 3), at: .zero)
        #expect(machine.handle(.message(message(3)), at: .zero) == [.complete(token: 3, .success([:]))])
        #expect(machine.handle(.message(message(3)), at: .zero).isEmpty)
        #expect(machine.handle(.message(message(2)), at: .zero) == [.complete(token: 2, .success([:]))])
        #expect(machine.surplusMessages == 1 && machine.isConnected)
    }

    @Test("a question times out at its deadline, not before; the link stays and the late answer is dropped")
    func timeout() {
        var machine = connected()
        _ = machine.handle(.request(.ping, token: 2), at: .seconds(1))
        #expect(machine.deadline == .seconds(6))
        #expect(machine.handle(.tick, at: .seconds(6) - .nanoseconds(1)).isEmpty)
        #expect(failure(machine.handle(.tick, at: .seconds(6)), 2) == .instrumentTimeout)
        #expect(machine.isConnected && machine.deadline == nil)
        #expect(machine.handle(.message(message(2)), at: .seconds(7)).isEmpty)
        #expect(machine.surplusMessages == 1)
        _ = machine.handle(.request(.safe, token: 3), at: .seconds(7))
        #expect(machine.deadline == .seconds(22))
        #expect(machine.handle(.message(message(3)), at: .seconds(8)) == [.complete(token: 3, .success([:]))])
    }

    @Test("a hello without an answer ends the link")
    func silentHello() {
        var machine = InstrumentLinkMachine(name: "lo")
        _ = machine.handle(.opened(token: 1, software: "belld"), at: .zero)
        let actions = machine.handle(.tick, at: .seconds(5))
        #expect(failure(actions, 1) == .instrumentTimeout && actions.last == .disconnect)
    }

    @Test("another boot id fails the question and ends the link; the next greeting counts a second boot")
    func reboot() {
        var machine = connected()
        _ = machine.handle(.request(.read(key: "a"), token: 2), at: .zero)
        _ = machine.handle(.request(.ping, token: 3), at: .zero)
        let actions = machine.handle(.message(message(2, boot: "b2", result: ["value": 1])), at: .zero)
        #expect(failure(actions, 2) == .instrumentRebooted && failure(actions, 3) == .instrumentRebooted)
        #expect(actions.last == .disconnect && !machine.isConnected)
        _ = machine.handle(.opened(token: 4, software: "belld"), at: .zero)
        _ = machine.handle(.message(message(4, boot: "b2")), at: .zero)
        #expect(machine.boots == 2 && machine.isConnected)
    }

    @Test(
        "64 surplus messages in 10 s are survived, the 65th ends the link with an error that says so",
        arguments: [true, false])
    func flood(_ isGarbage: Bool) {
        var machine = connected()
        _ = machine.handle(.request(.ping, token: 2), at: .zero)
        let surplus = isGarbage ? [UInt8](repeating: 0xFF, count: 40) : message(999)
        for _ in 0..<InstrumentLinkMachine.surplusLimit {
            #expect(machine.handle(.message(surplus), at: .seconds(3)).isEmpty)
        }
        let actions = machine.handle(.message(surplus), at: .seconds(3))
        #expect(failure(actions, 2) == .instrumentFlood && actions.last == .disconnect)
        #expect(machine.surplusMessages == 65)
        #expect(machine.handle(.message(surplus), at: .seconds(3)).isEmpty)
    }

    @Test("surplus messages of different windows do not add up")
    func slowSurplus() {
        var machine = connected()
        for turn in 0..<500 {
            let now = Duration.seconds(turn)
            #expect(machine.handle(.message(message(999)), at: now).isEmpty)
        }
        #expect(machine.isConnected && machine.surplusMessages == 500)
    }

    @Test("without a link a request fails at once and nothing is sent")
    func unconnected() {
        var machine = InstrumentLinkMachine(name: "lo")
        let actions = machine.handle(.request(.ping, token: 2), at: .zero)
        #expect(failure(actions, 2) == .instrumentNotConnected && actions.count == 1)
        var closed = connected()
        let error = BellError(.instrumentNotConnected, "closed")
        #expect(closed.handle(.close(error), at: .zero) == [.disconnect])
        #expect(failure(closed.handle(.request(.ping, token: 3), at: .zero), 3) == .instrumentNotConnected)
    }

    @Test("a request over 64 KiB is refused here")
    func large() {
        var machine = connected()
        let value = InstrumentValue.choice(String(repeating: "x", count: 70_000))
        let actions = machine.handle(.request(.set(key: "a", value: value), token: 2), at: .zero)
        #expect(failure(actions, 2) == .instrumentRange && actions.count == 1)
    }

    @Test("whatever comes, every token is completed exactly once by the end", arguments: 0..<20)
    func property(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var machine = InstrumentLinkMachine(name: "lo")
        var completed: [UInt64: Int] = [:]
        var token: UInt64 = 0
        func note(_ actions: [InstrumentLinkMachine.Action]) {
            for case .complete(let token, _) in actions { completed[token, default: 0] += 1 }
        }
        for step in 0..<400 {
            let now = Duration.milliseconds(step * 400)
            switch random.next() % 8 {
            case 0:
                token += 1
                note(machine.handle(.opened(token: token, software: "s"), at: now))
            case 1, 2, 3:
                token += 1
                note(machine.handle(.request(.ping, token: token), at: now))
            case 4, 5, 6:
                let id = Int64(bitPattern: token) - Int64(random.next() % 5)
                let boot = random.next() % 9 == 0 ? "b2" : "b1"
                note(machine.handle(.message(message(id, boot: boot)), at: now))
            default: note(machine.handle(.tick, at: now))
            }
        }
        note(machine.handle(.close(BellError(.instrumentNotConnected, "end")), at: .seconds(1000)))
        #expect((1...token).allSatisfy { completed[$0] == 1 }, "seed \(seed): \(completed)")
    }
}
