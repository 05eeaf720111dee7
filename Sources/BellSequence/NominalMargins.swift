public import BellModel

/// The space-like margins that a sequence has by calculation, before any trial.
public struct NominalMargins: Equatable, Sendable {
    /// d_AB/c and d_BA/c.
    public var lightAB: Picoseconds
    public var lightBA: Picoseconds
    /// m_AB = d_AB/c − (e_A − r_B); nil when a static clock offset was never surveyed.
    public var ab: Picoseconds?
    /// m_BA = d_BA/c − (e_B − r_A); nil when a static clock offset was never surveyed.
    public var ba: Picoseconds?
    /// m_AB + m_BA, which does not depend on the clocks' offset.
    public var sum: Picoseconds
    /// One standard uncertainty of a margin, in picoseconds.
    public var u: Double
    /// How many u a margin must exceed.
    public var k: Double
    /// From the start of entanglement (the emission) to each node's start event; nil without emission or offset.
    public var afterEntanglement: PerNode<Picoseconds>?

    public init(
        lightAB: Picoseconds, lightBA: Picoseconds, ab: Picoseconds?, ba: Picoseconds?, sum: Picoseconds, u: Double,
        k: Double, afterEntanglement: PerNode<Picoseconds>?
    ) {
        self.lightAB = lightAB
        self.lightBA = lightBA
        self.ab = ab
        self.ba = ba
        self.sum = sum
        self.u = u
        self.k = k
        self.afterEntanglement = afterEntanglement
    }

    /// k·u in picoseconds: what a margin must exceed.
    public var required: Double { k * u }
}
