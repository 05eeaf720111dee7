import BellAudit
import BellModel
import BellTiming
import Testing

/// Margins that another program computed from true times with exact fractions, compared with the audit's.
///
/// That program places each event in true time: pulse p leaves its source at p · 80 µs, reaches a board after its delay,
/// and the board counts `period` ticks from one pulse to the next (nominally 640 000). From r = start + offset and
/// e = stop + offset it takes m_AB = d_AB/c − (e_A − r_B) and m_BA = d_BA/c − (e_B − r_A). It shares no code with belld.
struct Case: Sendable {
    /// Ticks from pulse to pulse, pulse delays, start and stop offsets in ps, by node.
    var period: [UInt64]
    var delay: [Int64]
    var start: [Int64]
    var stop: [Int64]
    /// d_AB and d_BA.
    var metres: [Double]
    var zero: [UInt64]
    /// Alice's start tick after the pulse and duration, bob's.
    var trials: [[UInt64]]
    /// The true extremes: the least rounded down, the greatest rounded up, in ps.
    var ab: [Int64]
    var ba: [Int64]

    static let all = [
        Case(
            period: [639984, 640024], delay: [282_730, 283_446], start: [-253, -809], stop: [-132, -149],
            metres: [34.508, 34.87], zero: [407_099_163_623_532, 192_184_111_995_661],
            trials: [
                [79998, 841, 80001, 842], [79999, 849, 79999, 833], [79998, 832, 80000, 845], [79997, 834, 79999, 832],
                [79998, 836, 80002, 841],
            ],
            ab: [8392, 10768], ba: [10247, 11998]),
        Case(
            period: [640000, 640024], delay: [373_133, 373_770], start: [265, -617], stop: [1019, -249],
            metres: [34.945, 34.9], zero: [694_272_304_813_169, 149_070_477_087_392],
            trials: [
                [79999, 849, 80001, 841], [79999, 843, 80000, 848], [80002, 843, 80000, 838], [80001, 837, 79997, 849],
                [80002, 844, 79998, 846],
            ],
            ab: [9189, 10066], ba: [10544, 12170]),
        Case(
            period: [640008, 639992], delay: [352_916, 352_960], start: [-1262, -147], stop: [1458, 723],
            metres: [35.703, 35.241], zero: [863_296_196_830_022, 84_862_942_821_809],
            trials: [
                [80000, 844, 79997, 840], [79999, 833, 80003, 835], [79999, 838, 79998, 830], [80001, 841, 80000, 845],
                [80003, 839, 80002, 840],
            ],
            ab: [11907, 14158], ba: [9771, 11647]),
        Case(
            period: [640000, 639992], delay: [383_888, 383_264], start: [-653, -236], stop: [1263, 871],
            metres: [35.945, 35.64], zero: [583_952_892_435_839, 773_372_345_792_218],
            trials: [
                [80002, 846, 80001, 845], [79998, 845, 80003, 833], [80003, 841, 80003, 832], [80000, 837, 79999, 848],
                [79999, 830, 80002, 831],
            ],
            ab: [12026, 14527], ba: [11980, 13856]),
        Case(
            period: [639984, 639968], delay: [343_366, 343_682], start: [-347, -1267], stop: [1213, 682],
            metres: [35.993, 35.508], zero: [898_321_237_721_342, 344_781_407_564_739],
            trials: [
                [80002, 839, 80003, 831], [80002, 845, 79999, 832], [80003, 839, 79997, 847], [80002, 836, 79997, 831],
                [80001, 836, 80001, 831],
            ],
            ab: [12143, 13644], ba: [11716, 13592]),
        Case(
            period: [640000, 639968], delay: [303_727, 304_479], start: [-1035, -1160], stop: [144, 1025],
            metres: [35.539, 35.613], zero: [185_597_075_728_905, 307_057_070_797_001],
            trials: [
                [79998, 846, 80002, 832], [80003, 833, 80001, 847], [80001, 845, 80001, 838], [79999, 847, 79998, 844],
                [80001, 836, 79998, 838],
            ],
            ab: [12493, 14119], ba: [9849, 11100]),
        Case(
            period: [640008, 640000], delay: [221_686, 220_815], start: [-330, 153], stop: [61, 202],
            metres: [35.106, 34.958], zero: [364_286_037_082_459, 230_645_228_595_805],
            trials: [
                [80001, 842, 80003, 841], [79997, 830, 80001, 834], [80001, 843, 79998, 846], [80003, 848, 79999, 850],
                [79999, 832, 80000, 847],
            ],
            ab: [9948, 13199], ba: [10821, 12072]),
        Case(
            period: [640032, 639968], delay: [390_808, 390_556], start: [-976, -1399], stop: [307, 944],
            metres: [34.667, 35.609], zero: [486_207_000_065_711, 525_066_999_301_928],
            trials: [
                [79997, 844, 79999, 849], [79999, 833, 80000, 832], [79999, 833, 79998, 846], [80001, 844, 80002, 834],
                [80003, 830, 80003, 845],
            ],
            ab: [9308, 10934], ba: [9730, 11981]),
    ]

    var evidence: ArmEvidence {
        let first: UInt64 = 1000
        let halves = PerNode { node in
            let n = Int(node.rawValue)
            let records = trials.enumerated().map { i, trial in
                TrialRecord(
                    index: 40 + UInt64(i), startTick: zero[n] + (first + UInt64(i)) * period[n] + trial[2 * n],
                    stopDelta: UInt32(trial[2 * n + 1]), setting: 1, outcome: 0)
            }
            return [
                HalfChunk(
                    node: node, firstIndex: 40, firstPulse: first, bootID: 1, records: TrialRecord.bytes(of: records))
            ]
        }
        let clocks = PerNode { node in
            [first, first + 4].map {
                ClockRecord(pulse: $0, tick: zero[Int(node.rawValue)] + $0 * period[Int(node.rawValue)])
            }
        }
        return ArmEvidence(firstIndex: 40, count: UInt32(trials.count), halves: halves, clocks: clocks)
    }

    func parameters() throws -> AuditParameters {
        let stations = PerNode { node in
            TimingSurvey.Station(
                startOffset: Picoseconds(start[Int(node.rawValue)]), stopOffset: Picoseconds(stop[Int(node.rawValue)]),
                pulseDelay: Picoseconds(delay[Int(node.rawValue)]))
        }
        return try Scene.parameters(
            TimingSurvey(
                pathAB: .init(metres: metres[0], uncertainty: 0), pathBA: .init(metres: metres[1], uncertainty: 0),
                stations: stations, terms: [.init(name: "all", picoseconds: 100, kind: .random)]))
    }
}

@Suite struct IndependentMarginTests {
    @Test("The audit's margins are the true ones, and never larger than rounding allows", arguments: Case.all.indices)
    func margins(index: Int) throws {
        let item = Case.all[index]
        let found = audit(item.evidence, try item.parameters())
        #expect(found.tally.valid == 5)
        let pairs = [(try #require(found.margins.ab), item.ab), (try #require(found.margins.ba), item.ba)]
        for (extent, truth) in pairs {
            // Rounding of two times: 2 ps. A counter that differs by 50 ppm from the pulse lengthens 107 ns by 5.4 ps.
            for (reported, exact) in [(extent.least.count, truth[0]), (extent.greatest.count, truth[1])] {
                #expect(reported <= exact + 2 && reported >= exact - 8, "case \(index): \(reported), true \(exact)")
            }
        }
    }

    @Test("The longer of nominal and measured tick counts for a duration")
    func duration() throws {
        var slow = Case.all[0]
        // 100 ppm fewer ticks a pulse at both: each tick lasts 100 ppm longer, 850 of them 106 260.6 ps.
        slow.period = [639_936, 639_936]
        slow.trials = [[UInt64]](repeating: [80_000, 850, 80_000, 850], count: 5)
        let late = audit(slow.evidence, try slow.parameters()).margins
        slow.period = [640_000, 640_000]
        let nominal = audit(slow.evidence, try slow.parameters()).margins
        slow.period = [640_064, 640_064]
        let early = audit(slow.evidence, try slow.parameters()).margins
        let least = [late, nominal, early].compactMap(\.leastSum?.count)
        #expect(least.count == 3 && least[1] - least[0] >= 21 && least[1] - least[0] <= 23)
        #expect(least[1] == least[2])
    }

    @Test("A simulated record counts only in a campaign that says it is simulated")
    func simulatedRecords() throws {
        let scene = Scene(count: 8)
        let shared = try Scene.parameters()
        let real = try AuditParameters(
            survey: shared.survey, k: shared.k, tickRates: shared.tickRates, trialPeriod: shared.trialPeriod,
            simulated: false)
        #expect(audit(scene.evidence, shared).tally.valid == 8)
        let found = audit(scene.evidence, real)
        #expect(found.tally.valid == 0 && found.tally.losses(.unhealthy) == 8 && found.simulated)
        #expect(try AuditParameters(json: try JSON(parsing: real.json.text)) == real)
    }
}
