import BellModel
import BellRandomness
import Testing

@Suite struct RecipeTests {
    private let recipe: Recipe

    init() throws {
        recipe = Recipe(
            shape: ExtractorShape(kind: .circulant, sourceBits: 1018, secondBits: 1019, outputBits: 500),
            demand: ExtractorDemand(
                sourceBits: 1018, sourceEntropy: 800.5, secondBits: 1019, secondEntropy: 1000, errorExponent: -1000,
                security: .quantumMarkov),
            sourceOne: .zero, sourceTwo: .zero, output: .zero)
    }

    @Test("a recipe is read as it was written")
    func round() throws {
        #expect(try Recipe(json: JSON(parsing: recipe.json.text)) == recipe)
        var bits = recipe
        bits.shape.kind = .vonNeumann
        bits.sourceTwo = nil
        #expect(try Recipe(json: JSON(parsing: bits.json.text)) == bits)
    }

    @Test("the text of a recipe is canonical")
    func text() {
        let zeros = String(repeating: "0", count: 64)
        #expect(
            recipe.json.text == """
                {"extractor":"circulant","format":"belld-extraction-1","k1":800.5,"k2":1000,"log2_epsilon":-1000,"m":500,\
                "n1":1018,"n2":1019,"output":"\(zeros)","parameter":0,"security":"quantum-markov",\
                "source_one":"\(zeros)","source_two":"\(zeros)","test_vector":false}
                """)
    }

    @Test(
        "a recipe that is changed in a member is refused",
        arguments: [
            ("format", JSON.string("belld-extraction-2"), "json.shape"), ("extractor", "md5", "json.shape"),
            ("n1", .int(-1), "extractor.parameters"), ("n1", .int(1 << 31), "extractor.parameters"),
            ("m", .double(2.5), "json.shape"), ("k1", .double(1018.5), "extractor.parameters"),
            ("k1", .double(-1), "extractor.parameters"), ("log2_epsilon", .int(-1), "extractor.parameters"),
            ("log2_epsilon", .int(3), "extractor.parameters"), ("security", "none", "json.shape"),
            ("source_one", "00", "json.shape"), ("source_two", .null, "json.shape"), ("output", .null, "json.shape"),
            ("test_vector", .int(1), "json.shape"), ("more", .int(1), "json.shape"),
        ])
    func strict(key: String, value: JSON, code: String) throws {
        var members = recipe.members
        members[key] = value
        do throws(BellError) {
            _ = try Recipe(json: .object(members), at: "bits.recipe.json")
            Issue.record("\(key) = \(value.text) was taken")
        } catch {
            #expect(error.code.name == code)
            #expect(error.place?.hasPrefix("bits.recipe.json") == true)
        }
    }

    @Test("each member is needed")
    func missing() {
        for key in recipe.members.keys {
            var members = recipe.members
            members[key] = nil
            #expect(throws: BellError.self) { try Recipe(json: .object(members)) }
        }
    }

    @Test("all that is wrong with a demand is told at once")
    func demand() {
        let wrong = ExtractorDemand(
            sourceBits: 10, sourceEntropy: 11, secondBits: 0, secondEntropy: 0, errorExponent: .nan,
            security: .classical)
        do throws(BellError) {
            try wrong.check()
            Issue.record("taken")
        } catch {
            #expect(error.what == "Source one cannot have 11.0 bits of min-entropy in 10 bits.")
            #expect(
                error.others.map(\.what) == [
                    "Source two cannot have 0 bits.", "An error of 2^nan is not provided for.",
                ])
        }
    }
}
