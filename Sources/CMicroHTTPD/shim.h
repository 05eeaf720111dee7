#pragma once
#include <microhttpd.h>

/// MHD_start_daemon takes its options as a variable argument list, which Swift cannot call.
/// One thread of its own serves `listener`, a socket that listens, which it closes when it is stopped.
static inline struct MHD_Daemon *bell_http_start(
    int listener, MHD_AccessHandlerCallback handler, void *context, size_t connection_bytes, unsigned int connections,
    unsigned int idle_seconds) {
    return MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handler, context,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket) listener,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes,
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
}
