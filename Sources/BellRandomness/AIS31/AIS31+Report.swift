extension AIS31ProcedureA {
    /// The battery `ais31-a`: a line for each of T0 to T5, which stands for 257 basic tests from T1 on.
    public func report(bits count: Int) -> BatteryReport {
        let measured = ["", "ones", "T", "runs of length 1", "longest run", "T"]
        let lines = AIS31ProcedureA.names.enumerated().map { test, name in
            let failures = runs.map { $0.failures[test] }
            var measures = failures.enumerated().map {
                BatteryLine.Measure("failures in run \($0 + 1)", Double($1))
            }
            for range in runs.compactMap({ test > 0 ? $0.ranges[test - 1] : nil }).prefix(1) {
                measures.append(.init("least \(measured[test])", range.lowerBound))
                measures.append(.init("most \(measured[test])", range.upperBound))
            }
            return BatteryLine(
                name: name, parameters: test == 0 ? "65536 words of 48 bits" : "257 × 20 000 bits", measures: measures,
                verdict: verdict(failures))
        }
        return BatteryReport(
            battery: "ais31-a", standard: "BSI AIS 20/31 (Killmann and Schindler 2011), 2.4.4.1", bits: count,
            rule: "no failure among 1286 basic tests; one failure asks for a second run on the next bits, without any",
            lines: lines,
            remarks: AIS31ProcedureA.remarks(runs: runs.count, secondIsMissing: wantsMore && !runs.isEmpty))
    }

    private func verdict(_ failures: [Int]) -> BatteryVerdict {
        guard let last = failures.last else { return .insufficientData(wantedBits: AIS31ProcedureA.bitsNeeded) }
        switch passed {
        case true?: return .passed
        case false?: return last > 0 || failures.contains { $0 > 0 } ? .defect : .passed
        case nil: return last > 0 ? .insufficientData(wantedBits: 2 * AIS31ProcedureA.bitsNeeded) : .passed
        }
    }

    static func remarks(runs: Int, secondIsMissing: Bool) -> [String] {
        if secondIsMissing { return ["one basic test failed, and the bits are too few for the second run it asks for"] }
        return runs > 1 ? ["one basic test failed in the first run; the second run decides"] : []
    }
}

extension AIS31ProcedureB {
    /// The battery `ais31-b`: a line for each of its nine basic tests.
    public func report(bits count: Int) -> BatteryReport {
        let lines = AIS31ProcedureB.names.map { name in
            let tests = runs.map { run in run.first { $0.name == name } }
            var measures: [BatteryLine.Measure] = []
            for (place, test) in tests.enumerated() {
                if let test { measures.append(.init("value in run \(place + 1)", test.value)) }
            }
            let limit = tests.first.flatMap(\.self).map { "\($0.below ? "below" : "above") \($0.limit)" }
            return BatteryLine(
                name: name, parameters: limit ?? "", measures: measures, verdict: verdict(tests))
        }
        let failed = runs.first.map { $0.count { !$0.passed } } ?? 0
        return BatteryReport(
            battery: "ais31-b", standard: "BSI AIS 20/31 (Killmann and Schindler 2011), 2.4.4.2", bits: count,
            rule: "no failure among 9 basic tests; one failure asks for a second run on the next bits, without any",
            lines: lines,
            remarks: AIS31ProcedureA.remarks(runs: runs.count, secondIsMissing: failed == 1 && wantsBits != nil))
    }

    private func verdict(_ tests: [Test?]) -> BatteryVerdict {
        let wanted = BatteryVerdict.insufficientData(wantedBits: wantsBits ?? AIS31ProcedureB.bitsNeeded)
        let failed = tests.contains { $0?.passed == false }
        if passed == false { return failed ? .defect : tests.contains(nil) ? wanted : .passed }
        if passed == true { return .passed }
        // The first run's one failure waits for a second run.
        return failed || tests.contains(nil) ? wanted : .passed
    }
}
