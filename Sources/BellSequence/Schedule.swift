import BellModel

/// Operations with their starts and durations resolved, in laboratory time.
struct Schedule {
    /// An operation in its place.
    struct Entry {
        var operation: Operation
        var start: Picoseconds
        var duration: Picoseconds
        /// Where the calibration says the duration; nil where the sequence does.
        var pulse: SourcePlace?
        var end: Picoseconds { start + duration }
    }

    /// In the order of the file.
    var entries: PerNode<[Entry]>

    /// Follows every `after:` to a time.
    ///
    /// - Throws: `sequence.reference`, one error an operation, for a name that does not exist or a circle; whatever
    ///   the calibration lacks.
    init(_ sequence: PulseSequence, _ calibration: CalibrationSet) throws(BellError) {
        var resolver = Resolver(sequence)
        var failures: [BellError] = []
        var places: [String: SourcePlace] = [:]
        entries = PerNode(alice: [], bob: [])
        for node in Node.allCases {
            for operation in sequence.operations[node] {
                do throws(BellError) {
                    var duration = operation.duration ?? .zero
                    if let name = operation.kind.pulse {
                        let pulse = try calibration.nodes[node].pulse(name)
                        duration = pulse.duration
                        places[operation.label] = pulse.place
                    }
                    resolver.durations[operation.label] = duration
                } catch {
                    failures.append(error)
                }
            }
        }
        for node in Node.allCases {
            for operation in sequence.operations[node] {
                do throws(BellError) {
                    let start = try resolver.start(of: operation)
                    let duration = resolver.durations[operation.label] ?? .zero
                    entries[node].append(
                        Entry(
                            operation: operation, start: start, duration: duration, pulse: places[operation.label]))
                } catch {
                    failures.append(error)
                }
            }
        }
        if let error = BellError.all(failures.uniqued) { throw error }
    }
}

/// Walks references depth first and remembers what it found.
private struct Resolver {
    let operations: [String: Operation]
    let names: PerNode<[String]>
    var durations: [String: Picoseconds] = [:]
    private var starts: [String: Picoseconds] = [:]

    /// The latest time that is followed, well inside 32-bit ticks of any board: 0.4 s, and as far into the past.
    private static let longest = Picoseconds(400_000_000_000)

    init(_ sequence: PulseSequence) {
        let all = sequence.operations.alice + sequence.operations.bob
        operations = Dictionary(all.map { ($0.label, $0) }, uniquingKeysWith: { first, _ in first })
        names = sequence.operations.map { $0.map(\.name) }
    }

    /// The start of an operation; without recursion, because a file may chain thousands.
    mutating func start(of operation: Operation) throws(BellError) -> Picoseconds {
        var chain = [operation]
        var onChain: Set<String> = [operation.label]
        while let last = chain.last {
            switch last.start {
            case .at(let time): starts[last.label] = time
            case .after(let reference, let gap):
                let label = "\(reference.node.name)/\(reference.name)"
                guard let target = operations[label] else { throw unknown(reference, in: last) }
                if let begin = starts[label] {
                    let base = reference.isStart ? begin : begin + (durations[label] ?? .zero)
                    let time = base + gap
                    guard time >= .zero, time <= Self.longest else {
                        throw BellError(
                            .sequenceReference, "The operation would start at \(Format.ns(time.count)) ns.",
                            at: "\(last.place) \(last.label)", fix: "starts lie in 0 … 400000000 ns; check gap_ns")
                    }
                    starts[last.label] = time
                } else {
                    guard onChain.insert(label).inserted else {
                        let circle = (chain + [target]).map(\.label).joined(separator: " → ")
                        throw BellError(
                            .sequenceReference, "The operations wait for each other in a circle: \(circle).",
                            at: "\(last.place) \(last.label)", fix: "give one of them at_ns instead of after")
                    }
                    chain.append(target)
                    continue
                }
            }
            chain.removeLast()
        }
        return starts[operation.label] ?? .zero
    }

    private func unknown(_ reference: Operation.Reference, in operation: Operation) -> BellError {
        let known = names[reference.node]
        let list = "operations of \(reference.node.name): \(known.joined(separator: ", "))"
        return BellError(
            .sequenceReference, "\(reference.node.name) has no operation \"\(reference.name.prefix(40))\".",
            at: "\(operation.place) \(operation.label)",
            fix: nearestWord(to: reference.name, among: known).map { "did you mean \"\($0)\"? (\(list))" } ?? list)
    }
}

extension [BellError] {
    /// Each error once, in order.
    var uniqued: [BellError] {
        var result: [BellError] = []
        for error in self where !result.contains(error) { result.append(error) }
        return result
    }
}
