import BellModel
import DriverKit

/// An opened and identified box.
struct MiniCircuitsBox: Sendable {
    let link: MiniCircuitsLink
    let model: MiniCircuitsModel
    let identity: InstrumentIdentity

    /// Asks for something, in the model's dialect.
    ///
    /// Where the reply to another command could be taken for this one's (or once an old reply was seen), the link is cleared
    /// first: one more command, which costs two interrupt intervals.
    func ask<T>(
        _ request: MiniCircuitsRequest, _ read: (MiniCircuitsReply) throws(BellError) -> T
    ) async throws(BellError) -> T {
        if !link.isClear, link.isUncertain || link.lags || model.dialect.isAmbiguous {
            try await link.synchronize(serial: identity.serial)
        }
        let reply = try await link.exchange(request)
        do throws(BellError) { return try read(reply) } catch { throw link.located(error, request.summary) }
    }

    /// Sends a command that changes something, and checks what the box says to it. The caller reads back.
    ///
    /// Where an old reply could be taken for the answer, the last one that comes before the reply to code 41 is the answer.
    func order(
        _ request: MiniCircuitsRequest, _ check: (MiniCircuitsReply) throws(BellError) -> Void
    ) async throws(BellError) {
        var reply = try await link.exchange(request)
        if model.dialect.isAmbiguous {
            let late = try await link.synchronize(serial: identity.serial)
            reply = late.last { $0.code == request.code } ?? reply
        }
        do throws(BellError) { try check(reply) } catch { throw link.located(error, request.summary) }
    }

    /// Chooses the dialect of newer firmware when the box answers a text command.
    ///
    /// Only for models whose row allows it, so after the model is known; code 42 sets nothing in any dialect.
    func choosingDialect() async throws(BellError) -> MiniCircuitsBox {
        guard let newer = model.newerDialect, case .text(let code, _) = newer else { return self }
        let isNewer: Bool
        do throws(BellError) {
            let reply = try await link.exchange(try MiniCircuitsRequest(code: code, text: ":MN?"))
            isNewer = try reply.text() == model.name
        } catch {
            let meansOlder: [BellError.Code] = [.usbTimeout, .usbStall, .instrumentProtocol]
            guard meansOlder.contains(error.code) else { throw error }
            isNewer = false
        }
        try await link.synchronize(serial: identity.serial)
        guard isNewer else { return self }
        var model = model
        model.dialect = newer
        return MiniCircuitsBox(link: link, model: model, identity: identity)
    }
}
