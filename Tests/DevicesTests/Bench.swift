import BellHost
import BellModel
import BellSequence
import BellYAML
import BellZeroMQ
import Devices
import DriverKit
import Foundation
import MockLab
import Recording
import Testing
import VirtualUSB

/// A folder, the virtual laboratory with instruments, and a ``DeviceAccess`` to them.
final class Bench {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    let folder: String
    let access: DeviceAccess
    let source = VirtualUSBDevice(USBTMCSource(source: SimulatedSource(serial: "LO-1")))
    let box: VirtualUSBDevice
    private let reactor: Reactor

    init() throws {
        folder = "\(NSTemporaryDirectory())belld-devices-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        box = try Bench.box("7", usbSerial: "7")
        reactor = try Reactor(context: try ZeroMQContext(), name: "devices")
        let path = "\(Bench.root)/Calibration/mocklab/profile.yaml"
        var profile = try MockProfile(yaml: try YAMLNode.parse(try readText(path), source: path))
        profile.gauges = [GaugeTruth(name: "fridge", model: .fridge)]
        let lab = VirtualLab(profile: profile, seed: 3)
        access = DeviceAccess(
            reactor: reactor, runDirectory: "\(folder)/run",
            mock: InProcessLaboratory(laboratory: lab, instruments: [("lo", source), ("box", box)]),
            switchCounts: "\(folder)/switches")
    }

    deinit {
        access.close()
        reactor.shutdown()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func box(_ serial: String, usbSerial: String?) throws -> VirtualUSBDevice {
        VirtualUSBDevice(
            try #require(SimulatedMiniCircuits(.init(model: "RC-2SP6T-A12", serial: serial, usbSerial: usbSerial))))
    }

    func file(_ name: String) -> String { "\(folder)/\(name)" }

    /// An instrument as lab.yaml would name it.
    func instrument(
        _ driver: Laboratory.Driver, _ address: String, tap: RecorderTap? = nil
    ) throws -> any Instrument {
        try access.instrument(name: "x", driver: driver, address: try DeviceAddress(address), tap: tap)
    }

    func opener(_ address: String, tap: RecorderTap? = nil) throws -> TransportOpener {
        try access.opener(of: try DeviceAddress(address), tap: tap)
    }

    /// Records what `body` does at a tap of this kind, and returns the file's address.
    func recorded(
        _ kind: TraceHeader.Kind, at address: String, _ body: (RecorderTap) async throws -> Void
    ) async throws -> String {
        let tap = RecorderTap(device: "x", address: address, kind: kind)
        let path = file("\(UInt64.random(in: .min ... .max)).belltrace")
        try tap.start(file: path)
        try await body(tap)
        let end = try #require(await tap.stop())
        #expect(end.error == nil)
        #expect(end.records > 2)
        return "replay://\(path)"
    }
}

/// The error that something throws.
func failure<T>(_ body: () async throws -> T) async throws -> BellError {
    do { _ = try await body() } catch { return try #require(error as? BellError) }
    Issue.record("nothing was thrown")
    return BellError(.deviceAddress, "nothing was thrown")
}

extension Capabilities {
    /// Those of a board that says it is real.
    static func real(_ node: Node = .alice) throws -> Capabilities {
        Capabilities(
            node: node, model: "scripted", serial: "R1", firmware: "1", simulated: false,
            tickRate: try #require(TickRate(numerator: 8_000_000_000)), ticksPerSample: 4, channels: 4,
            waveformMemory: 65_536, maxEvents: 256, spoolTrials: 65_536, hasRNG: true, hasSigningKey: true, bootID: 77)
    }
}
