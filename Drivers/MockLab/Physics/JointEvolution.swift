import BellModel
import Glibc

/// Evolves both nodes and the link through all instants in the order of time, for every pair of input bits.
///
/// Without a photon that arrives the nodes have nothing in common. One emission that the other node absorbs is all that
/// most programs have; then they share the four numbers of one photon, and each evolves on its own, too
/// (``NodeDynamics/linked(bit:phase:)``). Else, between two of its instants a node evolves on its own: one 9×9 matrix, made once for each input bit and each shift
/// of the slow noise, and shared by all joint evolutions.
struct JointEvolution {
    /// Index 9·(2x + y) + 3·alice + bob.
    let levels: [Double]

    private struct Step {
        let node: Node
        /// Place among the node's instants.
        let place: Int
        let kind: NodeDynamics.Instant.Kind
        let time: Double
    }

    /// - Parameter isGeneral: Whether not to use that only one photon is exchanged.
    init(programs: PerNode<NodeProgram>, truth: PhysicsTruth, isGeneral: Bool = false) {
        let dynamics = PerNode { node in
            NodeDynamics(program: programs[node], truth: truth.nodes[node], pulseDelay: truth.pulseDelay[node])
        }
        let steps = Node.allCases.flatMap { node in
            dynamics[node].instants.enumerated().map {
                Step(node: node, place: $0.offset, kind: $0.element.kind, time: $0.element.time)
            }
        }.sorted { $0.time < $1.time }
        let arrivals = JointEvolution.arrivals(of: steps, programs: programs, truth: truth)
        let coherence = exp(-0.5 * truth.link.phaseNoise * truth.link.phaseNoise)
        if !isGeneral, let photon = JointEvolution.onlyPhoton(steps, arrivals) {
            levels = JointEvolution.linked(
                dynamics, photon, amplitude: photon.arrives.squareRoot() * coherence, phase: truth.link.phase)
            return
        }
        if !isGeneral && arrivals.allSatisfy({ ($0 ?? 0) == 0 }) {
            levels = JointEvolution.product(
                of: PerNode { node in (0..<2).map { dynamics[node].levelsAlone(bit: UInt8($0)) } })
            return
        }
        let intervals = PerNode { JointEvolution.intervals(dynamics[$0], node: $0) }
        let prepare = PerNode { node in
            let matrix = LevelBasis.prepare(excited: dynamics[node].thermal)
            return node == .alice ? matrix : LevelBasis.transpose(matrix)
        }
        let flip = PerNode(alice: LevelBasis.flip, bob: LevelBasis.transpose(LevelBasis.flip))
        var levels = [Double](repeating: 0, count: 36)
        for setting in 0..<4 {
            let bits = PerNode(alice: setting >> 1, bob: setting & 1)
            for (a, weightA) in dynamics.alice.noise.weights.enumerated() {
                for (b, weightB) in dynamics.bob.noise.weights.enumerated() {
                    let shift = PerNode(alice: a, bob: b)
                    var state = JointState()
                    for (order, step) in steps.enumerated() {
                        let node = step.node
                        let passed = intervals[node][bits[node]][shift[node]]
                        if let matrix = passed[step.place] { state.apply(matrix, to: node) }
                        switch step.kind {
                        case .reset: state.apply(prepare[node], to: node)
                        case .emit(let angle, let phase, _):
                            // The preparation, through a higher level of the circuit, brings |g⟩ to |e⟩ before half of
                            // it leaves.
                            state.emptyLink()
                            state.apply(flip[node], to: node)
                            state.exchange(node, PhotonExchange(angle: angle, phase: phase, emits: true))
                        case .absorb(let angle, let phase, _):
                            guard let arrives = arrivals[order] else { break }
                            state.travel(efficiency: arrives, coherence: coherence)
                            let turned = phase + 2 * .pi * truth.link.phase
                            state.exchange(node, PhotonExchange(angle: angle, phase: turned, emits: false))
                            state.emptyLink()
                        case .readout: break
                        }
                    }
                    for node in Node.allCases where dynamics[node].instants.last?.kind != .readout {
                        if let rest = intervals[node][bits[node]][shift[node]].last, let rest {
                            state.apply(rest, to: node)
                        }
                    }
                    for (place, p) in state.levels.enumerated() {
                        levels[9 * setting + place] += weightA * weightB * max(p, 0)
                    }
                }
            }
        }
        self.levels = levels
    }

    /// Populations of both nodes' levels, by input bit, when no photon goes from one to the other.
    static func product(of levels: PerNode<[[Double]]>) -> [Double] {
        (0..<36).map { place in
            let setting = place / 9
            return levels.alice[setting >> 1][place % 9 / 3] * levels.bob[setting & 1][place % 3]
        }
    }

    /// The photon of programs that emit once at one node and then absorb once at the other.
    private static func onlyPhoton(_ steps: [Step], _ arrivals: [Double?]) -> (from: Node, arrives: Double)? {
        var sender: Node?
        var photon: (from: Node, arrives: Double)?
        for (step, arrives) in zip(steps, arrivals) {
            switch step.kind {
            case .emit:
                if sender != nil { return nil }
                sender = step.node
            case .absorb:
                guard let sender, let arrives, photon == nil else { return nil }
                photon = (sender, arrives)
            case .reset, .readout: break
            }
        }
        return photon
    }

    private static func linked(
        _ dynamics: PerNode<NodeDynamics>, _ photon: (from: Node, arrives: Double), amplitude: Double, phase: Double
    ) -> [Double] {
        let ends = PerNode { node in
            (0..<2).map { dynamics[node].linked(bit: UInt8($0), phase: node == photon.from ? 0 : phase) }
        }
        return (0..<36).map { place in
            let levels = PerNode(alice: place % 9 / 3, bob: place % 3)
            let bits = PerNode(alice: place / 18, bob: place / 9 & 1)
            let own = ends[photon.from][bits[photon.from]]
            let other = ends[photon.from.other][bits[photon.from.other]]
            let (from, to) = (4 * levels[photon.from], 4 * levels[photon.from.other])
            let lost = (1 - photon.arrives) * own[from + 1]
            let p =
                (own[from] + lost) * other[to] + photon.arrives * own[from + 1] * other[to + 1] + amplitude
                * (own[from + 2] * other[to + 2] + own[from + 3] * other[to + 3])
            return max(p, 0)
        }
    }

    /// Matrices from instant to instant and to the end, by input bit and shift; nil: nothing is left of it. Bob's are
    /// transposed.
    private static func intervals(_ dynamics: NodeDynamics, node: Node) -> [[[[Double]?]]] {
        (0..<2).map { bit in
            dynamics.noise.weights.indices.map { shift in
                var clock = dynamics.begin
                var matrices: [[Double]?] = []
                let times = dynamics.instants.map(\.time) + [dynamics.end]
                for (place, time) in times.enumerated() {
                    // A first reset forgets what was before it.
                    if place == 0 && dynamics.instants.first?.kind == .reset || time <= clock {
                        matrices.append(nil)
                    } else {
                        var matrix = LevelBasis.identity
                        dynamics.evolve(
                            &matrix, columns: 9, from: clock, to: time, bit: UInt8(bit), shift: shift)
                        matrices.append(node == .alice ? matrix : LevelBasis.transpose(matrix))
                    }
                    clock = max(clock, time)
                }
                return matrices
            }
        }
    }

    /// For each absorption the probability that a photon in the link is not lost; nil elsewhere and for a node that is
    /// to absorb its own photon.
    private static func arrivals(
        of steps: [Step], programs: PerNode<NodeProgram>, truth: PhysicsTruth
    ) -> [Double?] {
        var sent: (node: Node, time: Double, event: Int)?
        return steps.map { step in
            switch step.kind {
            case .emit(_, _, let event):
                sent = (step.node, step.time, event)
                return nil
            case .absorb(_, _, let event):
                guard let photon = sent else { return 0 }
                if photon.node == step.node { return nil }
                sent = nil
                if truth.link.isShaped {
                    let mode = { (node: Node, event: Int) in
                        LinkMode(
                            event: programs[node].events[event], program: programs[node],
                            origin: truth.pulseDelay[node] + truth.nodes[node].driveLine)
                    }
                    return truth.link.efficiency
                        * LinkMode.overlap(
                            emission: mode(photon.node, photon.event), absorption: mode(step.node, event),
                            delay: truth.link.delay, spread: truth.link.modeWidth)
                }
                let late = (step.time - photon.time - truth.link.delay) / truth.link.modeWidth
                return truth.link.efficiency * exp(-late * late)
            case .reset, .readout: return nil
            }
        }
    }
}
