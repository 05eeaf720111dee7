public import BellModel
import BellSequence
import Glibc

/// The S that calibrated values allow, if nothing else is wrong.
///
/// A photon of half the excitation, passed with efficiency η, leaves ⟨X⊗X⟩ = ⟨Y⊗Y⟩ = √η. Decoherence until the fixed
/// rotation, thermal population, the rotations' errors and the readouts' take their parts:
///
///     E(x, y) = √η Π_nodes (1 − thermal) e^{−wait/T2} (1 − 2r)^{pulses} (1 − ε_g − ε_e) cos(45°) ± …,
///
/// and unequal readout errors add 2 Π_nodes (ε_e − ε_g) to S. A depolarizing pulse of error r shrinks the Bloch vector by
/// 1 − 2r. Phase noise of the link is in none of these values, so the prediction is an upper bound.
public struct SPrediction: Equatable, Sendable {
    /// What enters of one node; all of them shares but the times, which are in nanoseconds.
    public struct Station: Equatable, Sendable {
        /// P(1|g) and P(0|e).
        public var groundError = 0.0
        public var excitedError = 0.0
        /// Error of one π/2 pulse.
        public var halfPiError = 0.0
        /// Excited population after the reset.
        public var thermal = 0.0
        /// Coherence time; infinite: none is lost.
        public var t2 = Double.infinity
        /// From the photon to the fixed rotation.
        public var wait = 0.0

        public init() {}
    }

    public var stations: PerNode<Station>
    /// Share of the emitted excitation that is absorbed.
    public var efficiency: Double
    /// What bob's axes are off by, in radians.
    public var phaseError: Double

    public init(stations: PerNode<Station>, efficiency: Double, phaseError: Double = 0) {
        (self.stations, self.efficiency, self.phaseError) = (stations, efficiency, phaseError)
    }

    /// S = E00 + E01 + E10 − E11.
    public var s: Double {
        let all = [stations.alice, stations.bob]
        let common = all.reduce(max(efficiency, 0).squareRoot() * cos(phaseError) * 0.5.squareRoot()) {
            value, station in
            value * (1 - station.thermal) * exp(-station.wait / station.t2)
                * (1 - station.groundError - station.excitedError)
        }
        // One pulse for input bit 0, two for 1.
        let shrink = stations.map { 1 - 2 * $0.halfPiError }
        let pulses = shrink.alice * (1 + shrink.alice) * shrink.bob * (1 + shrink.bob)
        let lean = all.reduce(2) { $0 * ($1.excitedError - $1.groundError) }
        return common * pulses + lean
    }
}

extension SPrediction {
    /// Gathers the values in force; nil, with their names, when some were never measured.
    ///
    /// Returns S with the standard uncertainty that the values' own give.
    static func of(_ context: RoutineContext) throws(BellError) -> (s: Uncertain?, missing: [String]) {
        let scene = try LinkScene(context)
        var missing: [String] = []
        var moves: [(Double, WritableKeyPath<SPrediction, Double>)] = []
        func value(_ place: CalibrationPath.Place, _ names: [String]) -> Uncertain? {
            for name in names { if let value = context.held(place, name) { return value } }
            missing.append(CalibrationPath(place, names[0]).description)
            return nil
        }
        var prediction = SPrediction(stations: PerNode(alice: Station(), bob: Station()), efficiency: 1)
        func take(_ place: CalibrationPath.Place, _ names: [String], _ key: WritableKeyPath<SPrediction, Double>) {
            guard let value = value(place, names) else { return }
            prediction[keyPath: key] = value.value
            moves.append((value.sigma, key))
        }
        take(.link, ["link_efficiency"], \.efficiency)
        take(.node(.alice), ["readout_error_ground"], \.stations.alice.groundError)
        take(.node(.alice), ["readout_error_excited"], \.stations.alice.excitedError)
        take(.node(.bob), ["readout_error_ground"], \.stations.bob.groundError)
        take(.node(.bob), ["readout_error_excited"], \.stations.bob.excitedError)
        // Over a few hundred nanoseconds slow noise does nothing: the echo's time counts.
        take(.node(.alice), ["t2_echo", "t2_star"], \.stations.alice.t2)
        take(.node(.bob), ["t2_echo", "t2_star"], \.stations.bob.t2)
        guard missing.isEmpty else { return (nil, missing) }
        for (node, error, thermal) in [
            (Node.alice, \SPrediction.stations.alice.halfPiError, \SPrediction.stations.alice.thermal),
            (Node.bob, \.stations.bob.halfPiError, \.stations.bob.thermal),
        ] {
            // What is left out counts as perfect: the prediction stays an upper bound.
            for (name, key) in [("half_pi_error", error), ("thermal_population", thermal)] {
                guard let value = context.held(.node(node), name) else { continue }
                prediction[keyPath: key] = value.value
                moves.append((value.sigma, key))
            }
        }
        prediction.stations[LinkScene.sender].wait =
            LinkScene.bellRotation - LinkScene.bellEmissionStart - scene.emission / 2
        prediction.stations[LinkScene.receiver].wait =
            LinkScene.bellRotation - LinkScene.bellEmissionStart - LinkScene.bellDelay - scene.absorption / 2
        let s = prediction.s
        let variance = moves.reduce(0) { sum, move in
            var moved = prediction
            moved[keyPath: move.1] += move.0
            return sum + (moved.s - s) * (moved.s - s)
        }
        return (Uncertain(s, variance.squareRoot()), [])
    }
}
