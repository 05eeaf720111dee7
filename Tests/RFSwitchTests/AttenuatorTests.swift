import BellModel
import DriverKit
import RFSwitch
import Testing
import VirtualUSB
import TestSupport

@Suite struct AttenuatorTests {
    @Test("every step of the grid is set and read back", arguments: attenuatorModels)
    func grid(_ model: String) async throws {
        let box = try Box(model)
        let driver = Attenuator.bench(box)
        #expect(try await driver.connect().isSimulated)
        let maximum = box.hardware.quarters
        #expect(await driver.settings().map(\.kind) == [.number(0...Double(maximum) / 4)])
        for quarters in 0...maximum {
            let value = InstrumentValue.number(Double(quarters) / 4)
            #expect(try await driver.set("attenuation_db", to: value) == value)
            #expect(box.hardware.quarters == quarters)
        }
        try await driver.makeSafe()
        #expect(box.hardware.quarters == maximum)
        #expect(try await driver.problems().isEmpty)
    }

    @Test(
        "a value between two steps is refused with both in the fix",
        arguments: [
            (3.1, "the nearest values are 3.0 and 3.25"), (29.9, "the nearest values are 29.75 and 30.0"),
            (0.0001, "the nearest values are 0.0 and 0.25"),
        ])
    func offGrid(_ value: Double, _ fix: String) async throws {
        let box = try Box("RUDAT-6000-30")
        let driver = Attenuator.bench(box)
        _ = try await driver.connect()
        let before = box.commands
        let error = try await failure { try await driver.set("attenuation_db", to: .number(value)) }
        #expect(error.code == .instrumentRange)
        #expect(error.fix == fix)
        #expect(box.commands == before)
    }

    @Test("values outside of the range are refused", arguments: [-0.25, 30.25, .infinity, .nan, -.infinity, 1e300])
    func outOfRange(_ value: Double) async throws {
        let box = try Box("RUDAT-6000-30")
        let driver = Attenuator.bench(box)
        _ = try await driver.connect()
        let before = box.commands
        let error = try await failure { try await driver.set("attenuation_db", to: .number(value)) }
        #expect(error.code == .instrumentRange)
        #expect(box.commands == before)
        #expect(try await failure { try await driver.read("attenuation") }.code == .instrumentUnknownSetting)
    }

    @Test("an attenuator that does not follow is noticed", arguments: attenuatorModels)
    func stuck(_ model: String) async throws {
        let box = try Box(model, faults: [.init(.stuckRelay)])
        let driver = Attenuator.bench(box)
        _ = try await driver.connect()
        let error = try await failure { try await driver.set("attenuation_db", to: .number(1.5)) }
        #expect(error.code == .instrumentReadBack)
        #expect(error.what.hasPrefix("1.5 dB was set, and the attenuator reports "))
    }

    @Test("random calls agree with a reference, also when old replies come first", arguments: attenuatorModels)
    func property(_ model: String) async throws {
        var random = SplitMix(seed: 20_261_121)
        for round in 0..<2 {
            let faults =
                round == 0
                ? []
                : (0..<40).map { _ in Int.random(in: 20...200, using: &random) }
                    .map { MiniCircuitsFault(.staleFirst, at: $0...$0) }
            let box = try Box(model, faults: faults)
            let driver = Attenuator.bench(box)
            _ = try await driver.connect()
            let maximum = box.hardware.quarters
            var reference = maximum
            for _ in 0..<100 {
                if Bool.random(using: &random) {
                    reference = Int.random(in: 0...maximum, using: &random)
                    let value = InstrumentValue.number(Double(reference) / 4)
                    #expect(try await driver.set("attenuation_db", to: value) == value)
                } else {
                    #expect(try await driver.read("attenuation_db") == .number(Double(reference) / 4))
                }
                #expect(box.hardware.quarters == reference)
            }
        }
    }
}
