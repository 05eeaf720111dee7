import BellModel
import BellRandomness
import Glibc

/// Where host bits come from, as a plan writes it: `kind:target`, for a tty with `@BAUD`, and at the end maybe `?h=0.9`.
struct HostBitAddress: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// `file:PATH`
        case file(String)
        /// `device:PATH`, a character device or a pipe.
        case device(String)
        /// `serial:PATH[@BAUD]`, a tty.
        case serial(String, baud: Int)
        /// `zmq:ENDPOINT`, to which a PULL socket connects.
        case zeroMQ(String)
    }

    let kind: Kind
    /// Min-entropy a bit, if the address states one.
    let minEntropy: Double?
    /// The address without its options, for errors and telemetry.
    let name: String

    /// Below it the adaptive proportion test could not fail at α = 2^-40: 2^(−1024·H) must be less than α.
    static let leastEntropy = 0.05
    /// −log2 α of both tests: an honest campaign of 4.5e8 bits sees a false alarm with a probability below 1e-3.
    static let falseAlarmExponent = 40.0
    /// Speeds of termios; a USB device mostly ignores them.
    static let speeds = [
        1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200, 230_400, 460_800, 500_000, 921_600, 1_000_000,
        1_500_000, 2_000_000, 3_000_000, 4_000_000,
    ]

    /// Reads an address.
    ///
    /// A `?` begins options only where a key and `=` follow, a last `@` a speed only where digits follow, so that most paths
    /// with these characters can be written.
    /// - Throws: `host-bits.address`.
    init(_ text: String) throws(BellError) {
        var target = text[...]
        var minEntropy: Double?
        if let mark = text.lastIndex(of: "?"), let equals = text[mark...].firstIndex(of: "=") {
            let key = text[text.index(after: mark)..<equals]
            if !key.isEmpty, key.allSatisfy({ $0.isASCII && ($0.isLetter || $0 == "_") }) {
                let value = text[text.index(after: equals)...]
                guard key == "h", let h = Double(value), h >= HostBitAddress.leastEntropy, h <= 1 else {
                    throw HostBitAddress.wrong(
                        text, cause: "\(key.prefix(20))=\(value.prefix(20)) is no option",
                        fix: "the option is ?h=H, the assessed min-entropy a bit, \(HostBitAddress.leastEntropy) to 1")
                }
                minEntropy = h
                target = text[..<mark]
            }
        }
        guard !text.utf8.contains(0), let colon = target.firstIndex(of: ":") else { throw HostBitAddress.wrong(text) }
        let path = String(target[target.index(after: colon)...])
        guard !path.isEmpty else { throw HostBitAddress.wrong(text) }
        switch target[..<colon] {
        case "file": kind = .file(path)
        case "device": kind = .device(path)
        case "zmq": kind = .zeroMQ(path)
        case "serial": kind = try HostBitAddress.serial(path, in: text)
        default: throw HostBitAddress.wrong(text)
        }
        self.minEntropy = minEntropy
        name = String(target)
    }

    private static func serial(_ path: String, in text: String) throws(BellError) -> Kind {
        guard let at = path.lastIndex(of: "@") else { return .serial(path, baud: 115_200) }
        let digits = path[path.index(after: at)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return .serial(path, baud: 115_200)
        }
        guard let baud = Int(digits), speeds.contains(baud), at > path.startIndex else {
            throw wrong(
                text, cause: "no tty has the speed \(digits.prefix(20))",
                fix: "write one of \(speeds.map(String.init).joined(separator: ", "))")
        }
        return .serial(String(path[..<at]), baud: baud)
    }

    /// The cutoffs of the health tests.
    ///
    /// - Parameter settingBias: The plan's μ: each bit has a probability of at most ½ + μ given the past, which is a min-entropy of
    ///   −log2(½ + μ); it is what the tests assume unless the address states another.
    func cutoffs(settingBias: Double) throws(BellError) -> HealthCutoffs {
        let declared = -log2(0.5 + min(max(settingBias, 0), 0.5))
        return try HealthCutoffs(
            .bits, minEntropy: minEntropy ?? min(1, max(HostBitAddress.leastEntropy, declared)),
            falseAlarmExponent: HostBitAddress.falseAlarmExponent)
    }

    private static func wrong(_ text: String, cause: String? = nil, fix: String? = nil) -> BellError {
        BellError(
            .hostBitsAddress, "A source of input bits cannot be \"\(text.prefix(80))\".", at: "plan input_bits",
            cause: cause,
            fix: fix ?? "write file:PATH, device:PATH, serial:PATH[@BAUD] or zmq:ENDPOINT")
    }
}
