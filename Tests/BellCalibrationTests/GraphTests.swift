import BellCalibration
import BellModel
import Testing

@Suite("The calibration graph") struct GraphTests {
    @Test("items come after what they need, and independent ones in the table's order")
    func order() throws {
        let graph = try CalibrationGraph(sampleTable().reversed())
        #expect(
            graph.order.map(\.description) == [
                "alice/readout", "bob/readout", "alice/spectroscopy", "bob/spectroscopy", "alice/rabi", "bob/rabi",
                "alice/drag", "bob/drag", "link/phase",
            ])
        #expect(
            try CalibrationGraph(sampleTable()).order.map(\.routine).uniqued
                == ["spectroscopy", "rabi", "readout", "drag", "phase"])
        #expect(graph.dependencies(of: item("alice/drag")) == [item("alice/readout"), item("alice/rabi")])
        #expect(graph.dependencies(of: item("link/phase")) == [item("alice/drag"), item("bob/drag")])
        #expect(graph.closure(of: [item("bob/rabi")]) == [item("bob/spectroscopy"), item("bob/rabi")])
        #expect(graph.closure(of: [item("link/phase")]) == graph.order)
        #expect(graph.closure(of: [item("bob/nothing")]).isEmpty)
    }

    @Test("circles, unknown names, repeated names and a node that needs the link are refused, all at once")
    func refusals() throws {
        let circle = try #require(throws: BellError.self) {
            try CalibrationGraph([
                .init(name: "x", scope: .node), .init(name: "a", scope: .node, dependencies: ["x", "b"]),
                .init(name: "b", scope: .node, dependencies: ["c"]),
                .init(name: "c", scope: .node, dependencies: ["a"]),
            ])
        }
        #expect(circle.what == "Routines need each other in a circle: a → b → c → a.")
        let itself = try #require(throws: BellError.self) {
            try CalibrationGraph([.init(name: "a", scope: .node, dependencies: ["a"])])
        }
        #expect(itself.what.contains("a → a"))
        let many = try #require(throws: BellError.self) {
            try CalibrationGraph([
                .init(name: "ramsey", scope: .node, dependencies: ["rabbi"]),
                .init(name: "rabi", scope: .node, dependencies: ["theta"]), .init(name: "theta", scope: .link),
                .init(name: "theta", scope: .link, repeatAfter: ["nobody"]),
            ])
        }
        #expect(many.code == .calibrationGraph)
        #expect(many.fix == "did you mean rabi?")
        #expect(
            many.others.map(\.what) == [
                "The routine rabi of one node needs theta, which needs both nodes.", "The routine theta stands twice.",
                "The routine theta names the routine \"nobody\", which there is not.",
            ])
    }

    @Test(
        "a person names routines, items, places, quantities and paths",
        arguments: [
            (["rabi"], "alice/rabi bob/rabi"), (["alice/rabi"], "alice/rabi"), (["link"], "link/phase"),
            (["half_pi_drag"], "alice/drag bob/drag"), (["bob.half_pi_amplitude"], "bob/rabi"),
            (["link.link_phase", "bob/drag"], "bob/drag link/phase"),
            (["alice"], "alice/spectroscopy alice/rabi alice/readout alice/drag"),
        ])
    func names(_ words: [String], _ expected: String) throws {
        let graph = try CalibrationGraph(sampleTable())
        #expect(try graph.items(named: words).map(\.description).joined(separator: " ") == expected)
    }

    @Test("without a name everything is meant; a node narrows it; what means nothing is refused")
    func chosen() throws {
        let graph = try CalibrationGraph(sampleTable())
        #expect(try graph.items(named: []) == graph.order)
        #expect(try graph.items(named: ["rabi"], node: .bob) == [item("bob/rabi")])
        let nowhere = try #require(throws: BellError.self) { try graph.items(named: ["phase"], node: .bob) }
        #expect(nowhere.code == .calibrationNoItem)
        let typo = try #require(throws: BellError.self) { try graph.items(named: ["rabbi", "link/rabi", "carol"]) }
        #expect(typo.fix?.hasPrefix("did you mean rabi?") == true)
        #expect(typo.others.count == 2)
    }

    @Test("a state passes while it is young, did not fail, and nothing below it is newer")
    func staleness() throws {
        let graph = try CalibrationGraph(sampleTable())
        var states = allKnown(graph)
        let (rabi, drag, below) = (item("alice/rabi"), item("alice/drag"), item("alice/spectroscopy"))
        func stale(_ item: CalibrationItem, deep: Bool = true, now: Double = 1000) -> Staleness? {
            graph.staleness(of: item, states, now: now, deep: deep)
        }
        #expect(stale(drag) == nil)
        #expect(stale(rabi, now: 1090) == nil)
        #expect(stale(rabi, now: 1091) == .old(age: 101, limit: 100))
        #expect(stale(drag, now: 1091) == .dependencyStale(rabi))
        #expect(stale(drag, deep: false, now: 1091) == nil)
        states[rabi]?.validFor = 5
        #expect(stale(rabi) == .old(age: 10, limit: 5))
        states[rabi]?.validFor = .nan
        #expect(stale(rabi) != nil, "a limit that is no number does not count for ever")
        states[rabi]?.validFor = nil
        #expect(stale(rabi, now: 500) == .old(age: .infinity, limit: 100), "a time in the future is not believed")
        states[below]?.calibrated = 991
        #expect(stale(rabi) == .dependencyNewer(below))
        #expect(stale(drag) == .dependencyStale(rabi))
        states[below]?.calibrated = 990
        states[rabi]?.hasFailed = true
        #expect(stale(rabi) == .failed)
        states[rabi] = nil
        #expect(stale(rabi) == .neverMeasured)
        #expect(stale(item("bob/drag")) == nil, "bob's are his own")
    }

    @Test("items are written and read", arguments: ["alice/rabi", "bob/x-y", "link/phase"])
    func text(_ text: String) { #expect(CalibrationItem(text)?.description == text) }

    @Test("other texts are no items", arguments: ["", "alice", "alice/", "carol/rabi", "alice/rabi/x", "/rabi"])
    func noItem(_ text: String) { #expect(CalibrationItem(text) == nil) }
}

extension Array where Element: Equatable {
    fileprivate var uniqued: [Element] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}
