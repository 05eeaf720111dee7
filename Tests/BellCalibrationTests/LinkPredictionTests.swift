import BellModel
import Foundation
import Testing

@testable import BellCalibration

@Suite("The S that a calibration allows")
struct LinkPredictionTests {
    private var perfect: SPrediction {
        SPrediction(stations: PerNode { _ in SPrediction.Station() }, efficiency: 1)
    }

    @Test("is 2√2 when all is perfect, and 0 without a photon")
    func limits() {
        #expect((perfect.s - 2 * 2.0.squareRoot()).magnitude < 1e-12)
        var dead = perfect
        dead.efficiency = 0
        #expect(dead.s == 0)
    }

    @Test("falls with each imperfection as its formula says")
    func each() {
        let most = 2 * 2.0.squareRoot()
        var some = perfect
        some.efficiency = 0.81
        #expect((some.s - 0.9 * most).magnitude < 1e-12)
        some = perfect
        some.phaseError = 0.3
        #expect((some.s - cos(0.3) * most).magnitude < 1e-12)
        some = perfect
        some.stations.bob.t2 = 1000
        some.stations.bob.wait = 500
        #expect((some.s - exp(-0.5) * most).magnitude < 1e-12)
        some = perfect
        some.stations.alice.groundError = 0.02
        some.stations.alice.excitedError = 0.02
        #expect((some.s - 0.96 * most).magnitude < 1e-12)
        some = perfect
        some.stations.alice.halfPiError = 0.01
        // One pulse in half of the trials, two in the others.
        #expect((some.s - 0.98 * 0.99 * most).magnitude < 1e-12)
        some = perfect
        (some.stations.alice.excitedError, some.stations.bob.excitedError) = (0.1, 0.1)
        #expect((some.s - (0.81 * most + 0.02)).magnitude < 1e-12)
    }

    @Test("is missing while values are, and says which")
    func missing() throws {
        let (s, missing) = try SPrediction.of(LinkFiles.context())
        #expect(s == nil && missing.contains("link.link_efficiency") && missing.contains("alice.t2_echo"))
    }
}
