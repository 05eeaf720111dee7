public import BellModel
public import BellPlot

extension Figure {
    /// The most points of one series that are kept; every k-th of more.
    private static let mostPoints = 4096
    /// The most series and marks that are read.
    private static let mostParts = 64

    /// The figure as an object, so that a report can be kept and drawn later, elsewhere; numbers that are none are null.
    public var json: JSON {
        [
            "title": .string(title), "x": .string(xLabel), "y": .string(yLabel), "square": .bool(isSquare),
            "series": .array(series.map(\.json)),
            "marks": .array(
                marks.map { mark -> JSON in
                    ["name": .string(mark.name), mark.isVertical ? "at_x" : "at_y": .double(mark.at)]
                }),
        ]
    }

    /// Reads what ``json`` wrote; nil for anything else.
    public init?(json: JSON) {
        guard let title = json["title"]?.stringValue, let x = json["x"]?.stringValue, let y = json["y"]?.stringValue
        else { return nil }
        self.init(
            title: title, xLabel: x, yLabel: y,
            series: (json["series"]?.arrayValue ?? []).prefix(Figure.mostParts).compactMap { Series(json: $0) },
            marks: (json["marks"]?.arrayValue ?? []).prefix(Figure.mostParts).compactMap { mark in
                guard let name = mark["name"]?.stringValue else { return nil }
                if let at = mark["at_x"]?.doubleValue { return Mark(name, x: at) }
                return mark["at_y"]?.doubleValue.map { Mark(name, y: $0) }
            }, isSquare: json["square"]?.boolValue ?? false)
    }

    fileprivate static func thinned(_ values: [Double]) -> JSON {
        let step = max(1, (values.count + mostPoints - 1) / mostPoints)
        return .array(stride(from: 0, to: values.count, by: step).map { .double(values[$0]) })
    }
}

extension Figure.Series {
    private static let styles: [(name: String, style: Style)] = [
        ("points", .points), ("line", .line), ("steps", .steps),
    ]

    fileprivate var json: JSON {
        let written = Self.styles.first { $0.style == style }?.name ?? "points"
        return [
            "name": .string(name), "style": .string(written), "x": Figure.thinned(x), "y": Figure.thinned(y),
            "error": Figure.thinned(error),
        ]
    }

    fileprivate init?(json: JSON) {
        func numbers(_ key: String) -> [Double]? { json[key]?.arrayValue?.map { $0.doubleValue ?? .nan } }
        guard let name = json["name"]?.stringValue, let x = numbers("x"), let y = numbers("y"), x.count == y.count
        else { return nil }
        let error = numbers("error") ?? []
        let style = Self.styles.first { $0.name == json["style"]?.stringValue }?.style ?? .points
        self.init(name, style, x: x, y: y, error: error.count == x.count ? error : [])
    }
}
