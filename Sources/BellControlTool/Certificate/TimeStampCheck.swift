import BellCrypto
import BellHost
import BellModel
import Glibc

/// Asks openssl whether a time-stamp authority's signature is good; belld does not check certificates of authorities itself.
enum TimeStampCheck {
    /// What came of it.
    enum Outcome: Equatable {
        case good
        /// With what openssl said.
        case bad(String)
        /// With the reason.
        case unchecked(String)

        /// For people; never what openssl printed as it is.
        var words: String {
            switch self {
            case .good: "signature good, by an authority of the given file"
            case .bad(let cause): "signature NOT good: \(Style.safe(cause) ?? "")"
            case .unchecked(let why): "signature not checked: \(why)"
            }
        }

        /// For programs: true, false, or null for not checked.
        var json: JSON {
            switch self {
            case .good: ["good": true, "reason": .null]
            case .bad(let cause): ["good": false, "reason": .string(cause)]
            case .unchecked(let why): ["good": .null, "reason": .string(why)]
            }
        }
    }

    /// openssl answers in milliseconds.
    private static let patience = 20_000

    /// Runs `openssl ts -verify` in a folder of its own, as of the stamp's time: a certificate may run out later.
    ///
    /// - Parameter authorities: PEM file with the roots that the reader trusts; nil checks nothing.
    static func run(
        _ stamp: TimeStamp, of sealed: SealedPlan, authorities: String?
    ) throws(BellError) -> Outcome {
        guard let authorities else { return .unchecked("give the authority's root certificate with --tsa-ca") }
        let roots = try readFile(authorities)
        guard let openssl = Programs.onPath("openssl") else { return .unchecked("openssl is not installed") }
        let folder = try makeTemporaryFolder()
        let names = (
            data: "\(folder)/plan.json", reply: "\(folder)/plan.tsr", roots: "\(folder)/ca.pem", log: "\(folder)/log"
        )
        defer {
            for name in [names.data, names.reply, names.roots, names.log] { try? removeFile(name) }
            rmdir(folder)
        }
        try writeFileAtomically(names.data, text: sealed.json.text)
        try writeFileAtomically(names.reply, stamp.bytes)
        try writeFileAtomically(names.roots, roots)
        var arguments = ["ts", "-verify", "-data", names.data, "-in", names.reply, "-CAfile", names.roots]
        if let time = UTCTime(stamp.time) { arguments += ["-attime", String(Int64(time.seconds))] }
        let child = try ChildProcess.spawn(openssl, arguments, logFile: names.log, newProcessGroup: false)
        guard let ending = child.wait(timeoutMilliseconds: patience) else {
            child.signal(.kill)
            return .unchecked("openssl did not answer within \(patience / 1000) s")
        }
        guard ending != .exited(0) else { return .good }
        let said = String(decoding: (try? readFile(names.log, limit: 1 << 16)) ?? [], as: UTF8.self)
        let lines = said.split(whereSeparator: \.isNewline).prefix { !$0.hasPrefix("Using configuration") }
        return .bad(lines.suffix(2).map { String($0.prefix(200)) }.joined(separator: "; "))
    }

    /// Of this process alone; mkdtemp(3).
    private static func makeTemporaryFolder() throws(BellError) -> String {
        let parent = environmentVariable("TMPDIR") ?? "/tmp"
        var template = Array("\(parent)/bellctl-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BellError(
                .toolArgument, "No temporary folder can be made.", at: parent,
                cause: "mkdtemp: \(String(cString: strerror(errno)))", fix: "set TMPDIR to a folder that is writable")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
