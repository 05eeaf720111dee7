import BellModel
import Testing

@testable import BellCertification

@Suite struct PlanForecastTests {
    private func plan(_ headline: Plan.Claim, trials: UInt64 = 1 << 20) -> Plan {
        var plan = CampaignFixture([1]).plan
        plan.trials = trials
        plan.headline = headline
        plan.claims = []
        return plan
    }

    @Test("2^20 trials under entropy accumulation certify nothing at S = 2.0747, and the forecast says what would")
    func storz() throws {
        let forecast = try PlanForecast(
            plan(.entropyAccumulation(threshold: 2.07, smoothing: 1e-6, event: 1e-6)), expected: 2.0747)
        #expect(!forecast.isMet && forecast.warnings.count == 1)
        #expect(forecast.warnings.first?.contains("cannot be certified with 1 048 576 trials, whatever S is") == true)
        #expect(forecast.advice?.contains("bits: 56204, power: 0.00198") == true, "\(forecast.advice ?? "")")
        #expect(forecast.text.contains("WARNING") && forecast.json["headline_met"] == false)
    }

    @Test("a plan that will be met has no warning, and its table grows with S and n")
    func sound() throws {
        let forecast = try PlanForecast(
            plan(.probabilityEstimation(bits: 56_000, power: 0.001986, epsilon: 1e-6)), expected: 2.0747)
        #expect(forecast.isMet && forecast.warnings.isEmpty && forecast.advice == nil, "\(forecast.warnings)")
        let met = forecast.table.map { $0.map(\.holds) }
        #expect(forecast.tableTrials[2] == 1 << 20 && forecast.tableS.contains(2.0747))
        for row in met { #expect(zip(row, row.dropFirst()).allSatisfy { !$0 || $1 }) }
        for (row, next) in zip(met, met.dropFirst()) { #expect(zip(row, next).allSatisfy { !$0 || $1 }) }
        #expect(met.first?.first == false && met.last?.last == true)
        #expect(forecast.text.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(forecast.text)")
    }

    @Test("a threshold at what is expected is met by half of the campaigns, which is said")
    func half() throws {
        let forecast = try PlanForecast(
            plan(.entropyAccumulation(threshold: 2.2999, smoothing: 1e-6, event: 1e-6), trials: 10_000_000),
            expected: 2.3)
        #expect(forecast.isMet)
        #expect(forecast.warnings.first?.contains("is met by about 5") == true, "\(forecast.warnings)")
    }

    @Test("a stop rule's end is forecast, at a block's end")
    func stop() throws {
        var plan = plan(.localRealism(significance: 1e-9, test: .winCount))
        #expect(try PlanForecast(plan, expected: 2.3).stop == nil)
        plan.stop = .headline
        plan.trialsPerBlock = 4096
        let forecast = try PlanForecast(plan, expected: 2.3)
        let stop = try #require(forecast.stop)
        // log2(1e9) and the mixture's price over D(0.7875‖0.75) = 0.0056 bits a trial.
        #expect((5000...8000).contains(stop.trials) && stop.blockEnd == 8192, "\(stop)")
        #expect(forecast.text.contains("stop rule") && forecast.json["stop"]?["block_end"] == 8192)
        #expect(try #require(try PlanForecast(plan, expected: 2.1).stop).trials > 2 * stop.trials)
        // What is not met by n trials is no end, but a warning.
        #expect(try PlanForecast(plan, expected: 2).stop == nil)
        plan.trials = stop.trials
        #expect(try PlanForecast(plan, expected: 2.3).stop?.blockEnd == stop.trials)
    }

    @Test("an expected S that is too small is no error but a warning; one that cannot be is an error")
    func small() throws {
        let plan = plan(.localRealism(significance: 1e-9))
        let forecast = try PlanForecast(plan, expected: 2)
        #expect(forecast.warnings.first?.contains("is not met at S = 2") == true, "\(forecast.warnings)")
        #expect(try PlanForecast(plan, expected: 2.2).warnings.isEmpty)
        for s in [2.9, -3, .nan] { #expect(throws: BellError.self) { try PlanForecast(plan, expected: s) } }
    }
}
