import BellModel
import CKernels

/// The state of alice's transmon, bob's transmon and the photon mode of the link.
///
/// Four 9×9 arrays of real numbers, alice's by bob's (``LevelBasis``): one for each of the photon mode's numbers
/// (``PhotonExchange``). The mode is empty except between emission and absorption, and then only the first array counts.
struct JointState: Sendable {
    private var blocks: [[Double]]
    private var hasPhoton = false

    /// Both in |g⟩, the link empty.
    init() {
        let zero = [Double](repeating: 0, count: 81)
        blocks = [zero, zero, zero, zero]
        blocks[0][0] = 1
    }

    /// Both transmons in a state of 81 numbers, alice's by bob's, the link empty.
    init(coefficients: [Double]) {
        self.init()
        blocks[0] = coefficients
    }

    /// The transmons' 81 numbers, whatever the link holds.
    var coefficients: [Double] { hasPhoton ? zip(blocks[0], blocks[1]).map { $0 + $1 } : blocks[0] }

    /// Lets a 9×9 matrix act on one node's transmon; bob's must be transposed.
    mutating func apply(_ matrix: [Double], to node: Node) {
        for photon in 0..<(hasPhoton ? 4 : 1) {
            let old = blocks[photon]
            if node == .alice {
                bell_level_apply(&blocks[photon], matrix, old, 9)
            } else {
                bell_level_apply(&blocks[photon], old, matrix, 9)
            }
        }
    }

    /// Exchanges excitation between a node's transmon and the photon mode.
    mutating func exchange(_ node: Node, _ exchange: PhotonExchange) {
        hasPhoton = true
        let (own, other) = node == .alice ? (9, 1) : (1, 9)
        var part = [Double](repeating: 0, count: 36)
        for spectator in 0..<9 {
            for place in 0..<36 { part[place] = blocks[place & 3][(place >> 2) * own + spectator * other] }
            exchange.apply(to: &part)
            for place in 0..<36 { blocks[place & 3][(place >> 2) * own + spectator * other] = part[place] }
        }
    }

    /// Lets the photon survive with probability `efficiency`, and keeps its coherence by the factor `coherence`.
    mutating func travel(efficiency: Double, coherence: Double) {
        guard hasPhoton else { return }
        let amplitude = efficiency.squareRoot() * coherence
        for place in 0..<81 {
            blocks[0][place] += (1 - efficiency) * blocks[1][place]
            blocks[1][place] *= efficiency
            blocks[2][place] *= amplitude
            blocks[3][place] *= amplitude
        }
    }

    /// Empties the link: whatever photon there is leaves unseen.
    mutating func emptyLink() {
        travel(efficiency: 0, coherence: 0)
        hasPhoton = false
    }

    /// Probabilities of the levels, index 3·alice + bob, whatever the link holds.
    var levels: [Double] {
        (0..<9).map { place in
            let at = place / 3 * 9 + place % 3
            return blocks[0][at] + (hasPhoton ? blocks[1][at] : 0)
        }
    }

    /// The trace; 1 up to rounding.
    var trace: Double { levels.reduce(0, +) }
}
