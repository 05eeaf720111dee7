public import BellModel
import Glibc

/// What the cryostat does when both programs are played: probabilities for every pair of input bits.
///
/// Follows from the waveforms, gates and frames of the programs and from the truth alone.
public struct BellPhysics: Sendable {
    /// Probabilities of gg, ge, eg, ee at the readouts' starts, index 4·(2x + y) + 2·[alice in e] + [bob in e].
    public let populations: [Double]
    /// p(ab|xy), index 8x + 4y + 2a + b, as ``BellModel/TrialTally`` orders it.
    public let outcomes: [Double]
    let readouts: PerNode<ReadoutModel>

    /// Plays the programs; a node without one stays as it is and gives noise.
    public init(programs: PerNode<NodeProgram?>, truth: PhysicsTruth) {
        let dynamics = PerNode { node in
            programs[node].map {
                NodeDynamics(program: $0, truth: truth.nodes[node], pulseDelay: truth.pulseDelay[node])
            }
        }
        let readouts = PerNode { node in
            ReadoutModel(program: programs[node], truth: truth.nodes[node])
        }
        var populations: [Double] = []
        var outcomes: [Double] = []
        let one = readouts.map { model in [model.probabilityOfOne(excited: 0), model.probabilityOfOne(excited: 1)] }
        for setting in 0..<4 {
            let bits = PerNode(alice: UInt8(setting >> 1), bob: UInt8(setting & 1))
            let state = BellPhysics.state(dynamics: dynamics, bits: bits, link: truth.link).map { max($0, 0) }
            populations += state
            for ab in 0..<4 {
                var p = 0.0
                for (k, population) in state.enumerated() {
                    let pa = one.alice[k >> 1]
                    let pb = one.bob[k & 1]
                    p += population * (ab & 2 != 0 ? pa : 1 - pa) * (ab & 1 != 0 ? pb : 1 - pb)
                }
                outcomes.append(p)
            }
        }
        self.populations = populations
        self.outcomes = outcomes
        self.readouts = readouts
    }

    /// E(x, y) = Σ (−1)^(a+b) p(ab|xy).
    public func correlation(x: Int, y: Int) -> Double {
        let at = 8 * x + 4 * y
        return outcomes[at] - outcomes[at + 1] - outcomes[at + 2] + outcomes[at + 3]
    }

    /// S = Σ ±E with the minus sign on the pair `minusOn` = 2x + y (3 for `11`).
    public func sValue(minusOn: Int = 3) -> Double {
        (0..<4).reduce(0) { $0 + ($1 == minusOn ? -1 : 1) * correlation(x: $1 >> 1, y: $1 & 1) }
    }

    /// Evolves the density matrix through both nodes' instants in the order of time.
    private static func state(
        dynamics: PerNode<NodeDynamics?>, bits: PerNode<UInt8>, link: LinkTruth
    ) -> [Double] {
        var state = LinkState()
        var clock = dynamics.map { $0?.begin ?? 0 }
        var measured = PerNode(alice: false, bob: false)
        var photon: (from: Node, time: Double)?
        let instants = Node.allCases.flatMap { node in
            (dynamics[node]?.instants ?? []).map { (node, $0) }
        }
        for (node, instant) in instants.sorted(by: { $0.1.time < $1.1.time }) {
            if let dynamics = dynamics[node] {
                state.apply(dynamics.channel(from: clock[node], to: instant.time, bit: bits[node]), to: node)
            }
            clock[node] = instant.time
            switch instant.kind {
            case .reset: state.apply(.prepare(excited: dynamics[node]?.thermal ?? 0), to: node)
            case .emit(let angle, let phase):
                // The preparation, through a higher level of the circuit, brings |g⟩ to |e⟩ before half of it leaves.
                state.emptyLink()
                state.apply(.rotation(angle: .pi, axis: (1, 0, 0)), to: node)
                state.exchange(node, angle: angle, phase: phase, emits: true)
                photon = (node, instant.time)
            case .absorb(let angle, let phase):
                guard let sent = photon, sent.from != node else { break }
                let late = (instant.time - sent.time - link.delay) / link.modeWidth
                let arrives = link.efficiency * exp(-late * late)
                state.travel(efficiency: arrives, coherence: exp(-0.5 * link.phaseNoise * link.phaseNoise))
                state.exchange(node, angle: angle, phase: phase + 2 * .pi * link.phase, emits: false)
                state.emptyLink()
                photon = nil
            case .readout:
                state.apply(.measurement, to: node)
                measured[node] = true
            }
        }
        for node in Node.allCases where !measured[node] {
            guard let dynamics = dynamics[node] else { continue }
            state.apply(dynamics.channel(from: clock[node], to: dynamics.end, bit: bits[node]), to: node)
        }
        return state.populations
    }
}
