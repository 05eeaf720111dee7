import BellModel
import BellTiming

/// A node's measured delays as whole picoseconds.
struct Lines {
    /// Nil when it was never surveyed.
    let trigger: Int64?
    let rngStart: Int64
    let rngCorrelation: Int64
    let rngLatency: Int64
    let switchDelay: Int64
    let switchLine: Int64
    let driveLine: Int64
    let readoutIn: Int64
    let readoutOut: Int64

    /// - Throws: `calibration.missing`.
    init(_ timing: ValueTable) throws(BellError) {
        trigger = timing[.triggerDelay]?.picoseconds
        rngStart = try timing.required(.rngStart).picoseconds
        rngCorrelation = try timing.required(.rngCorrelation).picoseconds
        rngLatency = try timing.required(.rngLatency).picoseconds
        switchDelay = try timing.required(.switchDelay).picoseconds
        switchLine = try timing.required(.switchLine).picoseconds
        driveLine = try timing.required(.driveLine).picoseconds
        readoutIn = try timing.required(.readoutIn).picoseconds
        readoutOut = try timing.required(.readoutOut).picoseconds
    }

    /// From the start tick to r: the noise is sampled, and remembers some time before.
    var startOffset: Picoseconds { Picoseconds(rngStart - rngCorrelation) }
    /// From the stop tick to e: the last sample travels to the resonator and back to the converter.
    var stopOffset: Picoseconds { Picoseconds(readoutIn + readoutOut) }

    /// When and where an operation that the board plays from `start` to `end` acts.
    func acts(_ kind: Operation.Kind, from start: Picoseconds, until end: Picoseconds) -> (Picoseconds, Picoseconds) {
        func move(_ delay: Int64) -> (Picoseconds, Picoseconds) {
            (start + Picoseconds(delay), end + Picoseconds(delay))
        }
        switch kind {
        case .reset, .emit, .absorb, .rotation, .gatedRotation: return move(driveLine)
        case .readout: return move(readoutIn)
        case .latch: return (start, start + Picoseconds(switchDelay))
        case .inputBit: return (start + startOffset, end)
        case .stop: return move(stopOffset.count)
        }
    }
}

extension TimingSurvey {
    /// Gathers what the calibration says of geometry, delays and uncertainties.
    ///
    /// Besides the measured terms, each time tag and each clock record is known to a tick only: a uniform error of
    /// standard deviation tick/√12 (GUM, JCGM 100:2008, 4.3.7).
    /// - Throws: `calibration.missing`, `timing.survey`.
    init(_ calibration: CalibrationSet, lines: PerNode<Lines>, tick: PerNode<Double>) throws(BellError) {
        let ab = try calibration.geometry.required(.pathAB)
        let ba = try calibration.geometry.required(.pathBA)
        var terms: [Term] = []
        for node in Node.allCases {
            let timing = calibration.timing[node]
            for (quantity, name) in [
                (Quantity.triggerDelay, "trigger delay"), (.rngStart, "generator start"),
                (.rngCorrelation, "generator correlation"), (.readoutIn, "readout line in"),
                (.readoutOut, "readout line out and converter"),
            ] {
                guard let value = timing[quantity] else { continue }
                terms.append(Term(name: name, picoseconds: value.uncertainty * 1000, kind: value.kind, node: node))
            }
            let jitter = try timing.required(.triggerJitter)
            terms.append(Term(name: "trigger jitter", picoseconds: jitter.value * 1000, kind: .random, node: node))
            let uniform = tick[node] / 12.0.squareRoot()
            terms.append(Term(name: "time tag to a tick", picoseconds: uniform, kind: .random, node: node))
            terms.append(Term(name: "clock record to a tick", picoseconds: uniform, kind: .random, node: node))
        }
        self.init(
            pathAB: Path(metres: ab.value, uncertainty: ab.uncertainty),
            pathBA: Path(metres: ba.value, uncertainty: ba.uncertainty),
            stations: lines.map { lines in
                Station(
                    startOffset: lines.startOffset, stopOffset: lines.stopOffset,
                    pulseDelay: lines.trigger.map { Picoseconds($0) })
            }, terms: terms)
        try validate()
    }
}
