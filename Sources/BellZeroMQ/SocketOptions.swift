import CZeroMQ

/// The pattern that a socket takes part in.
public enum SocketKind: Sendable {
    case dealer, router, publish, subscribe, push, pull, request, reply

    var canReceive: Bool { self != .publish && self != .push }

    var raw: Int32 {
        switch self {
        case .dealer: ZMQ_DEALER
        case .router: ZMQ_ROUTER
        case .publish: ZMQ_PUB
        case .subscribe: ZMQ_SUB
        case .push: ZMQ_PUSH
        case .pull: ZMQ_PULL
        case .request: ZMQ_REQ
        case .reply: ZMQ_REP
        }
    }
}

/// What can be set on a socket before it is bound or connected.
public struct SocketOptions: Sendable {
    /// Messages that libzmq keeps for each peer, in each direction.
    public var highWaterMark: Int32
    /// How long unsent messages outlive the socket; nil for 0 with a ``Socket`` and 500 ms with a ``Channel``.
    public var lingerMilliseconds: Int32?
    /// Larger parts end the peer's connection (`ZMQ_MAXMSGSIZE`).
    public var maxMessageBytes: Int64
    /// For `subscribe`: beginnings of the first part; the default takes every message.
    public var subscriptions: [String]
    /// How a ROUTER names this socket; 1 to 255 bytes, the first not 0.
    public var identity: [UInt8]?
    /// Whether messages wait for a connection to be made instead of for a peer that may never come.
    public var immediate: Bool
    /// Whether a ROUTER reports messages to unknown or full peers instead of dropping them.
    public var routerMandatory: Bool
    /// Whether a ROUTER gives a known identity to a newcomer that claims it.
    public var routerHandover: Bool
    /// How often a silent peer is asked whether it lives; its connection ends after three times that.
    public var heartbeatMilliseconds: Int32?
    /// How many messages a channel keeps while its socket has no room.
    public var queuedMessages: Int
    /// How many bytes of messages a channel keeps while its socket has no room.
    public var queuedBytes: Int

    public init(
        highWaterMark: Int32 = 1000, lingerMilliseconds: Int32? = nil, maxMessageBytes: Int64 = 16 << 20,
        subscriptions: [String] = [""], identity: [UInt8]? = nil, immediate: Bool = false,
        routerMandatory: Bool = false, routerHandover: Bool = false, heartbeatMilliseconds: Int32? = nil,
        queuedMessages: Int = 4096, queuedBytes: Int = 64 << 20
    ) {
        self.highWaterMark = highWaterMark
        self.lingerMilliseconds = lingerMilliseconds
        self.maxMessageBytes = maxMessageBytes
        self.subscriptions = subscriptions
        self.identity = identity
        self.immediate = immediate
        self.routerMandatory = routerMandatory
        self.routerHandover = routerHandover
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.queuedMessages = queuedMessages
        self.queuedBytes = queuedBytes
    }
}
