// A bare libusb loop that asks a USBTMC instrument: what SCPI queries are compared with. Prints p50 and p99 in microseconds.
// usage: usb_query VENDOR PRODUCT QUESTION ROUNDS     (numbers as C writes them)
// Each query: DEV_DEP_MSG_OUT, REQUEST_DEV_DEP_MSG_IN, DEV_DEP_MSG_IN (USBTMC 1.0, section 3), blocking calls, no recovery.
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BULK_OUT = 0x01, BULK_IN = 0x82, TIMEOUT = 2000 };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int fail(const char *what, int code) {
    fprintf(stderr, "%s: %s\n", what, libusb_error_name(code));
    return 1;
}

static unsigned char next_tag(void) {
    static unsigned char tag;
    tag = tag == 255 ? 1 : tag + 1;
    return tag;
}

static int put(libusb_device_handle *device, unsigned char kind, unsigned size, const char *text) {
    unsigned char bytes[256] = {kind, next_tag()};
    bytes[2] = (unsigned char)~bytes[1];
    for (int i = 0; i < 4; i++) bytes[4 + i] = (unsigned char)(size >> 8 * i);
    bytes[8] = kind == 1;
    int length = 12, moved;
    if (text) {
        memcpy(bytes + 12, text, size);
        length += (int)(size + 3) / 4 * 4;
    }
    return libusb_bulk_transfer(device, BULK_OUT, bytes, length, &moved, TIMEOUT);
}

// The answer's length, or an error.
static int query(libusb_device_handle *device, const char *line, char *answer, int room) {
    unsigned char bytes[4096];
    int moved, code = put(device, 1, (unsigned)strlen(line), line);
    if (code == 0) code = put(device, 2, sizeof bytes - 512, NULL);
    if (code == 0) code = libusb_bulk_transfer(device, BULK_IN, bytes, sizeof bytes, &moved, TIMEOUT);
    if (code != 0) return code;
    int length = moved >= 12 ? bytes[4] | bytes[5] << 8 : 0;
    if (length == 0 || length > moved - 12 || length >= room) return LIBUSB_ERROR_OTHER;
    memcpy(answer, bytes + 12, (size_t)length);
    answer[length] = 0;
    return length;
}

int main(int count, char **words) {
    if (count != 5) return fail("usage: usb_query VENDOR PRODUCT QUESTION ROUNDS", LIBUSB_ERROR_INVALID_PARAM);
    int rounds = atoi(words[4]);
    libusb_context *context;
    int code = libusb_init(&context);
    if (code < 0) return fail("libusb_init", code);
    libusb_device_handle *device = libusb_open_device_with_vid_pid(
        context, (uint16_t)strtol(words[1], NULL, 0), (uint16_t)strtol(words[2], NULL, 0));
    if (!device) return fail("libusb_open_device_with_vid_pid", LIBUSB_ERROR_NO_DEVICE);
    if ((code = libusb_claim_interface(device, 0)) < 0) return fail("libusb_claim_interface", code);
    char line[64], answer[256] = "";
    snprintf(line, sizeof line, "%s\n", words[3]);
    double *micros = malloc(sizeof(double) * (size_t)rounds);
    for (int i = -200; i < rounds; i++) {
        struct timespec begin, end;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        code = query(device, line, answer, sizeof answer);
        if (code < 0) return fail("a query", code);
        clock_gettime(CLOCK_MONOTONIC, &end);
        if (i >= 0) micros[i] = (end.tv_sec - begin.tv_sec) * 1e6 + (end.tv_nsec - begin.tv_nsec) / 1e3;
    }
    libusb_release_interface(device, 0);
    libusb_close(device);
    libusb_exit(context);
    qsort(micros, (size_t)rounds, sizeof(double), ascending);
    answer[strcspn(answer, "\r\n")] = 0;
    printf("{\"p50_us\": %.2f, \"p99_us\": %.2f, \"answer\": \"%s\"}\n", micros[rounds / 2], micros[rounds * 99 / 100], answer);
    return 0;
}
