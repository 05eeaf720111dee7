// A bare libzmq echo over ipc: what the control RPC's latency is compared with. Prints p50 and p99 in microseconds.
// usage: zmq_echo ENDPOINT ROUNDS
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

static void *context;
static const char *endpoint;

// ROUTER, as the control server is: identity frame, then the body.
static void *serve(void *unused) {
    (void)unused;
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    if (zmq_bind(socket, endpoint) != 0) exit(1);
    for (;;) {
        zmq_msg_t identity, body;
        zmq_msg_init(&identity);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&identity, socket, 0) < 0 || zmq_msg_recv(&body, socket, 0) < 0) break;
        size_t size = zmq_msg_size(&body);
        zmq_msg_send(&identity, socket, ZMQ_SNDMORE);
        zmq_msg_send(&body, socket, 0);
        if (size <= 1) break;
    }
    zmq_close(socket);
    return NULL;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    endpoint = argv[1];
    int rounds = atoi(argv[2]);
    if (rounds < 1) return 2;
    context = zmq_ctx_new();
    pthread_t thread;
    pthread_create(&thread, NULL, serve, NULL);
    void *socket = zmq_socket(context, ZMQ_DEALER);
    if (zmq_connect(socket, endpoint) != 0) return 1;
    const char *request = "{\"id\":1,\"method\":\"ping\",\"params\":{}}";
    char reply[256];
    double *micros = malloc(sizeof(double) * rounds);
    for (int i = -100; i < rounds; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        zmq_send(socket, request, strlen(request), 0);
        zmq_recv(socket, reply, sizeof reply, 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (i >= 0) micros[i] = (end.tv_sec - begin.tv_sec) * 1e6 + (end.tv_nsec - begin.tv_nsec) / 1e3;
    }
    zmq_send(socket, "", 1, 0);
    pthread_join(thread, NULL);
    zmq_close(socket);
    zmq_ctx_term(context);
    qsort(micros, rounds, sizeof(double), ascending);
    printf("{\"p50_us\": %.2f, \"p99_us\": %.2f}\n", micros[rounds / 2], micros[rounds * 99 / 100]);
    return 0;
}
