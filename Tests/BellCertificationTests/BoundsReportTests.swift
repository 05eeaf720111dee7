import BellModel
import BellStatistics
import Testing
import TestSupport

@testable import BellCertification

@Suite struct BoundsReportTests {
    /// Storz et al. (2023): 2^20 trials, S = 2.0747.
    static func storz(bias: Double = 0, trials: UInt64 = 1 << 20, s: Double = 2.0747) throws -> BoundsReport {
        try BoundsReport(try ExpectedData(trials: trials, s: s, settingBias: bias), epsilon: 1e-6)
    }

    private func value(_ report: BoundsReport, _ name: String) throws -> Double? {
        try #require(report.rows.first { $0.method.name == name }).value
    }

    @Test("2^20 trials at S = 2.0747: 65 087 bits by probability estimation, none by entropy accumulation")
    func storz() throws {
        let report = try Self.storz()
        #expect(report.rows.count == 6 && report.rows.allSatisfy { !$0.isRegistered })
        let estimation = try #require(try value(report, "min-entropy-probability-estimation"))
        #expect(abs(estimation - 65_087) < 20, "\(estimation)")
        #expect(try #require(try value(report, "min-entropy-entropy-accumulation")) < 0)
        let p = try #require(try value(report, "local-realism-binomial"))
        #expect(abs(p + 108.51) < 0.02, "\(p)")
        let anytime = try #require(try value(report, "local-realism-win-count"))
        #expect(abs(anytime + 104.15) < 0.02, "\(anytime)")
        #expect(abs(report.greatestBias - 0.00943) < 1e-5)
    }

    @Test(
        "1.7e7 trials at S = 2.236 give the reference's bits over μ",
        arguments: [
            (0.0, 4_281_417.0, 2_872_088.0), (0.001, 4_147_344, 2_766_221), (0.01, 2_913_402, 1_815_262),
        ])
    func kulikov(bias: Double, estimation: Double, accumulation: Double) throws {
        let report = try Self.storz(bias: bias, trials: 17_000_000, s: 2.236)
        let pe = try #require(try value(report, "min-entropy-probability-estimation"))
        #expect(abs(pe / estimation - 1) < 1e-5, "\(pe)")
        // With w_min = 0: some 70 bits fewer than the reference's rows, in which every trial is played.
        let eat = try #require(try value(report, "min-entropy-entropy-accumulation"))
        #expect(abs(eat / accumulation - 1) < 2e-4, "\(eat)")
    }

    @Test("a bound falls with μ, says something up to μ_max, and nothing beyond")
    func sweeps() throws {
        let report = try Self.storz(trials: 17_000_000, s: 2.236)
        for row in report.rows {
            let greatest = try #require(row.greatestBias, "\(row.method.name)")
            #expect(greatest > 0 && greatest <= report.greatestBias, "\(row.method.name)")
            let known = row.sweep.compactMap { $0 }
            #expect(known.count == report.biases.filter { $0 <= greatest }.count)
            #expect(known.count > 5 && known.first == row.value)
            let falls = zip(known, known.dropFirst()).allSatisfy { row.method.givesBits ? $0 > $1 : $0 < $1 }
            #expect(falls, "\(row.method.name) \(known)")
            let beyond = try #require(LocalModel(settingBias: greatest + 2e-5))
            #expect(!row.method.succeeds(row.method.value(report.count, beyond)), "\(row.method.name)")
        }
        let local = try Self.storz(s: 2)
        #expect(local.rows.allSatisfy { $0.greatestBias == nil && !$0.succeeds } && local.greatestBias < 1e-3)
    }

    @Test("the events of claims are the fewest wins that meet them")
    func events() throws {
        let model = try #require(LocalModel(settingBias: 0.001))
        let n: UInt64 = 1_000_000
        func finding(_ claim: Plan.Claim, wins: UInt64 = 800_000) throws -> ClaimFinding {
            var plan = CampaignFixture([1]).plan
            plan.headline = claim
            plan.trials = n
            let blocks = claim.training.map { [Training.Block(asked: $0, trials: 10_000, wins: 7870)] } ?? []
            let training = try #require(Training(plan, blocks: blocks))
            var tally = TrialTally()
            tally.add(TrialStatus(x: 0, y: 0, a: 0, b: 0), times: wins)
            tally.add(TrialStatus(x: 0, y: 0, a: 0, b: 1), times: n - wins)
            return ClaimFinding(
                claim, isHeadline: true, numbers: LiveStatistics(tally, pattern: plan.pattern, model: model),
                eProcess: EProcessResult(EProcess(model)), predictionRatio: EProcessResult(EProcess(model)),
                training: training, model: model, security: nil)
        }
        let claims: [Plan.Claim] = [
            .entropyAccumulation(threshold: 2.2, smoothing: 1e-6, event: 1e-6),
            .pironio(thresholds: [2.2, 2.3], delta: 1e-12, epsilon: 1e-6),
            .probabilityEstimation(bits: 100_000, power: 0.002, epsilon: 1e-6),
            .probabilityEstimation(bits: 100_000, power: 0.002, epsilon: 1e-6, kappa: 1e-3),
            .probabilityEstimation(bits: 100_000, power: .trained(trials: 10_000), epsilon: 1e-6),
            .probabilityEstimation(bits: 100_000, power: .trained(trials: 10_000), epsilon: 1e-6, kappa: 1e-3),
        ]
        for claim in claims {
            let found = try finding(claim)
            let event = try #require(found.event)
            #expect(found.counted.trials == n - (claim.training ?? 0) && event.trials == found.counted.trials)
            let trained: UInt64 = claim.training == nil ? 0 : 7870
            #expect(try finding(claim, wins: event.wins + trained + 1).holds, "\(claim)")
            #expect(!(try finding(claim, wins: event.wins + trained - 1).holds), "\(claim)")
        }
        for impossible in [
            Plan.Claim.probabilityEstimation(bits: 1e9, power: 0.002, epsilon: 1e-6),
            .entropyAccumulation(threshold: .nan, smoothing: 1e-6, event: 1e-6),
            .localRealism(significance: 1e-6),
        ] { #expect(try finding(impossible).event == nil, "\(impossible)") }
    }

    @Test("expected data have the asked wins, with any pattern", arguments: CHSHPattern.allCases)
    func expected(_ pattern: CHSHPattern) throws {
        let data = try ExpectedData(trials: 1_000_003, s: 2.2, settingBias: 0)
        let tally = data.tally(pattern)
        #expect(tally.trials == 1_000_003 && tally.wins(pattern) == data.count.wins)
        #expect(abs(try #require(CHSHEstimate(tally, pattern: pattern)).s - 2.2) < 1e-4)
    }

    @Test(
        "impossible expectations are refused, each with its option",
        arguments: [
            (0, 2.2, 0, "trials"), (1 << 49, 2.2, 0, "trials"), (10, 2.9, 0, "s"), (10, .nan, 0, "s"),
            (10, 2.2, 0.5, "mu"), (10, 2.2, -0.1, "mu"), (10, 2.2, .nan, "mu"),
        ] as [(UInt64, Double, Double, String)])
    func impossible(trials: UInt64, s: Double, bias: Double, place: String) throws {
        let error = #expect(throws: BellError.self) {
            try ExpectedData(trials: trials, s: s, settingBias: bias)
        }
        #expect(error?.place == place && error?.code == .analysisOption)
        for epsilon in [0, 1, -1, Double.nan] {
            #expect(throws: BellError.self) {
                try BoundsReport(try ExpectedData(trials: 10, s: 2, settingBias: 0), epsilon: epsilon)
            }
        }
    }

    @Test("a sweep over n, S or μ has a value at each place", arguments: BoundsSweep.Quantity.allCases)
    func sweep(_ quantity: BoundsSweep.Quantity) throws {
        let data = try ExpectedData(trials: 1 << 20, s: 2.3, settingBias: 0.001)
        let sweep = try BoundsSweep(data, over: quantity, epsilon: 1e-6)
        #expect(sweep.values == sweep.values.sorted() && sweep.values.count == 25 && sweep.series.count == 4)
        for series in sweep.series {
            #expect(series.bits.count == 25)
            let sorted = series.bits.sorted()
            #expect(series.bits == (quantity == .bias ? sorted.reversed() : sorted), "\(series.name)")
            #expect((sorted.first == 0 || quantity == .trials) && sorted.last ?? 0 > 0, "\(series.name)")
        }
        #expect(sweep.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }

    @Test("a certificate shows all bounds, marks the registered ones, and is read back")
    func certificate() throws {
        var fixture = CampaignFixture(table1Counts)
        fixture.plan.headline = .probabilityEstimation(bits: 300, power: 0.03643822665669995, epsilon: 1e-6)
        fixture.plan.security = Plan.Security(
            total: 1e-5, extractor: .init(kind: .toeplitz, epsilon: 1e-8, sideInformation: .quantum))
        let certificate = try fixture.certificate()
        let rows = try #require(certificate.json["bounds"]?["rows"]?.arrayValue)
        #expect(rows.map { $0["registered"] } == [true, true, false, false, false, false, false])
        #expect(rows[0]["bits"]?.doubleValue == 300 && rows[1]["bound"] == "min-entropy-pironio")
        #expect(rows.allSatisfy { $0["mu_sweep"]?.arrayValue?.count == 11 })
        for row in rows {
            for key in ["adversary", "source", "validity"] { #expect(row[key]?.stringValue?.isEmpty == false) }
        }
        let value = try #require(certificate.json["bounds"]?["measurement_dependence"]?["value"]?.doubleValue)
        #expect(value > -0.25 && value < 0.25)
        #expect(try Certificate(parsing: certificate.fileBytes, source: "c").text == certificate.text)
        #expect(certificate.text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        for word in ["Bounds side by side", "registered", "analysis", "0.05472"] {
            #expect(certificate.text.contains(word), "\(word)\n\(certificate.text)")
        }
        let forged = try CertificateParsingTests.forged(certificate) { $0["bounds"] = [:] }
        #expect(CertificateParsingTests.error(forged)?.code == .certificateAltered)
    }

    @Test("an expansion gains with a joint law, and an α that cannot work is refused with the least one")
    func expansion() throws {
        let joint = try ExpansionTable(law: "joint:11", s: 2.414, delta: 0.01)
        #expect(joint.trials.first == 1000 && joint.trials.last == 100_000_000_000_000)
        // With 1000 trials q would be above one quarter.
        #expect(joint.net[0] == nil && joint.net.last.map { $0 ?? 0 > 0 } == true)
        #expect(joint.text.contains("net a trial"))
        let uniform = try ExpansionTable(law: "uniform", s: 2.414, delta: 0.01)
        #expect(uniform.net.allSatisfy { $0.map { $0 < 0 } == true })
        #expect(try ExpansionTable(law: "product:0.1", s: 2.414, delta: 0.01).consumed.allSatisfy { $0 != nil })
        #expect(joint.uniform.count == 45 && joint.uniform == uniform.produced)
        #expect(try ExpansionTable(law: "joint:11", s: 2.414, delta: 0.01, planned: 10_000) == joint)
        for (law, planned, cause) in [
            ("joint:11", 3016, "too rare"), ("joint:11", 1000, "¼"), ("uniform", 1000, "too rare"),
            ("product:0.01", 1_000_000, "too rare"),
        ] as [(String, UInt64, String)] {
            let error = #expect(throws: BellError.self) {
                try ExpansionTable(law: law, s: 2.414, delta: 0.01, planned: planned)
            }
            #expect(error?.cause?.contains(cause) == true && error?.place == "expansion", "\(law) \(planned)")
        }
        let small = #expect(throws: BellError.self) { try ExpansionTable(law: "joint:7", s: 2.414, delta: 0.01) }
        #expect(small?.fix == "give an α above 7.331")
        for (law, s, delta) in [
            ("joint:0", 2.4, 0.01), ("joint:nan", 2.4, 0.01), ("joint", 2.4, 0.01), ("product:0.6", 2.4, 0.01),
            ("other", 2.4, 0.01), ("uniform", 2, 0.01), ("uniform", .nan, 0.01), ("uniform", 2.4, 0),
        ] {
            #expect(throws: BellError.self, "\(law)") { try ExpansionTable(law: law, s: s, delta: delta) }
        }
    }
}
