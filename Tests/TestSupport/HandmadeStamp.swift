/// A time-stamp reply whose signature is nobody's: what belld reads of it is there, the rest is empty.
public struct HandmadeStamp {
    /// The TimeStampResp, DER.
    public let bytes: [UInt8]

    /// - Parameters:
    ///   - imprint: The SHA-256 that is stamped.
    ///   - time: GeneralizedTime.
    public init(_ imprint: [UInt8], time: String) {
        func element(_ tag: UInt8, _ parts: [UInt8]...) -> [UInt8] {
            let content = parts.flatMap { $0 }
            let length: [UInt8] =
                content.count < 128
                ? [UInt8(content.count)] : [0x82, UInt8(content.count >> 8), UInt8(content.count & 0xff)]
            return [tag] + (content.count < 128 || content.count > 255 ? length : [0x81, UInt8(content.count)])
                + content
        }
        let sha256 = element(0x06, [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01])
        let info = element(
            0x30, element(0x02, [1]), element(0x06, [0x2a, 0x03, 0x04]),
            element(0x30, element(0x30, sha256), element(0x04, imprint)), element(0x02, [7]),
            element(0x18, Array(time.utf8)))
        let encapsulated = element(
            0x30, element(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04]),
            element(0xa0, element(0x04, info)))
        let signed = element(0x30, element(0x02, [3]), element(0x31), encapsulated, element(0x31))
        let token = element(
            0x30, element(0x06, [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]), element(0xa0, signed))
        bytes = element(0x30, element(0x30, element(0x02, [0])), token)
    }
}
