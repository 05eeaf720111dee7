/// HID descriptors of a box with 64-byte reports of no further meaning (HID 1.11, sections 6.2.1 and 6.2.2).
enum HIDDescriptors {
    /// The class descriptor that stands between interface and endpoints.
    static let `class`: [UInt8] = [
        9, 0x21,  // length, HID
        0x11, 0x01,  // version 1.11
        0,  // no country
        1, 0x22, UInt8(report.count), 0,  // one descriptor: the report's, and its length
    ]

    /// One collection of a vendor's own usage page: 64 bytes in, 64 bytes out, no report numbers.
    static let report: [UInt8] = [
        0x06, 0x00, 0xFF,  // usage page: vendor
        0x09, 0x01,  // usage 1
        0xA1, 0x01,  // collection: application
        0x15, 0x00,  // logical minimum 0
        0x26, 0xFF, 0x00,  // logical maximum 255
        0x75, 0x08,  // size 8 bits
        0x95, 0x40,  // count 64
        0x09, 0x01, 0x81, 0x02,  // input: data, variable, absolute
        0x09, 0x01, 0x91, 0x02,  // output
        0xC0,  // end of collection
    ]
}
