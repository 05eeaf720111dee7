import BellControl
import BellModel
import Testing

@Suite("Telemetry snapshots")
struct TelemetrySnapshotTests {
    @Test("publisher and subscriber keep the same state through every kind of change")
    func same() throws {
        var publisher = TelemetrySnapshot(instance: "a", state: ["version": "1", "campaign": nil])
        var subscriber = try TelemetrySnapshot(json: publisher.json)
        let changes: [(String, JSON)] = [
            ("campaign", ["trials": 10]), ("device", ["name": "alice", "state": "ok"]),
            ("device", ["name": "bob", "state": "ok"]), ("device", ["name": "alice", "state": "silent"]),
            ("event", ["text": "hello"]), ("daemon", ["pid": 7]), ("novelty", ["x": 1]), ("campaign", nil),
        ]
        for (kind, data) in changes {
            let change = publisher.next(kind: kind, data: data)
            let received = try TelemetryChange(json: try JSON(parsing: change.parts[1]))
            #expect(received == change)
            #expect(subscriber.apply(received) == .applied)
            #expect(subscriber == publisher)
        }
        #expect(publisher.sequence == 8)
        #expect(publisher.state["devices"]?.arrayValue?.count == 2)
        #expect(publisher.state["devices"]?.arrayValue?.first?["state"] == "silent")
        #expect(publisher.state["campaign"] == .null)
        #expect(publisher.state["pid"] == 7)
    }

    @Test("a missing number is a gap, a repeated one is old, another daemon is a gap")
    func gaps() {
        var snapshot = TelemetrySnapshot(instance: "a", state: [:], sequence: 5)
        func change(_ n: UInt64, _ instance: String = "a") -> TelemetryChange {
            TelemetryChange(sequence: n, kind: "event", data: 1, instance: instance)
        }
        #expect(snapshot.apply(change(5)) == .old)
        #expect(snapshot.apply(change(7)) == .gap)
        #expect(snapshot.apply(change(6, "b")) == .gap)
        #expect(snapshot.apply(change(0)) == .old)
        #expect(snapshot.apply(change(.max)) == .gap)
        #expect(snapshot.sequence == 5)
        #expect(snapshot.apply(change(6)) == .applied)
    }

    @Test("only the latest events are kept")
    func events() {
        var snapshot = TelemetrySnapshot(instance: "a", state: [:])
        for n in 0..<250 as Range<Int64> { _ = snapshot.next(kind: "event", data: .int(n)) }
        let events = snapshot.state["events"]?.arrayValue
        #expect(events?.count == TelemetrySnapshot.eventLimit)
        #expect(events?.last == 249)
    }
}
