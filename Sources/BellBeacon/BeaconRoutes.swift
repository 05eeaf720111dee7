import BellHTTP
import BellModel

/// What a beacon answers to whom; the standard's addresses, and `pulses`, which is ours.
struct BeaconRoutes: Sendable {
    /// Pulses of one answer of `chain/C/pulses/A/B`.
    static let mostPulses: UInt64 = 256

    let store: SharedStore
    let state: BeaconState
    /// The wall clock.
    let now: @Sendable () -> UTCTime

    /// Answers a request; never throws, because somebody waits.
    func answer(_ request: HTTPRequest) -> HTTPResponse {
        do throws(BellError) {
            if request.path == "/" { return try page() }
            let words = request.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
            if words.starts(with: ["beacon", "2.0"]), let answer = try route(words.dropFirst(2).map(String.init)) {
                return answer
            }
            return refusal(
                404, BellError(.beaconMissing, "There is nothing here.", at: String(request.path.prefix(200))))
        } catch {
            // The file's path and SQL are nobody's business outside.
            return refusal(500, BellError(error.code, "The beacon cannot answer now.", fix: "try again later"))
        }
    }

    private func route(_ words: [String]) throws(BellError) -> HTTPResponse? {
        switch (words.first, words.count) {
        case ("pulse", 2) where words[1] == "last":
            return pulse(try store { (store) throws(BellError) in try store.pulse(.last) })
        case ("pulse", 3) where words[1] == "time":
            guard let time = time(words[2]) else { return nil }
            return pulse(try nearest(time))
        case ("pulse", 4) where words[1] == "time":
            guard let time = time(words[3]), ["next", "previous"].contains(words[2]) else { return nil }
            let place = words[2] == "next" ? BeaconStore.Place.after(time) : .before(time)
            return pulse(try store { (store) throws(BellError) in try store.pulse(place) })
        case ("chain", 2...): return try chain(Array(words.dropFirst()))
        case ("skiplist", 4) where words[1] == "time":
            guard let anchor = time(words[2]), let target = time(words[3]) else { return nil }
            return try skipList(from: target, to: anchor)
        case ("certificate", 2):
            guard let id = Value512(hex: words[1]) else { return nil }
            guard let certificate = try store({ (store) throws(BellError) in try store.certificate(id) }) else {
                return missing("There is no certificate with this id.")
            }
            return HTTPResponse(contentType: "application/x-pem-file", text: certificate.pem)
        default: return nil
        }
    }

    /// `C`, `C/pulse/I`, `C/pulse/last`, `C/pulses/A/B`, each with `last` for C.
    private func chain(_ words: [String]) throws(BellError) -> HTTPResponse? {
        let number = words[0] == "last" ? nil : count(words[0])
        guard words[0] == "last" || number != nil else { return nil }
        guard let chain = try store({ (store) throws(BellError) in try store.chain(number) }) else {
            return missing("There is no such chain.")
        }
        switch (words.count, words.count > 1 ? words[1] : "") {
        case (1, _): return try describe(chain)
        case (3, "pulse"):
            let index = words[2] == "last" ? nil : count(words[2])
            guard words[2] == "last" || index != nil else { return nil }
            return pulse(try store { (store) throws(BellError) in try store.pulse(chain: chain.number, number: index) })
        case (4, "pulses"):
            guard let first = count(words[2]), let last = count(words[3]), first <= last,
                last - first < Self.mostPulses
            else { return nil }
            return list(
                try store { (store) throws(BellError) in try store.pulses(chain: chain.number, first...last) })
        default: return nil
        }
    }

    private func describe(_ chain: BeaconStore.Chain) throws(BellError) -> HTTPResponse {
        let last = try store { (store) throws(BellError) in try store.pulse(chain: chain.number, number: nil) }
        let age = last.map { now().milliseconds - $0.timeStamp.milliseconds }
        return json([
            "chain": [
                "chainIndex": JSON(count: chain.number), "certificateId": .string(chain.certificate.id.bytes.hex),
                "period": .int(Int64(chain.period)), "cipherSuite": .int(Int64(Pulse.ed25519)),
                "lastPulse": JSON(count: last?.pulseIndex ?? 0), "lastTime": JSON(last?.timeStamp.pulseText),
                "millisecondsSinceLastPulse": age.map { .int($0) } ?? .null, "state": .string(state.now.rawValue),
                "simulated": last.map { .bool($0.origin.isSimulated) } ?? .null,
            ]
        ])
    }

    /// The pulse whose time is nearest, of two the earlier.
    private func nearest(_ time: UTCTime) throws(BellError) -> Pulse? {
        try store { (store) throws(BellError) in
            let before = try store.pulse(.before(UTCTime(milliseconds: time.milliseconds + 1)))
            let after = try store.pulse(.after(time))
            guard let before, let after else { return before ?? after }
            let isAfter =
                after.timeStamp.milliseconds - time.milliseconds < time.milliseconds - before.timeStamp.milliseconds
            return isAfter ? after : before
        }
    }

    private func skipList(from target: UTCTime, to anchor: UTCTime) throws(BellError) -> HTTPResponse {
        guard let old = try nearest(anchor), var newest = try nearest(target), old.chainIndex == newest.chainIndex,
            old.pulseIndex <= newest.pulseIndex
        else { return missing("No chain has both pulses, the first time before the second.") }
        var way = [newest]
        while newest.pulseIndex > old.pulseIndex {
            guard way.count < SkipList.mostPulses, let step = SkipList.step(from: newest, to: old.pulseIndex) else {
                return missing("The way is too long.")
            }
            let next = try store { (store) throws(BellError) in try store.pulse(chain: old.chainIndex, number: step) }
            guard let next else { return missing("The way is broken.") }
            newest = next
            way.append(newest)
        }
        return list(way)
    }

    private func page() throws(BellError) -> HTTPResponse {
        let found = try store { (store) throws(BellError) in (try store.chain(), try store.pulse(.last)) }
        return HTTPResponse(
            contentType: "text/html; charset=utf-8",
            text: BeaconPage.html(chain: found.0, last: found.1, state: state.now, now: now()))
    }
}

extension BeaconRoutes {
    /// A number from 1, or a time from 0, without signs, zeros before it or more than 15 digits.
    private func count(_ text: String) -> UInt64? {
        guard text.utf8.count <= 15, let number = UInt64(text), number > 0, String(number) == text else { return nil }
        return number
    }

    private func time(_ text: String) -> UTCTime? {
        text == "0" ? UTCTime(milliseconds: 0) : count(text).map { UTCTime(milliseconds: Int64($0)) }
    }

    private func pulse(_ pulse: Pulse?) -> HTTPResponse {
        guard let pulse else { return missing("There is no such pulse.") }
        return json(["pulse": pulse.json])
    }

    private func list(_ pulses: [Pulse]) -> HTTPResponse { json(["pulses": .array(pulses.map(\.json))]) }

    private func json(_ value: JSON) -> HTTPResponse {
        HTTPResponse(contentType: "application/json", text: value.text + "\n")
    }

    private func missing(_ what: String) -> HTTPResponse { refusal(404, BellError(.beaconMissing, what)) }

    private func refusal(_ status: Int, _ error: BellError) -> HTTPResponse {
        HTTPResponse(
            status: status, contentType: "application/json", text: JSON.object(["error": error.json]).text + "\n")
    }
}
