import BellCrypto
import BellModel
import Testing

@testable import BellBeacon

/// Chains with values that anybody can know.
struct TestChain {
    let key: SigningKey
    let certificate: BeaconCertificate
    var pulses: [Pulse] = []

    init() throws {
        key = try #require(SigningKey(seed: [UInt8](repeating: 7, count: 32)))
        certificate = BeaconCertificate(try #require(PublicKey(bytes: key.publicKey)))
    }

    static func value(_ number: Int) -> Value512 { Value512.hash(Array("value \(number)".utf8)) }

    static func origin(_ number: Int) -> PulseOrigin {
        PulseOrigin(
            campaign: CampaignID(first16Of: .zero), firstBit: UInt64(512 * number),
            isSimulated: number.isMultiple(of: 2))
    }

    /// What the next pulse says when nobody cheats; the links by looking through all pulses.
    func draft(at time: UTCTime) -> Pulse.Draft {
        let number = pulses.count
        var links = PulseLink.none
        var status: PulseStatus = .uncommitted
        if let last = pulses.last {
            status = time.milliseconds - last.timeStamp.milliseconds > 60_000 ? .timeGap : []
            links = PulseLink.Kind.allCases.map { kind in
                let first = pulses.first {
                    kind == .previous
                        ? $0.pulseIndex == last.pulseIndex
                        : kind.start(of: $0.timeStamp) == kind.start(of: last.timeStamp)
                }
                return PulseLink(kind, to: first ?? last)
            }
        }
        return Pulse.Draft(
            base: "http://b", period: 60_000, chainIndex: 3, pulseIndex: UInt64(number + 1), timeStamp: time,
            localRandomValue: Self.value(number), origin: Self.origin(number), links: links,
            next: Self.value(number + 1), status: status)
    }

    func sign(_ draft: Pulse.Draft) -> Pulse { Pulse(draft, signedBy: key, certificate: certificate) }

    /// Signs again what somebody with the key has changed.
    func sign(_ changed: Pulse) -> Pulse {
        var pulse = changed
        pulse.signatureValue = key.sign(pulse.signedBytes)
        pulse.outputValue = Value512.hash(pulse.outputBytes)
        return pulse
    }

    mutating func append(at time: UTCTime) { pulses.append(sign(draft(at: time))) }

    /// Minutes after the last hour of 2026 began, each with a pulse.
    mutating func append(minutes: [Int64]) {
        for minute in minutes { append(at: UTCTime(milliseconds: 1_798_758_000_000 + minute * 60_000)) }
    }

    func findings(isWhole: Bool = true, _ pulses: [Pulse]) -> [BellError] {
        var check = ChainCheck([certificate], isWhole: isWhole)
        return pulses.flatMap { check.take($0) }
    }
}

/// A key that is not the beacon's.
enum PulseTestKey {
    static let other = SigningKey(seed: [UInt8](repeating: 8, count: 32))
}
