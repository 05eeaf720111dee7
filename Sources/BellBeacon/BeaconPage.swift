import BellModel

/// The beacon's one page for people; no script, no picture, nothing from elsewhere.
enum BeaconPage {
    static func html(chain: BeaconStore.Chain?, last: Pulse?, state: BeaconState.Word, now: UTCTime) -> String {
        var rows: [(String, String)] = [("state", state.rawValue)]
        if let chain {
            rows.append(("chain", "\(chain.number), a pulse every \(seconds(Int64(chain.period)))"))
            rows.append(("certificate", chain.certificate.id.bytes.hex))
        }
        if let last {
            let age = max(0, now.milliseconds - last.timeStamp.milliseconds)
            rows.append(("last pulse", "\(last.pulseIndex) of chain \(last.chainIndex)"))
            rows.append(("time", "\(last.timeStamp.pulseText), \(seconds(age)) ago"))
            rows.append(("status", last.statusCode.text))
            rows.append(("bits of", "campaign \(last.origin.campaign), from bit \(last.origin.firstBit)"))
            rows.append(("output value", "\(last.outputValue)"))
        } else {
            rows.append(("last pulse", "none yet"))
        }
        let banner =
            last?.origin.isSimulated == true
            ? "<p class=\"simulated\">SIMULATED: these bits come from simulated qubits. Use them for nothing but trying things out.</p>\n"
            : ""
        let table = rows.map { "<tr><th>\(escape($0.0))</th><td>\(escape($0.1))</td></tr>\n" }.joined()
        let paths = [
            "pulse/last", "chain/last", "chain/last/pulse/1", "pulse/time/\(last?.timeStamp.milliseconds ?? 0)",
            "certificate/\(chain?.certificate.id.bytes.hex ?? "")",
        ]
        let links = paths.map {
            "<li><a href=\"/beacon/2.0/\($0)\">/beacon/2.0/\(escape(String($0.prefix(40))))</a></li>\n"
        }
        .joined()
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>bellbeacon</title>
            <style>
            body { font-family: sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
            th { text-align: left; vertical-align: top; padding-right: 1em; white-space: nowrap; }
            td { font-family: monospace; overflow-wrap: anywhere; }
            .simulated { background: #b00020; color: white; padding: 0.6em; font-weight: bold; }
            </style></head><body>
            <h1>Randomness beacon</h1>
            \(banner)<p>Signed, hash-chained pulses of 512 certified bits, in the manner of the NIST randomness beacon 2.0.
            <strong>Never use a pulse as a secret key: everybody knows it.</strong></p>
            <table>
            \(table)</table>
            <h2>Addresses</h2>
            <ul>
            \(links)</ul>
            <p>Check the whole chain: <code>bellctl beacon verify URL --key PEM</code></p>
            </body></html>

            """
    }

    private static func seconds(_ milliseconds: Int64) -> String { "\(milliseconds / 1000) s" }

    static func escape(_ text: String) -> String {
        text.reduce(into: "") { out, character in
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
    }
}
