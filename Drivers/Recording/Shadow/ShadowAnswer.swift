import BellModel
import DriverKit

/// What of an answer is compared. Identity, boot, ticks, counts of the spool and all random content are left out.
struct ShadowAnswer: Equatable, Sendable {
    var type: MessageType
    var errorCode: ErrorReport.Code?
    var what = ShadowDifference.What.answer
    /// Name and value; the names of one type are always the same.
    var fields: [(name: String, value: String)] = []
    var latency: Duration

    init(_ message: BoardMessage, latency: Duration) {
        type = message.type
        self.latency = latency
        switch message {
        case .error(let report): errorCode = report.code
        case .capabilities(let board):
            what = .capabilities
            fields = [
                ("node", board.node.name),
                ("tick rate", "\(board.tickRate.numerator)/\(board.tickRate.denominator) Hz"),
                ("ticks a sample", "\(board.ticksPerSample)"), ("channels", "\(board.channels)"),
                ("waveform memory", "\(board.waveformMemory)"), ("events", "\(board.maxEvents)"),
                ("spool", "\(board.spoolTrials)"), ("largest payload", "\(board.maxFrame)"),
                ("generator", "\(board.hasRNG)"), ("signing key", "\(board.hasSigningKey)"),
            ]
        case .programLoaded(let loaded):
            what = .program
            fields = [("checksum", "0x" + String(loaded.checksum, radix: 16)), ("size", "\(loaded.size)")]
        case .armed(let order):
            what = .armed
            fields = [("order", order.shadowText)]
        case .status(let status):
            what = .status
            fields = [
                ("state", status.state.name), ("reference clock", status.clockLocked ? "locked" : "not locked"),
                ("generator", status.rngHealthy ? "healthy" : "not healthy"),
                ("arm", status.armed?.shadowText ?? "none"),
            ]
        case .shots(let shots):
            what = .amount
            fields = [("shots", "\(shots.count)")]
        case .rawRandom(let random):
            what = .amount
            fields = [("bits", "\(random.bits.count)")]
        default: break
        }
    }

    /// In words: the message's name and the code of an error.
    var name: String { errorCode.map { "ERROR \($0.name)" } ?? type.name }

    /// Where this answer of the primary differs from the shadow's.
    func differences(to shadow: ShadowAnswer, subject: String) -> [ShadowDifference] {
        if type != shadow.type {
            return [ShadowDifference(.answer, subject, primary: name, shadow: shadow.name)]
        }
        if errorCode != shadow.errorCode {
            return [ShadowDifference(.errorCode, subject, primary: name, shadow: shadow.name)]
        }
        return zip(fields, shadow.fields).compactMap { mine, other in
            mine.value == other.value
                ? nil : ShadowDifference(what, "\(subject): \(mine.name)", primary: mine.value, shadow: other.value)
        }
    }

    static func == (a: ShadowAnswer, b: ShadowAnswer) -> Bool {
        a.type == b.type && a.latency == b.latency && a.differences(to: b, subject: "").isEmpty
    }
}

extension ArmOrder {
    /// Arm and range, without the campaign.
    var shadowText: String { "arm \(arm), \(count) trials from \(firstIndex)" }
}
