import Glibc

/// The drive that reaches a qubit: overlapping pieces of the programs' waveforms, summed and cut at every edge.
struct DriveTimeline: Sendable {
    /// A stretch of constant amplitude of one event.
    struct Piece: Sendable {
        /// Seconds.
        var start: Double
        var end: Double
        /// In units of the channel's full scale, phase included.
        var amplitude: Complex
        /// Whether it passes through the setting switch.
        var gated: Bool
        /// Carrier offset in Hz.
        var detuning: Double
    }

    /// A stretch in which the sum of all pieces is constant.
    struct Segment: Sendable {
        var start: Double
        var end: Double
        /// Sum when the input bit is 0.
        var blocked: Complex
        /// Sum when the input bit is 1.
        var open: Complex
    }

    /// Sorted, without overlap; where there is no segment there is no drive.
    let segments: [Segment]

    /// - Parameter blockedAmplitude: What part of a gated amplitude passes the blocked switch.
    init(pieces: [Piece], switchOpens: Double, blockedAmplitude: Double) {
        let waiting = pieces.sorted { $0.start < $1.start }
        var edges = Set(waiting.flatMap { [$0.start, $0.end] })
        if switchOpens.isFinite { edges.insert(switchOpens) }
        let sorted = edges.sorted()
        var segments: [Segment] = []
        var active: [Piece] = []
        var next = 0
        for (from, to) in zip(sorted, sorted.dropFirst()) {
            let middle = 0.5 * (from + to)
            while next < waiting.count && waiting[next].start <= from {
                active.append(waiting[next])
                next += 1
            }
            active.removeAll { $0.end <= from }
            if active.isEmpty { continue }
            var (blocked, open) = (Complex(0), Complex(0))
            for piece in active {
                let amplitude = piece.amplitude * Complex.phase(-2 * .pi * piece.detuning * middle)
                let leak = piece.gated ? blockedAmplitude * amplitude : amplitude
                blocked += leak
                open += piece.gated && middle < switchOpens ? leak : amplitude
            }
            segments.append(Segment(start: from, end: to, blocked: blocked, open: open))
        }
        self.segments = segments
    }
}
