extension NodeDynamics {
    /// Populations at the readout's start of a node that plays alone: its photons are lost, and none come.
    func levelsAlone(bit: UInt8) -> [Double] {
        atEnd(bit: bit) { state, _, kind in
            switch kind {
            case .emit(let angle, let phase, _):
                state = NodeDynamics.flipped(state, columns: 1)
                NodeDynamics.exchangeWithVacuum(&state, PhotonExchange(angle: angle, phase: phase, emits: true))
            case .absorb(let angle, let phase, _):
                NodeDynamics.exchangeWithVacuum(&state, PhotonExchange(angle: angle, phase: phase, emits: false))
            case .reset, .readout: break
            }
        }.map { max($0, 0) }
    }

    /// Populations at the readout's start of a node that emits or absorbs once, together with the photon: 3×4 numbers.
    ///
    /// Of a node that emits: level by the photon's numbers (``PhotonExchange``) after the emission. Of one that absorbs:
    /// what the level's population is for each of the numbers of the photon that arrives.
    /// - Parameter phase: Of the photon's way, in turns.
    func linked(bit: UInt8, phase way: Double) -> [Double] {
        atEnd(bit: bit) { state, columns, kind in
            switch kind {
            case .emit(let angle, let phase, _):
                let prepared = NodeDynamics.flipped(state, columns: 1)
                state = [Double](repeating: 0, count: 36)
                for place in 0..<9 { state[4 * place] = prepared[place] }
                PhotonExchange(angle: angle, phase: phase, emits: true).apply(to: &state)
                columns = 4
            case .absorb(let angle, let phase, _):
                let before = state
                let exchange = PhotonExchange(angle: angle, phase: phase + 2 * .pi * way, emits: false)
                state = [Double](repeating: 0, count: 36)
                for number in 0..<4 {
                    var both = [Double](repeating: 0, count: 36)
                    for place in 0..<9 { both[4 * place + number] = before[place] }
                    exchange.apply(to: &both)
                    for place in 0..<9 { state[4 * place + number] = both[4 * place] + both[4 * place + 1] }
                }
                columns = 4
            case .reset, .readout: break
            }
        }
    }

    /// Evolves |g⟩ to the readout, or to the end, and averages the populations over the slow noise: 3×columns numbers.
    private func atEnd(
        bit: UInt8, _ exchange: (inout [Double], inout Int, Instant.Kind) -> Void
    ) -> [Double] {
        var result: [Double] = []
        for (shift, weight) in noise.weights.enumerated() {
            var state = LevelBasis.ground
            var columns = 1
            var clock = begin
            for (place, instant) in instants.enumerated() {
                // A first reset forgets what was before it.
                if place > 0 || instant.kind != .reset {
                    evolve(&state, columns: columns, from: clock, to: instant.time, bit: bit, shift: shift)
                }
                clock = max(clock, instant.time)
                if instant.kind == .reset {
                    prepare(&state, columns)
                } else {
                    exchange(&state, &columns, instant.kind)
                }
            }
            if instants.last?.kind != .readout {
                evolve(&state, columns: columns, from: clock, to: end, bit: bit, shift: shift)
            }
            if result.isEmpty { result = [Double](repeating: 0, count: 3 * columns) }
            for place in result.indices { result[place] += weight * state[place] }
        }
        return result
    }

    private func prepare(_ state: inout [Double], _ columns: Int) {
        for column in 0..<columns {
            let trace = state[column] + state[columns + column] + state[2 * columns + column]
            for row in 0..<9 { state[row * columns + column] = 0 }
            state[column] = (1 - thermal) * trace
            state[columns + column] = thermal * trace
        }
    }

    private static func flipped(_ state: [Double], columns: Int) -> [Double] {
        state.indices.map { place in
            (0..<9).reduce(0) { $0 + LevelBasis.flip[place / columns * 9 + $1] * state[$1 * columns + place % columns] }
        }
    }

    private static func exchangeWithVacuum(_ state: inout [Double], _ exchange: PhotonExchange) {
        var both = [Double](repeating: 0, count: 36)
        for place in 0..<9 { both[4 * place] = state[place] }
        exchange.apply(to: &both)
        for place in 0..<9 { state[place] = both[4 * place] + both[4 * place + 1] }
    }
}
