/// A plot as data: what is drawn, not how; rendered as text for a terminal and as SVG for a page.
public struct Figure: Equatable, Sendable {
    /// One set of points or one line.
    public struct Series: Equatable, Sendable {
        public enum Style: Equatable, Sendable { case points, line, steps }

        public var name: String
        public var style: Style
        public var x: [Double]
        /// As many as `x`.
        public var y: [Double]
        /// Half lengths of the error bars; empty for none, else as many as `x`.
        public var error: [Double]

        public init(_ name: String, _ style: Style = .points, x: [Double], y: [Double], error: [Double] = []) {
            self.name = name
            self.style = style
            self.x = x
            self.y = y
            self.error = error
        }
    }

    /// A line across the plot, at a value that matters.
    public struct Mark: Equatable, Sendable {
        public var name: String
        /// At this x, or else at this y.
        public var isVertical: Bool
        public var at: Double

        public init(_ name: String, x: Double) { (self.name, isVertical, at) = (name, true, x) }
        public init(_ name: String, y: Double) { (self.name, isVertical, at) = (name, false, y) }
    }

    public var title: String
    /// With the unit: `amplitude (fraction of full scale)`.
    public var xLabel: String
    public var yLabel: String
    public var series: [Series]
    public var marks: [Mark]
    /// One unit of x is as long as one of y: for IQ planes.
    public var isSquare: Bool

    public init(
        title: String, xLabel: String, yLabel: String, series: [Series] = [], marks: [Mark] = [], isSquare: Bool = false
    ) {
        self.title = title
        self.xLabel = xLabel
        self.yLabel = yLabel
        self.series = series
        self.marks = marks
        self.isSquare = isSquare
    }
}
