import BellModel
import BellSequence
import Foundation
import Testing

@testable import BellCalibration

/// A laboratory of a few formulas, independent of the simulator: what the routines' models are tested on.
struct LinkWorld: LinkApparatus {
    /// Exchange turns at full amplitude.
    var emitTurns = 0.3208
    var absorbTurns = 0.5568
    var efficiency = 0.8
    /// From middle to middle of the pulses in the schedule, in ns, and standard deviation of the arrival.
    var arrival = 149.9
    var width = 64.0
    /// Steeper than a Gaussian far off: exponent −(flatness u²)² is added.
    var flatness = 0.0
    var t1 = PerNode(alice: 22_000.0, bob: 19_000.0)
    /// P(1|g), P(0|e).
    var errors = PerNode(
        alice: AssignmentErrors(ground: 0.015, excited: 0.025), bob: AssignmentErrors(ground: 0.02, excited: 0.03))
    /// Of the state |eg⟩ + e^{iφ}|ge⟩, and what it moves by from point to point.
    var phase = 0.9
    var phaseNoise = 0.0
    var visibility = 0.85
    var switchOpens = 1.9
    var switchRise = 0.0
    var switchIsStuck: Bool?
    var rabi = 0.055
    /// readout_in − drive_line in ns.
    var front = -0.6
    var seesWindow = false
    /// Share of trials in which the latched bit is not the recorded one.
    var wrongBits = 0.0
    var switchedPath = 0.0
    /// Of the shared pulse at each board, in ticks of 0.125 ns, and how fast the counters run.
    var pulseJitter = PerNode(alice: 0.24, bob: 0.4)
    var drift = PerNode(alice: 12e-9, bob: -31e-9)
    var dice: LinkDice

    init(seed: Int) { dice = LinkDice(random: Resampler(seed: UInt64(seed) &* 7_919 &+ 13)) }

    private static let unrelated = BellError(.calibrationMissing, "An experiment that this world does not know.")

    mutating func measure(_ point: ExperimentPoint, _ context: RoutineContext) throws -> BellCalibration.Measurement {
        switch point.kind {
        case .shots(let node):
            if point.sequence == "readout-delay" { return signal(point) }
            return dice.shots(read(try excited(point, node, context), node), point.count)
        case .joint where point.sequence == "trigger":
            guard case .joint(var set) = dice.joint([Double](repeating: 0.25, count: 16), point.count) else {
                throw Self.unrelated
            }
            set.clocks = [
                PerNode { dice.clock(point.count, jitter: pulseJitter[$0], drift: drift[$0]) }
            ]
            return .joint(set)
        case .joint: return dice.joint(try outcomes(point, context), point.count)
        }
    }

    private func read(_ p: Double, _ node: Node) -> Double {
        errors[node].ground * (1 - p) + (1 - errors[node].excited) * p
    }

    private func excited(_ point: ExperimentPoint, _ node: Node, _ context: RoutineContext) throws -> Double {
        let p = point.parameters
        switch point.sequence {
        case "relaxation": return (p["excite"] ?? 0) * exp(-((p["wait_ns"] ?? 0) + 1) / t1[node])
        case "emission": return pow(cos(.pi * emitTurns * (p["amplitude"] ?? 0)), 2) * exp(-81 / t1[node])
        case "switch-delay":
            let length = p["duration_ns"] ?? 0
            let turned = passed(p["gap_ns"] ?? 0, length) * rabi * (p["amplitude"] ?? 0)
            return pow(sin(.pi * turned), 2)
        case "drive-delay", "drive-delay-fixed":
            let time = 152.0 + 3.3 + (point.sequence == "drive-delay" ? switchedPath : 0)
            let turned = (p["detuning_hz"] ?? 0) * 1e-9 * time
            return 0.5 + 0.48 * cos((p["axis_deg"] ?? 0) * .pi / 180 - 2 * .pi * turned)
        default: throw Self.unrelated
        }
    }

    /// ∫ of the switch's transmission over the pulse, in ns; in steps, not by the formula under test.
    private func passed(_ gap: Double, _ length: Double) -> Double {
        if let stuck = switchIsStuck { return stuck ? length : 0 }
        let steps = 4000
        return (0..<steps).reduce(0) { sum, k in
            let t = gap + (Double(k) + 0.5) / Double(steps) * length - switchOpens
            let part = t < 0 ? 0 : (switchRise > 0 ? 1 - exp(-t / switchRise) : 1)
            return sum + part * length / Double(steps)
        }
    }

    private mutating func signal(_ point: ExperimentPoint) -> BellCalibration.Measurement {
        let (start, pulse) = (point.parameters["pulse_ns"] ?? 0, 24.0)
        var p: Double
        if seesWindow {
            p = min(max((front + 50 - start - pulse / 2) / 50, 0), 1)
        } else {
            // Two cosine pulses of 12 ns, cut at the tone's front.
            let area = (0..<2).reduce(0.0) { sum, k in
                let t = min(max((front - start) / 12 - Double(k), 0), 1)
                return sum + 0.5 * (t - sin(2 * .pi * t) / (2 * .pi))
            }
            p = pow(sin(.pi / 2 * area), 2)
        }
        p = min(max(p, 0), 1)
        let angle = 0.31
        var set = ShotSet(i: [], q: [], ones: 0)
        for _ in 0..<point.count {
            let side = dice.random.unit() < p ? 5200.0 : -5200
            set.i.append(Int16(side * cos(angle) + 2350 * dice.random.normal()))
            set.q.append(Int16(side * sin(angle) + 2350 * dice.random.normal()))
            set.ones += side > 0 ? 1 : 0
        }
        return .shots(set)
    }

    private mutating func outcomes(_ point: ExperimentPoint, _ context: RoutineContext) throws -> [Double] {
        let p = point.parameters
        switch point.sequence {
        case "absorption", "link-delay", "emission-shape", "link-delay-back":
            let emission = p["emission_ns"] ?? 160
            let absorption = p["absorption_ns"] ?? 320
            let emits = p["amplitude"].flatMap { point.sequence == "emission-shape" ? $0 : nil } ?? 0.78125
            let absorbs =
                point.sequence == "absorption" ? p["amplitude"] ?? 0 : p["absorb_amplitude"] ?? 0.892857
            let emitted = pow(sin(.pi * emitTurns * emits * emission / 160), 2)
            let middle = (p["delay_ns"] ?? 0) - emission / 2 + absorption / 2
            let u = (middle - arrival) / width
            let arrived =
                emitted * efficiency * pow(sin(.pi * absorbTurns * absorbs * absorption / 320), 2)
                * exp(-u * u / 2 - pow(flatness * u * u, 2))
            let readout = 4018.0 - 2400
            let a = read((1 - emitted) * exp(-(readout - emission / 2) / t1.alice), .alice)
            let b = read(arrived * exp(-(readout - emission / 2 - middle) / t1.bob), .bob)
            let swap = point.sequence == "link-delay-back"
            return (0..<16).map { place in
                let (first, second) = swap ? (b, a) : (a, b)
                return (place & 2 != 0 ? first : 1 - first) * (place & 1 != 0 ? second : 1 - second)
            }
        case "bell-phase":
            let turned =
                try turned(context) + (p["theta_deg"] ?? 0) * .pi / 180 - phase - phaseNoise * dice.random.normal()
            // alice reads +y, then +x; bob 45° and 135°, turned.
            let (alice, bob) = ([Double.pi / 2, 0], [Double.pi / 4, 3 * .pi / 4])
            // The absorption takes √ of the photon's part that it meets.
            let u = ((p["delay_ns"] ?? 70) - 80 + 160 - arrival) / width
            let visibility = self.visibility * exp(-u * u / 4)
            return (0..<4).flatMap { pair in
                readout(visibility * cos(bob[pair & 1] + turned - alice[pair >> 1]), 0, 0)
            }
        case "tomography":
            let (a, b) = (
                basis(p["alice_angle_deg"], p["alice_axis_deg"]), basis(p["bob_angle_deg"], p["bob_axis_deg"])
            )
            let left = phase - (try turned(context))
            let e: Double =
                switch (a, b) {
                case ("z", "z"): -0.9
                case ("z", _), (_, "z"): 0
                case ("x", "y"): visibility * sin(left)
                case ("y", "x"): -visibility * sin(left)
                default: visibility * cos(left)
                }
            let four = readout(e, 0, 0)
            return four + four + four + four
        case "latch":
            return (0..<16).map { place in
                let bits = [place >> 3, place >> 2 & 1]
                let p = bits.map { $0 == 1 ? 0.99 * (1 - wrongBits) : 0.002 + wrongBits }
                let (a, b) = (read(p[0], .alice), read(p[1], .bob))
                return (place & 2 != 0 ? a : 1 - a) * (place & 1 != 0 ? b : 1 - b)
            }
        default: throw Self.unrelated
        }
    }

    private func turned(_ context: RoutineContext) throws -> Double {
        try #require(context.held(.link, "link_phase")).value
    }

    private func basis(_ angle: Double?, _ axis: Double?) -> String {
        angle == 0 ? "z" : axis == 270 ? "x" : "y"
    }

    /// p(ab) for a correlation and two means, through both readouts.
    private func readout(_ e: Double, _ meanA: Double, _ meanB: Double) -> [Double] {
        let populations = (0..<4).map { k -> Double in
            let (a, b) = (k & 2 == 0 ? 1.0 : -1, k & 1 == 0 ? 1.0 : -1)
            return 0.25 * (1 + a * meanA + b * meanB + a * b * e)
        }
        return (0..<4).map { outcome in
            (0..<4).reduce(0) { sum, state in
                let one = (read(state & 2 != 0 ? 1 : 0, .alice), read(state & 1 != 0 ? 1 : 0, .bob))
                let p = (outcome & 2 != 0 ? one.0 : 1 - one.0) * (outcome & 1 != 0 ? one.1 : 1 - one.1)
                return sum + populations[state] * p
            }
        }
    }
}
