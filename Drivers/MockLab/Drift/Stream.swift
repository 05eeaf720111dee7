import BellCrypto
import BellModel

/// Numbers of the random streams that belong to names.
enum Stream {
    /// 63 bits of the name's digest, above all numbers that the laboratory hands out itself.
    static func number(of name: String) -> UInt64 {
        Blake2b.hash(text: "mocklab stream \(name)").bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } | 1 << 63
    }
}
