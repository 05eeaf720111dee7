public import BellModel

extension Pulse {
    /// The pulse's object, with the standard's members and `pool`, which is ours.
    public var json: JSON {
        [
            "uri": .string(uri), "version": .string(Self.version), "cipherSuite": .int(Int64(cipherSuite)),
            "period": .int(Int64(period)), "certificateId": .string(certificateID.bytes.hex),
            "chainIndex": JSON(count: chainIndex), "pulseIndex": JSON(count: pulseIndex),
            "timeStamp": .string(timeStamp.pulseText), "localRandomValue": .string("\(localRandomValue)"),
            "external": [
                "sourceId": .string("\(external.sourceID)"), "statusCode": .int(Int64(external.statusCode)),
                "value": .string("\(external.value)"),
            ],
            "listValues": .array(
                listValues.map {
                    ["uri": JSON($0.uri), "type": .string($0.kind.rawValue), "value": .string("\($0.value)")]
                }
            ),
            "precommitmentValue": .string("\(precommitmentValue)"), "statusCode": .int(Int64(statusCode.rawValue)),
            "signatureValue": .string(signatureValue.upperHex), "outputValue": .string("\(outputValue)"),
            "pool": origin.json,
        ]
    }

    /// Reads a pulse's object strictly: every member, no other, and texts exactly as they are written here.
    ///
    /// Whether it is true is another question: ``ChainCheck``.
    /// - Throws: `beacon.form`.
    public init(json: JSON, path: String = "pulse") throws(BellError) {
        do throws(BellError) {
            try self.init(reading: json, path: path)
        } catch {
            var error = error
            error.code = .beaconForm
            throw error
        }
    }

    private init(reading json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        uri = try Self.address(try reader.string("uri"), at: "\(path).uri")
        let version = try reader.string("version")
        guard version == Self.version else {
            throw BellError(
                .beaconForm, "The version is \(version.prefix(20)), not \(Self.version).", at: "\(path).version")
        }
        cipherSuite = try Self.number(&reader, "cipherSuite", path)
        guard cipherSuite == Self.ed25519 else {
            throw BellError(
                .beaconForm, "The cipher suite \(cipherSuite) is not ours.", at: "\(path).cipherSuite",
                fix: "only pulses of bellbeacon (\(Self.ed25519)) are verified here, not those of other beacons")
        }
        period = try Self.number(&reader, "period", path)
        guard period > 0 else { throw BellError(.beaconForm, "The period is 0.", at: "\(path).period") }
        certificateID = try Self.value(try reader.string("certificateId"), at: "\(path).certificateId", isUpper: false)
        chainIndex = try reader.count("chainIndex")
        pulseIndex = try reader.count("pulseIndex")
        guard chainIndex <= Self.mostIndex, pulseIndex <= Self.mostIndex else {
            throw BellError(.beaconForm, "No chain has so many pulses.", at: "\(path).pulseIndex")
        }
        let time = try reader.string("timeStamp")
        guard let stamp = UTCTime(time), stamp.pulseText == time else {
            throw BellError(.beaconForm, "The time is not like 2026-11-22T06:12:00.000Z.", at: "\(path).timeStamp")
        }
        timeStamp = stamp
        localRandomValue = try Self.value(try reader.string("localRandomValue"), at: "\(path).localRandomValue")
        external = try External(json: try reader.value("external"), path: "\(path).external")
        listValues = try PulseLink.list(json: try reader.array("listValues"), path: "\(path).listValues")
        precommitmentValue = try Self.value(try reader.string("precommitmentValue"), at: "\(path).precommitmentValue")
        statusCode = PulseStatus(rawValue: try Self.number(&reader, "statusCode", path))
        let signature = try reader.string("signatureValue")
        guard signature.utf8.count == 128, let bytes = [UInt8](hex: signature), bytes.upperHex == signature else {
            throw BellError(.beaconForm, "The signature is not 128 upper-case digits.", at: "\(path).signatureValue")
        }
        signatureValue = bytes
        outputValue = try Self.value(try reader.string("outputValue"), at: "\(path).outputValue")
        origin = try PulseOrigin(json: try reader.value("pool"), path: "\(path).pool")
        try reader.finish()
    }

    private static func number(_ reader: inout JSONReader, _ key: String, _ path: String) throws(BellError) -> UInt32 {
        guard let number = UInt32(exactly: try reader.int(key)) else {
            throw BellError(.beaconForm, "The number does not fit into 32 bits.", at: "\(path).\(key)")
        }
        return number
    }

    static func value(_ text: String, at path: String, isUpper: Bool = true) throws(BellError) -> Value512 {
        guard let value = Value512(hex: text), text == (isUpper ? value.description : value.bytes.hex) else {
            throw BellError(
                .beaconForm, "Expected 128 \(isUpper ? "upper" : "lower")-case hexadecimal digits.", at: path)
        }
        return value
    }

    static func address(_ text: String, at path: String) throws(BellError) -> String {
        guard text.utf8.count <= mostURIBytes, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            text.hasPrefix("http://") || text.hasPrefix("https://")
        else {
            throw BellError(.beaconForm, "That is no http address of at most \(mostURIBytes) bytes.", at: path)
        }
        return text
    }
}

extension Pulse.External {
    fileprivate init(json: JSON, path: String) throws(BellError) {
        var reader = try JSONReader(json, path: path)
        let source = try Pulse.value(try reader.string("sourceId"), at: "\(path).sourceId")
        guard let status = UInt32(exactly: try reader.int("statusCode")) else {
            throw BellError(.beaconForm, "The number does not fit into 32 bits.", at: "\(path).statusCode")
        }
        let value = try Pulse.value(try reader.string("value"), at: "\(path).value")
        try reader.finish()
        self.init(sourceID: source, statusCode: status, value: value)
    }
}

extension PulseLink {
    fileprivate static func list(json: [JSON], path: String) throws(BellError) -> [PulseLink] {
        guard json.count == Kind.allCases.count else {
            throw BellError(.beaconForm, "Expected \(Kind.allCases.count) links, found \(json.count).", at: path)
        }
        var links: [PulseLink] = []
        for (kind, item) in zip(Kind.allCases, json) {
            let path = "\(path).\(kind.rawValue)"
            var reader = try JSONReader(item, path: path)
            let type = try reader.string("type")
            guard type == kind.rawValue else {
                throw BellError(.beaconForm, "Expected the link \(kind.rawValue), found \(type.prefix(20)).", at: path)
            }
            let uri = try reader.optional("uri").map { (uri) throws(BellError) -> String in
                try Pulse.address(uri.stringValue ?? " ", at: "\(path).uri")
            }
            let value = try Pulse.value(try reader.string("value"), at: "\(path).value")
            try reader.finish()
            links.append(PulseLink(kind: kind, uri: uri, value: value))
        }
        return links
    }
}
