public import BellModel
public import VirtualUSB

extension MockInstrument {
    /// The simulated device, with its cable in.
    ///
    /// - Throws: `mocklab.instrument` for a model that is not simulated.
    public func device(faults: [USBFault] = []) throws(BellError) -> VirtualUSBDevice {
        if model == "microwave-source" {
            return VirtualUSBDevice(USBTMCSource(source: SimulatedSource(serial: serial)), faults: faults)
        }
        guard let box = SimulatedMiniCircuits(.init(model: model, serial: serial, usbSerial: serial)) else {
            throw BellError(
                .mockInstrument, "The model \"\(model.prefix(60))\" is not simulated.", at: "instruments.\(name).model",
                fix: "write microwave-source, or a Mini-Circuits model such as USB-4SPDT-A18, RC-2SP6T-A12, "
                    + "USB-SP4T-63 or RUDAT-6000-60")
        }
        return VirtualUSBDevice(box, faults: faults)
    }
}

extension BellError.Code {
    /// A profile names an instrument that is not simulated.
    public static let mockInstrument = BellError.Code("mocklab.instrument", exit: .usage)
}
