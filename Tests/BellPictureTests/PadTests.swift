import BellModel
import Testing

@testable import BellPicture

@Suite("Pads")
struct PadTests {
    private let picture = Picture(unchecked: 2, 2, 1, [0x00, 0xff, 0x0f, 0xf0])

    @Test("the same pad twice gives the picture back")
    func identity() throws {
        for channels in [1, 3] {
            let plain = Picture(unchecked: 40, 30, channels, Pictures.noise(1200 * channels, seed: 1))
            let pad = try Pad(Pictures.noise(4000, seed: 2), count: plain.samples.count, name: "pad")
            let cipher = try plain.covered(by: pad)
            #expect(cipher != plain)
            #expect(try cipher.covered(by: pad) == plain)
        }
    }

    @Test("the first bit is the highest, and a pad may begin at any bit")
    func bits() throws {
        #expect(try picture.covered(by: Pad([1, 2, 3, 4], count: 4, name: "")).samples == [0x01, 0xfd, 0x0c, 0xf4])
        #expect(
            try Pad([0b1010_0110, 0b0111_0001, 0xff], firstBit: 3, count: 2, name: "").bytes == [
                0b0011_0011, 0b1000_1111,
            ])
        #expect(try Pad([1, 2, 3], firstBit: 1, count: 2, name: "").bytes == [2, 4])
    }

    @Test("too few bits are refused with how many are wanted")
    func short() {
        let error = #expect(throws: BellError.self) { try Pad([1, 2, 3, 4], firstBit: 1, count: 4, name: "bits.bin") }
        #expect(error?.what == "The pad has 31 bits; 32 are wanted." && error?.place == "bits.bin")
        #expect(throws: BellError.self) { try picture.covered(by: Pad([1, 2, 3], count: 3, name: "")) }
        #expect(throws: BellError.self) { try Pad([], count: 1, name: "") }
    }

    @Test("a source that stands still is refused", arguments: [0x00, 0xff, 0x55] as [UInt8])
    func constant(_ byte: UInt8) {
        #expect(throws: BellError.self) { try Pad([UInt8](repeating: byte, count: 64), count: 64, name: "") }
        #expect(throws: BellError.self) { try Pad([UInt8](repeating: byte, count: 64) + [1], count: 64, name: "") }
    }

    @Test("the same bits for two panels are refused, with both names")
    func twice() throws {
        let (a, b) = (try Pad([1, 2], count: 2, name: ""), try Pad([1, 3], count: 2, name: ""))
        try Pad.checkDifferent([("weak", a), ("certified", b)])
        let error = #expect(throws: BellError.self) {
            try Pad.checkDifferent([("weak", a), ("outcomes", b), ("certified", a)])
        }
        #expect(error?.what == "The pads of \"weak\" and \"certified\" are the same bits.")
    }

    @Test("pictures stand beside each other on white")
    func row() throws {
        let row = try #require(Picture.row([picture, picture], gap: 1))
        #expect(row.width == 5 && row.height == 2)
        #expect(row.samples == [0x00, 0xff, 255, 0x00, 0xff, 0x0f, 0xf0, 255, 0x0f, 0xf0])
        #expect(Picture.row([]) == nil)
        #expect(Picture.row([picture, Picture(unchecked: 2, 1, 1, [0, 0])]) == nil)
    }

    @Test("a recipe is read as it was written, and holds neither bits nor a hash of them")
    func recipe() throws {
        let digest = try #require(Digest(hex: String(repeating: "ab", count: 32)))
        let campaign = try #require(CampaignID(hex: String(repeating: "0c", count: 16)))
        for source in [
            .file("bits.bin"), .campaign(campaign, .withdrawal(7)), .campaign(campaign, .outcomes),
            .campaign(campaign, .secondSource),
        ] as [PadRecipe.Source] {
            let recipe = PadRecipe(source: source, firstBit: 12, picture: picture, cipher: digest)
            let json = try JSON(parsing: recipe.json.prettyText)
            #expect(try PadRecipe(json: json, source: "r") == recipe)
            #expect(json["pad"]?["bits"] == 32)
            #expect(json["pad"]?.objectValue?.keys.contains { $0.contains("hash") || $0.contains("blake") } == false)
        }
    }

    @Test(
        "a recipe with a number out of range, or without a member, is refused with the member's name",
        arguments: [
            "kind", "version", "pad", "picture", "bits", "first_bit", "width", "height", "channels", "encrypted",
        ])
    func badRecipe(_ member: String) throws {
        let recipe = PadRecipe(source: .file("a"), firstBit: 0, picture: picture, cipher: .zero)
        let text = recipe.json.text
        #expect(text.contains("\"\(member)"))
        let error = #expect(throws: BellError.self) {
            try PadRecipe(json: try JSON(parsing: text.replacing("\"\(member)", with: "\"x\(member)")), source: "r")
        }
        #expect(error?.code == .padRecipe && error?.place?.hasPrefix("r: ") == true)
        for number in ["-1", "99999999999999999", "1.5", "\"x\"", "null"] {
            let changed = text.replacing("\"bits\":32", with: "\"bits\":\(number)")
            #expect(throws: BellError.self) { try PadRecipe(json: try JSON(parsing: changed), source: "r") }
        }
    }
}
