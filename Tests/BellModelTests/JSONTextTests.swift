import BellModel
import Testing

@Suite struct JSONTextTests {
    /// RFC 8785, appendix B: bits of the double, and how it is written.
    @Test(
        "numbers are written as RFC 8785 says",
        arguments: [
            (0x0000_0000_0000_0000, "0"), (0x8000_0000_0000_0000, "0"), (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"), (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"), (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"), (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"), (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"), (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"), (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"), (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"), (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"), (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"), (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func numbers(bits: UInt64, text: String) { #expect(JSON.double(Double(bitPattern: bits)).text == text) }

    @Test("what is no number becomes null", arguments: [Double.nan, .infinity, -.infinity])
    func notNumbers(value: Double) { #expect(JSON.double(value).text == "null") }

    @Test("any double comes back from its text with the same bits")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let value = Double(bitPattern: .random(in: 0...UInt64.max, using: &generator))
            guard value.isFinite, value != 0 else { continue }
            #expect(try JSON(parsing: JSON.double(value).text).doubleValue?.bitPattern == value.bitPattern)
        }
    }

    /// RFC 8785, sections 3.2.2 and 3.2.4.
    @Test("the example of RFC 8785 becomes its canonical text")
    func example() throws {
        let source = #"""
            {
              "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let canonical =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        let parsed = try JSON(parsing: source)
        #expect(parsed.text == canonical)
        #expect(try JSON(parsing: parsed.prettyText).text == canonical)
    }

    /// RFC 8785, section 3.2.3.
    @Test("keys are sorted by their UTF-16 code units")
    func sorting() throws {
        let object: JSON = [
            "\u{20ac}": 5, "\r": 1, "\u{fb33}": 7, "1": 2, "\u{1f600}": 6, "\u{80}": 3, "\u{f6}": 4,
        ]
        #expect(
            object.text == "{\"\\r\":1,\"1\":2,\"\u{80}\":3,\"\u{f6}\":4,\"\u{20ac}\":5,\"\u{1f600}\":6,\"\u{fb33}\":7}"
        )
    }

    @Test("control characters are escaped, others are not")
    func escapes() {
        let text = "\u{0}\u{1f}\u{8}\u{9}\n\u{c}\r\"\\/\u{7f}é"
        #expect(JSON.string(text).text == #""\u0000\u001f\b\t\n\f\r\"\\/"# + "\u{7f}é\"")
    }

    @Test("people's text is indented, empty containers stay short")
    func pretty() {
        let value: JSON = ["b": [1, [:], []], "a": ["x": nil]]
        #expect(
            value.prettyText == """
                {
                  "a": {
                    "x": null
                  },
                  "b": [
                    1,
                    {},
                    []
                  ]
                }
                """)
    }

    @Test("counts past 2^53 are strings and come back", arguments: [0, 1 << 53, (1 << 53) + 1, .max] as [UInt64])
    func counts(value: UInt64) throws {
        let json = JSON(count: value)
        #expect((json.stringValue == nil) == (value <= 1 << 53))
        #expect(try JSON(parsing: json.text).countValue == value)
    }

    @Test(
        "what is no count is refused",
        arguments: ["-1", "1.5", "1e30", "\"x\"", "\"-1\"", "\"18446744073709551616\"", "null", "[]"])
    func noCount(text: String) throws { #expect(try JSON(parsing: text).countValue == nil) }
}
