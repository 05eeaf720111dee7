import BellModel

/// A campaign as a daemon describes it; every field may be missing, because the daemon may be older or newer.
struct CampaignView {
    let id: String?
    let number: UInt64?
    let name: String?
    let state: String?
    let reason: String?
    /// Where what ``reason`` says happened, and what mends it.
    let place: String?
    let fix: String?
    let trials: UInt64?
    let done: UInt64?
    let valid: UInt64?
    /// Losses by cause, only those above zero, largest first.
    let losses: [(cause: String, count: UInt64)]?
    let s: Double?
    let sError: Double?
    let log10P: Double?
    let marginAB: Double?
    let marginBA: Double?
    /// k·u in ns: what each margin must exceed.
    let requiredMargin: Double?
    let rate: Double?
    /// With a stop rule the most.
    let secondsLeft: Double?
    /// Whether the plan's stop rule is met; nil for a plan without one.
    let isStopRuleMet: Bool?
    let block: UInt64?
    let arm: UInt64?
    let certifierConnected: Bool?
    let certifierAcknowledged: UInt64?
    let certificate: String?
    let simulated: Bool?
    let pool: String?
    /// When the plan was sealed.
    let sealedAt: String?
    /// Whether the daemon told of the campaign's results, not only of its plan and state.
    let isLive: Bool
    /// Whether gates and calibrations are seen to between two blocks just now.
    let isMaintaining: Bool
    /// Whether nothing goes on without a person.
    let needsPerson: Bool
    /// Health tests of the settings that failed, in words; at most one a node and test.
    let alarms: [String]

    /// Reads the object of `status`, `campaign.show` and the telemetry; nil for anything but an object.
    init?(_ json: JSON?) {
        guard let json, json.objectValue != nil else { return nil }
        func text(_ key: String) -> String? { Style.safe(json[key]?.stringValue) }
        id = text("campaign")
        number = json["number"]?.countValue
        name = text("name")
        state = text("state")
        reason = text("reason").flatMap { $0.isEmpty ? nil : $0 }
        place = Style.safe(json["error"]?["where"]?.stringValue)
        fix = Style.safe(json["error"]?["fix"]?.stringValue)
        trials = json["trials"]?.countValue
        done = json["done"]?.countValue
        valid = json["valid"]?.countValue
        losses = json["losses"]?.objectValue.map { causes in
            causes.compactMap { cause, value in
                value.countValue.flatMap { $0 > 0 ? (Style.safe(cause, limit: 40) ?? "", $0) : nil }
            }
            .sorted { ($1.count, $0.cause) < ($0.count, $1.cause) }
        }
        s = json["s"]?.doubleValue
        sError = json["s_error"]?.doubleValue
        log10P = json["log10_p"]?.doubleValue
        marginAB = json["least_margin_ab_ns"]?.doubleValue
        marginBA = json["least_margin_ba_ns"]?.doubleValue
        requiredMargin = json["required_margin_ns"]?.doubleValue
        rate = json["trials_per_s"]?.doubleValue
        secondsLeft = json["eta_s"]?.doubleValue
        isStopRuleMet = json["stop_rule"]?["met"]?.boolValue
        block = json["block"]?.countValue
        arm = json["arm"]?.countValue
        certifierConnected = json["certifier"]?["connected"]?.boolValue
        certifierAcknowledged = json["certifier"]?["acknowledged"]?.countValue
        certificate = text("certificate")
        simulated = json["simulated"]?.boolValue
        pool = text("pool")
        sealedAt = text("sealed_at")
        isLive = json["losses"] != nil || json["s"] != nil
        isMaintaining = json["maintaining"]?.boolValue ?? false
        needsPerson = json["needs_person"]?.boolValue ?? false
        alarms = (json["rng_health"]?["failed"]?.arrayValue ?? []).prefix(4).compactMap { Style.safe($0.stringValue) }
    }

    /// Trials that are accounted for, as a share of the planned ones in 0...1; nil when a number is missing.
    var fraction: Double? {
        guard let done, let trials, trials > 0 else { return nil }
        return min(1, Double(done) / Double(trials))
    }

    /// All losses; nil when they are missing. Sums that do not fit are shown as the largest count.
    var lossCount: UInt64? {
        losses?.reduce(UInt64(0)) { sum, item in
            let (next, overflow) = sum.addingReportingOverflow(item.count)
            return overflow ? .max : next
        }
    }

    /// The smaller of both margins in ns; nil unless at least one is known.
    var leastMargin: Double? { [marginAB, marginBA].compactMap { $0 }.min() }

    /// What `status` and `campaign show` end with: 1 when nothing goes on without a person, so that a script notices.
    var exit: ExitCode { needsPerson ? .experiment : .ok }

    /// `2 min left`, or the most with a stop rule that is not met yet; nil when nothing is known.
    var timeLeft: String? {
        guard let secondsLeft, isStopRuleMet != true else { return nil }
        return "\(isStopRuleMet == nil ? "" : "at most ")\(NumberText.duration(seconds: secondsLeft)) left"
    }

    /// `1 bell-chsh`, as far as known.
    var title: String {
        let parts = [number.map(String.init), name].compactMap { $0 }
        return parts.isEmpty ? (id ?? NumberText.missing) : parts.joined(separator: " ")
    }
}
