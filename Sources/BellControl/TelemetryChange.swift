public import BellModel

/// One numbered change of the daemon's visible state: `{"seq", "kind", "data", "instance"}`.
public struct TelemetryChange: Equatable, Sendable {
    /// Counts from 1 in each instance of the daemon, without a gap.
    public var sequence: UInt64
    /// `campaign`, `calibration`, `device`, `event`, or one that a later version adds.
    public var kind: String
    public var data: JSON
    /// Names the daemon's process: a different one means that the numbers began anew.
    public var instance: String

    /// The ZeroMQ topic, the first part of every telemetry message.
    public static let topic = "telemetry"

    public init(sequence: UInt64, kind: String, data: JSON, instance: String) {
        self.sequence = sequence
        self.kind = kind
        self.data = data
        self.instance = instance
    }

    public var json: JSON {
        ["seq": JSON(count: sequence), "kind": .string(kind), "data": data, "instance": .string(instance)]
    }

    /// Reads a change; members that this version does not know are ignored.
    public init(json: JSON) throws(BellError) {
        var reader = try JSONReader(json, path: "telemetry")
        sequence = try reader.count("seq")
        kind = try reader.string("kind")
        data = try reader.value("data")
        instance = try reader.string("instance")
    }

    /// The message's parts: topic, then JSON.
    public var parts: [[UInt8]] { [Array(Self.topic.utf8), Array(json.text.utf8)] }
}
