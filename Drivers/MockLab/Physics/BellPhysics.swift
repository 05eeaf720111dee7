public import BellModel
import Glibc

/// What the cryostat does when both programs are played: probabilities for every pair of input bits.
///
/// Follows from the waveforms, gates and frames of the programs and from the truth alone.
public struct BellPhysics: Sendable {
    /// Probabilities of the transmons' levels at the readouts' starts, index 9·(2x + y) + 3·alice + bob.
    public let levels: [Double]
    /// p(ab|xy), index 8x + 4y + 2a + b, as ``BellModel/TrialTally`` orders it.
    public let outcomes: [Double]
    let readouts: PerNode<ReadoutModel>

    /// Probabilities of gg, ge, eg, ee with all that is not |g⟩ as e; index 4·(2x + y) + 2·[alice in e] + [bob in e].
    public var populations: [Double] {
        var result = [Double](repeating: 0, count: 16)
        for (place, p) in levels.enumerated() {
            result[place / 9 * 4 + (place % 9 >= 3 ? 2 : 0) + (place % 3 >= 1 ? 1 : 0)] += p
        }
        return result
    }

    /// Plays the programs; a node without one stays as it is and gives noise.
    public init(programs: PerNode<NodeProgram?>, truth: PhysicsTruth) {
        let readouts = PerNode { ReadoutModel(program: programs[$0], truth: truth.nodes[$0]) }
        let levels: [Double]
        if let alice = programs.alice, let bob = programs.bob {
            levels = JointEvolution(programs: PerNode(alice: alice, bob: bob), truth: truth).levels
        } else {
            levels = JointEvolution.product(of: PerNode { BellPhysics.alone($0, programs[$0], truth, bits: 0...1) })
        }
        let one = readouts.map { model in (0..<3).map { model.probabilityOfOne(level: $0) } }
        var outcomes = [Double](repeating: 0, count: 16)
        for (place, population) in levels.enumerated() where population != 0 {
            let (pa, pb) = (one.alice[place % 9 / 3], one.bob[place % 3])
            for ab in 0..<4 {
                outcomes[place / 9 * 4 + ab] +=
                    population * (ab & 2 != 0 ? pa : 1 - pa) * (ab & 1 != 0 ? pb : 1 - pb)
            }
        }
        self.levels = levels
        self.outcomes = outcomes
        self.readouts = readouts
    }

    /// Plays one node's program on its own with its switch passing, as for calibration shots; outcomes are not computed.
    init(shotsOf program: NodeProgram, node: Node, truth: PhysicsTruth) {
        let ground = Array(repeating: [1.0, 0, 0], count: 2)
        var alone = PerNode(alice: ground, bob: ground)
        alone[node] = BellPhysics.alone(node, program, truth, bits: 1...1)
        levels = JointEvolution.product(of: alone)
        outcomes = []
        readouts = PerNode { ReadoutModel(program: $0 == node ? program : nil, truth: truth.nodes[$0]) }
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

    /// Populations of one node's levels for each input bit; those of the bits not asked for equal the others.
    private static func alone(
        _ node: Node, _ program: NodeProgram?, _ truth: PhysicsTruth, bits: ClosedRange<UInt8>
    ) -> [[Double]] {
        guard let program else { return Array(repeating: [1, 0, 0], count: 2) }
        let dynamics = NodeDynamics(
            program: program, truth: truth.nodes[node], pulseDelay: truth.pulseDelay[node], bits: bits)
        let asked = bits.map { dynamics.levelsAlone(bit: $0) }
        return asked.count == 2 ? asked : asked + asked
    }
}
