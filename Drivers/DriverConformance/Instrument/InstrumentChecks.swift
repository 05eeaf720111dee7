import BellModel
import Board
import DriverKit

/// Every check of an instrument, in the order in which they are made.
enum InstrumentChecks {
    static let all = [
        InstrumentCheck(
            "instrument.identify", "the instrument tells who it is",
            rule: "read vendor, model, serial and firmware in connect()", needsConnection: false, run: identify),
        InstrumentCheck(
            "instrument.settings", "settings have sound names and limits",
            rule: "use lower case with the unit at the end, different keys and finite limits", run: settings),
        InstrumentCheck(
            "instrument.read", "every setting can be read, within its limits",
            rule: "answer read() of every setting with a value of its kind within its limits", run: read),
        InstrumentCheck(
            "instrument.unknown-key", "an unknown setting is refused",
            rule: "throw instrument.unknown-setting with the nearest known key", run: unknownKey),
        InstrumentCheck(
            "instrument.range", "values out of range are refused, and change nothing",
            rule: "check the value before anything is sent; throw instrument.range", run: range),
        InstrumentCheck(
            "instrument.read-only", "what can only be read is not set", rule: "throw instrument.read-only",
            run: readOnly),
        InstrumentCheck(
            "instrument.set-present", "the present values can be set again",
            rule: "set the value, read it back and return it", run: setPresent),
        InstrumentCheck(
            "instrument.set", "limits and a middle value are set and read back",
            rule: "set the value, read it back, compare, return it", run: set),
        InstrumentCheck(
            "instrument.problems", "problems are told", rule: "answer problems() with one sentence each",
            run: problems),
        InstrumentCheck(
            "instrument.reconnect", "connect() again finds the same instrument as it was",
            rule: "open a new link in connect(); the instrument keeps its state", run: reconnect),
        InstrumentCheck(
            "instrument.closed", "after close() nothing answers",
            rule: "throw instrument.not-connected until connect() succeeds", run: closed),
        InstrumentCheck(
            "instrument.latency", "time of a read", rule: "answer read()", run: latency),
        InstrumentCheck(
            "instrument.safe", "an output that was switched on is off in the safe state",
            rule: "switch outputs off in makeSafe(), and be well afterwards", run: safe),
    ]

    private static func identify(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        let identity = try await bench.instrument.connect()
        bench.identity = identity
        bench.settings = await bench.instrument.settings()
        var findings = Findings()
        for (name, text) in [("vendor", identity.vendor), ("model", identity.model), ("serial", identity.serial)] {
            findings.expect(!text.isEmpty, "The \(name) is empty.")
        }
        try findings.done()
        return .passed
    }

    private static func settings(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        findings.expect(!bench.settings.isEmpty, "There are no settings.")
        findings.expect(
            Set(bench.settings.map(\.key)).count == bench.settings.count, "Two settings have the same key.")
        for setting in bench.settings {
            let isWord = setting.key.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "_"
            }
            findings.expect(
                isWord && !setting.key.isEmpty, "The key \"\(setting.key)\" is not lower case with underscores.")
            findings.expect(!setting.summary.isEmpty, "\(setting.key) has no summary.")
            switch setting.kind {
            case .number(let range):
                findings.expect(
                    range.lowerBound.isFinite && range.upperBound.isFinite, "\(setting.key) has limits without end.")
            case .choice(let words): findings.expect(!words.isEmpty, "\(setting.key) has no words to choose from.")
            case .integer, .toggle: break
            }
        }
        try findings.done()
        return .passed([.init("settings", Double(bench.settings.count), "")])
    }

    private static func read(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        for setting in bench.settings {
            do throws(BellError) {
                let value = try await bench.instrument.read(setting.key)
                bench.before[setting.key] = value
                // A limit is a wish for what is only read; its kind is not.
                var open = setting
                open.isWritable = true
                do throws(BellError) {
                    try open.check(value, of: bench.instrument.name)
                } catch {
                    findings.add("\(setting.key) reads \(value.text), which is not in \(setting.range).")
                }
            } catch {
                findings.add("\(setting.key) cannot be read: \(error.what)")
            }
        }
        try findings.done()
        return .passed([.init("read", Double(bench.before.count), "settings")])
    }

    private static func unknownKey(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        for key in ["no_such_setting", "", (bench.settings.first?.key ?? "x") + "_"] {
            await findings.refuses(.instrumentUnknownSetting, "read(\"\(key)\")") { () async throws(BellError) in
                _ = try await bench.instrument.read(key)
            }
            await findings.refuses(.instrumentUnknownSetting, "set(\"\(key)\")") { () async throws(BellError) in
                _ = try await bench.instrument.set(key, to: .integer(0))
            }
        }
        try findings.done()
        return .passed
    }

    private static func range(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        var tried = 0
        for setting in bench.writable {
            // A driver that does not check would set what it is given: values near a limit need permission.
            for value in setting.ofAnotherKind + (bench.options.allowSetting ? setting.pastLimits : []) {
                tried += 1
                await findings.refuses(.instrumentRange, "set(\"\(setting.key)\") to \(value.text)") {
                    () async throws(BellError) in
                    _ = try await bench.instrument.set(setting.key, to: value)
                }
            }
            let now = try await bench.instrument.read(setting.key)
            if let before = bench.before[setting.key] {
                findings.expect(
                    setting.agrees(before, now),
                    "\(setting.key) was \(before.text) and is \(now.text) after refused values.")
            }
        }
        try findings.done()
        return .passed([.init("refused", Double(tried), "values")])
    }

    private static func readOnly(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        let fixed = bench.settings.filter { !$0.isWritable }
        if fixed.isEmpty { return .skipped("every setting can be set") }
        var findings = Findings()
        for setting in fixed {
            guard let value = bench.before[setting.key] else { continue }
            await findings.refuses(.instrumentReadOnly, "set(\"\(setting.key)\")") { () async throws(BellError) in
                _ = try await bench.instrument.set(setting.key, to: value)
            }
        }
        try findings.done()
        return .passed
    }

    private static func setPresent(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        for setting in bench.writable {
            guard let value = bench.before[setting.key] else { continue }
            await trySetting(bench, setting, value, &findings)
        }
        try findings.done()
        return .passed
    }

    private static func set(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        guard bench.options.allowSetting else { return .skipped("not run: needs --allow-output") }
        var findings = Findings()
        var tried = 0
        var spared: [String] = []
        for setting in bench.writable {
            for value in setting.probes where !Task.isCancelled {
                guard bench.isHarmless(value, for: setting) else {
                    spared.append("\(setting.key) \(value.text)")
                    continue
                }
                tried += 1
                await trySetting(bench, setting, value, &findings)
            }
            // Also after a cancellation or a failure; one task more, because a cancelled one may be refused.
            guard let before = bench.before[setting.key] else { continue }
            let instrument = bench.instrument
            let restored = await Task { () -> BellError? in
                do throws(BellError) {
                    _ = try await instrument.set(setting.key, to: before)
                    return nil
                } catch { return error }
            }.value
            if let restored { findings.add("\(setting.key) cannot be set back to \(before.text): \(restored.what)") }
        }
        try findings.done()
        let measured = [ConformanceCheck.Measurement("set", Double(tried), "values")]
        return spared.isEmpty
            ? .passed(measured)
            : .note("not run, needs --allow-output: \(spared.joined(separator: ", "))", measured)
    }

    private static func trySetting(
        _ bench: InstrumentBench, _ setting: InstrumentSetting, _ value: InstrumentValue, _ findings: inout Findings
    ) async {
        do throws(BellError) {
            let back = try await bench.instrument.set(setting.key, to: value)
            findings.expect(
                setting.agrees(value, back), "\(setting.key) was set to \(value.text); set() returned \(back.text).")
            let now = try await bench.instrument.read(setting.key)
            findings.expect(
                setting.agrees(value, now), "\(setting.key) was set to \(value.text) and reads \(now.text).")
        } catch {
            findings.add("\(setting.key) cannot be set to \(value.text): \(error.what)")
        }
    }

    private static func problems(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        let problems = try await bench.instrument.problems()
        var findings = Findings()
        findings.expect(problems.allSatisfy { !$0.isEmpty }, "A problem is told without words.")
        try findings.done()
        return problems.isEmpty ? .passed : .note("the instrument says: \(problems.joined(separator: "; "))")
    }

    private static func reconnect(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        var findings = Findings()
        for closes in [false, true] {
            if closes { await bench.instrument.close() }
            let identity = try await bench.instrument.connect()
            findings.expect(identity == bench.identity, "connect() finds another instrument than before.")
            for setting in bench.writable {
                let now = try await bench.instrument.read(setting.key)
                guard let before = bench.before[setting.key] else { continue }
                findings.expect(
                    setting.agrees(before, now),
                    "\(setting.key) was \(before.text) and is \(now.text) after connecting again.")
            }
        }
        try findings.done()
        return .passed
    }

    private static func closed(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        guard let key = bench.settings.first?.key else { return .skipped("there are no settings") }
        await bench.instrument.close()
        await bench.instrument.close()
        var findings = Findings()
        await findings.refuses(.instrumentNotConnected, "read() after close()") { () async throws(BellError) in
            _ = try await bench.instrument.read(key)
        }
        _ = try await bench.instrument.connect()
        try findings.done()
        return .passed
    }

    private static func latency(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        guard let key = bench.settings.first?.key, bench.options.reads > 0 else {
            return .skipped("nothing can be read")
        }
        var milliseconds: [Double] = []
        for _ in 0..<bench.options.reads where !Task.isCancelled {
            let begin = bench.options.clock.now()
            _ = try await bench.instrument.read(key)
            milliseconds.append((bench.options.clock.now() - begin).inSeconds * 1000)
        }
        guard !milliseconds.isEmpty else { return .skipped("cancelled") }
        milliseconds.sort()
        let last = milliseconds.count - 1
        return .note(
            key, [.init("p50", milliseconds[last / 2], "ms"), .init("p99", milliseconds[last * 99 / 100], "ms")])
    }

    private static func safe(_ bench: inout InstrumentBench) async throws(BellError) -> CheckOutcome {
        guard bench.options.allowSetting else { return .skipped("not run: needs --allow-output") }
        var findings = Findings()
        var switched = 0
        for (setting, on) in bench.outputs where bench.options.allowOutput && !Task.isCancelled {
            switched += 1
            await trySetting(bench, setting, on, &findings)
        }
        // Also after a cancellation or a failure: an output may be on.
        let instrument = bench.instrument
        let problem = await Task { () -> BellError? in
            do throws(BellError) {
                try await instrument.makeSafe()
                return nil
            } catch { return error }
        }.value
        if let problem { throw problem }
        for setting in bench.writable where setting.isOutput && setting.hasOff {
            let value = try await bench.instrument.read(setting.key)
            findings.expect(
                InstrumentSetting.off.contains(value), "\(setting.key) is \(value.text) after makeSafe().")
        }
        try findings.done()
        if bench.outputs.isEmpty { return .passed }
        return switched > 0
            ? .passed([.init("switched on and off", Double(switched), switched == 1 ? "output" : "outputs")])
            : .note("no output was switched on before: needs --allow-output", [])
    }
}

extension Findings {
    /// Notes a call that does not throw the wanted error.
    mutating func refuses(
        _ code: BellError.Code, _ call: String, _ body: () async throws(BellError) -> Void
    ) async {
        do throws(BellError) {
            try await body()
            add("\(call) is not refused.")
        } catch {
            expect(error.code == code, "\(call) is refused with \(error.code.name), not \(code.name).")
        }
    }
}
