import Glibc

/// The two clouds of a qubit's readout and the straight line that tells them apart.
///
/// Each of both preparations leaves a mixture: |g⟩ with a part that was thermally excited, |e⟩ with a part that decayed.
/// Both share two means and one σ, found by expectation maximisation with a weight for each preparation, so that decayed
/// shots do not draw the excited mean. The threshold is that of the data's own least error for equal priors, which the
/// tail of shots that decay during the readout moves away from the middle.
/// - SeeAlso: Dempster, Laird, Rubin, J. R. Stat. Soc. B 39, 1 (1977); Gambetta et al., PRA 76, 012325 (2007).
public struct TwoGaussians: Equatable, Sendable {
    /// A part of the shots with its binomial standard uncertainty.
    public struct Share: Equatable, Sendable {
        public var value: Double
        public var uncertainty: Double

        /// Agresti and Coull's uncertainty, which is not 0 when nothing was counted (Statist. Sci. 16, 101 (2001)).
        init(_ hits: Int, of count: Int) {
            value = Double(hits) / Double(count)
            let n = Double(count) + 4
            let p = (Double(hits) + 2) / n
            uncertainty = (p * (1 - p) / n).squareRoot()
        }
    }

    /// Centre of the cloud of |g⟩, in codes.
    public let ground: SIMD2<Double>
    public let excited: SIMD2<Double>
    /// Standard deviation of one quadrature, of both clouds.
    public let sigma: Double
    /// Part of the shots in the excited cloud, prepared in |g⟩ and in |e⟩.
    public let excitedPart: (ground: Double, excited: Double)
    /// Direction from ground to excited, rad, −π...π; an outcome is 1 where i cos(angle) + q sin(angle) > threshold.
    public let angle: Double
    public let threshold: Double
    /// P(1|g).
    public let errorGround: Share
    /// P(0|e).
    public let errorExcited: Share

    /// Half the distance of the centres.
    public var separation: Double { distance / 2 }
    /// Distance of the centres in σ.
    public var signalToNoise: Double { distance / sigma }
    private var distance: Double { ((excited - ground) * (excited - ground)).sum().squareRoot() }
    /// (1 − P(1|g) − P(0|e)): how much of a population's contrast the readout keeps.
    public var contrast: Double { 1 - errorGround.value - errorExcited.value }
    /// What two Gaussians this far apart would give at least, each way.
    public var overlapError: Double { 0.5 * erfc(signalToNoise / (2 * 2.0.squareRoot())) }

    /// Rows: prepared |g⟩, |e⟩; columns: outcome 0, 1.
    public var assignment: [[Double]] {
        [[1 - errorGround.value, errorGround.value], [errorExcited.value, 1 - errorExcited.value]]
    }

    /// Finds the clouds.
    ///
    /// - Parameters:
    ///   - ground: Shots prepared in |g⟩; at least 20, as many i as q, finite.
    ///   - excited: Shots prepared in |e⟩.
    /// - Returns: Nil when points are too few or no numbers, or the preparations do not differ by five standard errors of
    ///   their means: then there is no direction to read along.
    public init?(ground: IQCloud, excited: IQCloud) {
        let clouds = [ground, excited]
        guard
            clouds.allSatisfy({ cloud in
                cloud.count >= 20 && cloud.i.count == cloud.q.count
                    && (cloud.i + cloud.q).allSatisfy { $0.magnitude < 1e90 }
            }), let start = CloudMixture(clouds)
        else { return nil }
        let mixture = start.settled(clouds)
        let axis = mixture.excited - mixture.ground
        guard axis != .zero, mixture.sigma > 0, axis.x.isFinite, axis.y.isFinite else { return nil }
        self.ground = mixture.ground
        self.excited = mixture.excited
        sigma = mixture.sigma
        excitedPart = (mixture.excitedPart[0], mixture.excitedPart[1])
        angle = atan2(axis.y, axis.x)
        let (c, s) = (cos(angle), sin(angle))
        let projected = clouds.map { cloud in zip(cloud.i, cloud.q).map { c * $0 + s * $1 } }
        let found = LeastErrorThreshold(zeros: projected[0], ones: projected[1])
        threshold = found.threshold
        errorGround = Share(found.wrongZeros, of: projected[0].count)
        errorExcited = Share(found.wrongOnes, of: projected[1].count)
    }

    public static func == (a: TwoGaussians, b: TwoGaussians) -> Bool {
        a.ground == b.ground && a.excited == b.excited && a.sigma == b.sigma && a.excitedPart == b.excitedPart
            && a.threshold == b.threshold && a.errorGround == b.errorGround && a.errorExcited == b.errorExcited
    }
}
