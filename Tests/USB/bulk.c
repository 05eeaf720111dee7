// A bare libusb loop on one bulk endpoint: what drivers are compared with.
//   bulk VENDOR PRODUCT ENDPOINT TRANSFER_BYTES DEPTH SECONDS     (numbers as C writes them)
// Keeps DEPTH transfers under way, submitting each again from its callback, and prints one line of JSON.
#include <libusb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long bytes;
static int flying, failure;
static bool is_over;

static double seconds_of(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void LIBUSB_CALL finished(struct libusb_transfer *transfer) {
    bytes += transfer->actual_length;
    if (transfer->status != LIBUSB_TRANSFER_COMPLETED && !is_over) failure = (int)transfer->status;
    if (is_over || failure != 0 || libusb_submit_transfer(transfer) != 0) flying--;
}

static int fail(const char *what, int code) {
    fprintf(stderr, "%s: %s\n", what, libusb_error_name(code));
    return 1;
}

int main(int count, char **words) {
    if (count != 7) return fail("usage: bulk VENDOR PRODUCT ENDPOINT TRANSFER_BYTES DEPTH SECONDS", LIBUSB_ERROR_INVALID_PARAM);
    unsigned char endpoint = (unsigned char)strtol(words[3], NULL, 0);
    int size = atoi(words[4]), depth = atoi(words[5]);
    double wanted = atof(words[6]);
    libusb_context *context;
    int code = libusb_init(&context);
    if (code < 0) return fail("libusb_init", code);
    libusb_device_handle *device = libusb_open_device_with_vid_pid(
        context, (uint16_t)strtol(words[1], NULL, 0), (uint16_t)strtol(words[2], NULL, 0));
    if (!device) return fail("libusb_open_device_with_vid_pid", LIBUSB_ERROR_NO_DEVICE);
    if ((code = libusb_claim_interface(device, 0)) < 0) return fail("libusb_claim_interface", code);

    struct libusb_transfer **all = calloc((size_t)depth, sizeof *all);
    double start = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < depth; i++) {
        all[i] = libusb_alloc_transfer(0);
        libusb_fill_bulk_transfer(all[i], device, endpoint, calloc(1, (size_t)size), size, finished, NULL, 0);
        if ((code = libusb_submit_transfer(all[i])) < 0) return fail("libusb_submit_transfer", code);
        flying++;
    }
    while (failure == 0 && seconds_of(CLOCK_MONOTONIC) - start < wanted) {
        struct timeval slice = {0, 50000};
        libusb_handle_events_timeout(context, &slice);
    }
    double duration = seconds_of(CLOCK_MONOTONIC) - start;
    long long moved = bytes;
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    is_over = true;
    for (int i = 0; i < depth; i++) libusb_cancel_transfer(all[i]);
    while (flying > 0) libusb_handle_events(context);
    for (int i = 0; i < depth; i++) {
        free(all[i]->buffer);
        libusb_free_transfer(all[i]);
    }
    free(all);
    libusb_release_interface(device, 0);
    libusb_close(device);
    libusb_exit(context);
    printf("{\"endpoint\": %d, \"transfer_bytes\": %d, \"depth\": %d, \"bytes\": %lld, \"seconds\": %.6f, "
           "\"bytes_per_second\": %.0f, \"cpu_share\": %.4f}\n",
           endpoint, size, depth, moved, duration, (double)moved / duration, cpu / duration);
    return failure == 0 ? 0 : fail("a transfer", LIBUSB_ERROR_OTHER);
}
