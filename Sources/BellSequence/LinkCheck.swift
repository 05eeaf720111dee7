import BellModel

/// Checks that the photon that one node emits is absorbed at the other.
struct LinkCheck {
    private let operations: PerNode<[PlacedOperation]>
    private let lines: PerNode<Lines>
    private let calibration: CalibrationSet

    init(_ operations: PerNode<[PlacedOperation]>, _ lines: PerNode<Lines>, _ calibration: CalibrationSet) {
        self.operations = operations
        self.lines = lines
        self.calibration = calibration
    }

    func run(_ failures: inout [BellError]) {
        let emissions = all(.emit)
        let absorptions = all(.absorb)
        for (list, other, word) in [(emissions, absorptions, "absorb"), (absorptions, emissions, "emit")] {
            if list.count > 1, let second = list.dropFirst().first {
                failures.append(
                    BellError(
                        .sequenceOperations,
                        "The link carries one photon a trial; \(second.operation.label) is another.",
                        at: "\(second.operation.place) \(second.operation.label)", fix: "remove one of the two"))
            }
            guard let first = list.first, other.isEmpty else { continue }
            failures.append(
                BellError(
                    .sequenceOperations,
                    "\(first.operation.label) has no counterpart: \(first.operation.node.other.name) has no \(word).",
                    at: "\(first.operation.place) \(first.operation.label)",
                    fix: "add - \(word): {…} to nodes.\(first.operation.node.other.name)"))
        }
        guard let emission = emissions.first, let absorption = absorptions.first, emissions.count == 1,
            absorptions.count == 1
        else { return }
        guard emission.operation.node != absorption.operation.node else {
            failures.append(
                BellError(
                    .sequenceOperations, "\(emission.operation.node.name) cannot absorb its own photon.",
                    at: "\(absorption.operation.place) \(absorption.operation.label)",
                    fix: "move absorb to \(emission.operation.node.other.name)"))
            return
        }
        do throws(BellError) {
            let delay = try calibration.link.required(.linkDelay).picoseconds
            checkArrival(emission, absorption, delay, &failures)
        } catch {
            failures.append(error)
        }
    }

    /// The absorbing pulse must cover the photon. Without surveyed trigger delays, equal ones are assumed.
    private func checkArrival(
        _ emission: PlacedOperation, _ absorption: PlacedOperation, _ delay: Int64, _ failures: inout [BellError]
    ) {
        let (from, to) = (emission.operation.node, absorption.operation.node)
        let clocks: Int64
        if let sent = lines[from].trigger, let received = lines[to].trigger {
            clocks = sent - received
        } else {
            clocks = 0
        }
        // link_delay is told from qubit to qubit, both in the time of the pulse at the absorbing board.
        let front = emission.actsFrom + Picoseconds(delay + clocks)
        let tail = emission.actsUntil + Picoseconds(delay + clocks)
        for (miss, side) in [(absorption.actsFrom - front, "begins"), (tail - absorption.actsUntil, "ends")]
        where miss > .zero {
            let word = side == "begins" ? "after the photon's front has arrived" : "before the photon's tail arrives"
            failures.append(
                BellError(
                    .sequenceOrder, "\(absorption.operation.label) \(side) \(Format.ns(miss.count)) ns \(word).",
                    at: "\(absorption.operation.place) \(absorption.operation.label)",
                    cause: "the photon is at \(to.name) from \(Format.ns(front.count)) to \(Format.ns(tail.count)) ns "
                        + "after the pulse, link_delay \(Format.ns(delay)) ns",
                    fix: side == "begins"
                        ? "start it ≥ \(Format.ns(miss.count)) ns earlier"
                        : "start it ≥ \(Format.ns(miss.count)) ns later"))
        }
    }

    private func all(_ kind: Operation.Kind) -> [PlacedOperation] {
        (operations.alice + operations.bob).filter { $0.operation.kind == kind }
    }
}
