import BellModel
import DriverKit

/// All gauges of a laboratory as time passes; a pure value.
struct GaugeBook: Sendable {
    let truths: [GaugeTruth]
    private let plan: DriftPlan
    /// One for each reading of each gauge.
    private var walks: [[DriftWalk]]

    init(profile: MockProfile, seed: UInt64) {
        truths = profile.gauges
        plan = profile.drift
        let step = profile.drift.exactStep
        walks = profile.gauges.map { gauge in
            gauge.readings.map { reading in
                DriftWalk(law: reading.law, step: step, seed: seed, name: "gauge \(gauge.name) \(reading.key)")
            }
        }
    }

    /// What a gauge shows at a laboratory time in picoseconds; nil when it does not answer, or is none.
    mutating func read(_ name: String, _ key: String, time: UInt64, gaussian: GaussianTable) -> InstrumentValue? {
        guard let gauge = truths.firstIndex(where: { $0.name == name }),
            let place = truths[gauge].readings.firstIndex(where: { $0.key == key }),
            truths[gauge].answers(at: plan.seconds(at: time))
        else { return nil }
        let reading = truths[gauge].readings[place]
        walks[gauge][place].advance(to: time / plan.stepPicoseconds, gaussian: gaussian)
        let shown = reading.shown(offset: walks[gauge][place].offset, at: plan.seconds(at: time))
        return reading.unit == nil ? .toggle(shown >= 0.5) : .number(shown)
    }

    /// What a gauge complains of; nil when it does not answer.
    mutating func problems(_ name: String, time: UInt64, gaussian: GaussianTable) -> [String]? {
        guard let gauge = truths.first(where: { $0.name == name }), gauge.answers(at: plan.seconds(at: time)) else {
            return nil
        }
        return gauge.readings.compactMap { reading in
            guard let complaint = reading.complaint,
                read(name, reading.key, time: time, gaussian: gaussian) == .toggle(false)
            else { return nil }
            return complaint
        }
    }
}

extension LabCore {
    /// What a gauge shows; nil when it does not answer, or is none.
    ///
    /// - Parameter now: Monotonic wall time in nanoseconds.
    mutating func readGauge(_ name: String, _ key: String, now: UInt64) -> InstrumentValue? {
        gauges.read(name, key, time: time &+ rest.picoseconds(now: now), gaussian: gaussian)
    }

    /// What a gauge complains of; nil when it does not answer.
    mutating func gaugeProblems(_ name: String, now: UInt64) -> [String]? {
        gauges.problems(name, time: time &+ rest.picoseconds(now: now), gaussian: gaussian)
    }
}

extension GaugeTruth {
    var identity: InstrumentIdentity {
        InstrumentIdentity(
            vendor: "belld", model: "simulated \(model.rawValue)", serial: serial, firmware: Version.belld,
            isSimulated: true)
    }

    var settings: [InstrumentSetting] {
        readings.map { reading in
            InstrumentSetting(
                key: reading.key, summary: reading.summary,
                kind: reading.unit == nil ? .toggle : .number(reading.range), isWritable: false, unit: reading.unit)
        }
    }
}
