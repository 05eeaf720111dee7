// The testbed of Tests/USB inside a Linux of its own: plugs devices of USB/IP servers in with vhci-hcd. Answers the same
// lines on its control socket as Tests/USB/testbed.py, so that the same tests run on it:
//
//   plug SERVER BUSID   ->  ok PORT BUS ADDRESS     when kernel and udev have made it usable
//   unplug PORT         ->  ok                      when kernel and udev have forgotten it
//   opens               ->  ok N                    devices plugged in so far; here nothing can answer in the kernel's place
//
//   vhci_testbed SOCKET
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define VHCI "/sys/devices/platform/vhci_hcd.0"
enum { HIGH_SPEED_PORTS = 8, PATIENCE_MS = 30000, FREE = 4 };

// What stands at a port of vhci-hcd; a device that comes again gets the port that it had.
static struct { char server[128], bus_id[32]; } ports[HIGH_SPEED_PORTS];
static int plugged;

static bool read_all(int fd, void *target, size_t count) {
    for (char *at = target; count > 0;) {
        ssize_t got = read(fd, at, count);
        if (got <= 0) return false;
        at += got;
        count -= (size_t)got;
    }
    return true;
}

static int connect_server(const char *text) {
    char address[128];
    snprintf(address, sizeof address, "%s", text);
    char *colon = strrchr(address, ':');
    if (*text == '/') {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        if (strlen(text) >= sizeof name.sun_path) return -1;
        strcpy(name.sun_path, text);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0 ? fd : -1;
    }
    if (!colon) return -1;
    *colon = 0;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1) return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) == 0 ? fd : -1;
}

static bool write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) close(fd);
    return is_written;
}

// The number in a file of the device at a port, which stands below one of the two hubs of vhci-hcd; -1 without it.
static int attribute(int port, const char *name) {
    char pattern[160], text[32] = "";
    snprintf(pattern, sizeof pattern, VHCI "/usb*/*-%d/%s", port + 1, name);
    glob_t found;
    int number = -1;
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc && number < 0; i++) {
            int fd = open(found.gl_pathv[i], O_RDONLY | O_CLOEXEC);
            ssize_t size = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
            if (fd >= 0) close(fd);
            if (size > 1) number = atoi(text);
        }
        globfree(&found);
    }
    return number;
}

// The state of a port in vhci-hcd's table: "hub port sta spd dev sockfd local_busid".
static int state(int wanted) {
    FILE *file = fopen(VHCI "/status", "re");
    if (!file) return -1;
    char line[160];
    int result = -1, port, value;
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "hs %d %d", &port, &value) == 2 && port == wanted) result = value;
    }
    fclose(file);
    return result;
}

// Whether it is so within the time limit.
static bool wait_until(bool (*is_so)(int), int port) {
    for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
        if (is_so(port)) return true;
        nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
    return false;
}

// libusb learns of devices from udev: waits until udev has told all that the kernel told it.
static bool settle(void) { return system("udevadm settle --timeout=20") == 0; }

static bool is_configured(int port) { return attribute(port, "bConfigurationValue") > 0; }
static bool is_gone(int port) { return attribute(port, "busnum") < 0 && state(port) == FREE; }

static const char *plug(const char *server, const char *bus_id, char *answer, size_t size) {
    int port = 0;
    while (port < HIGH_SPEED_PORTS && *ports[port].server
           && (strcmp(ports[port].server, server) != 0 || strcmp(ports[port].bus_id, bus_id) != 0)) port++;
    // All ports known: take one that nothing is plugged into.
    for (int i = 0; port == HIGH_SPEED_PORTS && i < HIGH_SPEED_PORTS; i++) {
        if (state(i) == FREE) port = i;
    }
    if (port == HIGH_SPEED_PORTS) return "all ports are taken";
    if (!wait_until(is_gone, port)) return "there is a device at the port already";
    snprintf(ports[port].server, sizeof ports[port].server, "%s", server);
    snprintf(ports[port].bus_id, sizeof ports[port].bus_id, "%.31s", bus_id);

    int connection = connect_server(server);
    if (connection < 0) return "the server cannot be reached";
    struct { uint16_t version, code; uint32_t status; char bus_id[32]; } request = {htons(0x0111), htons(0x8003), 0, ""};
    snprintf(request.bus_id, sizeof request.bus_id, "%.31s", bus_id);
    struct { uint16_t version, code; uint32_t status; } reply;
    uint8_t description[312];
    if (write(connection, &request, sizeof request) != sizeof request || !read_all(connection, &reply, sizeof reply)
        || reply.status != 0 || !read_all(connection, description, sizeof description)) {
        close(connection);
        return "the server refused the import";
    }
    uint32_t numbers[3];
    memcpy(numbers, description + 288, sizeof numbers);
    char order[64];
    snprintf(order, sizeof order, "%d %d %u %u", port, connection, ntohl(numbers[0]) << 16 | ntohl(numbers[1]),
             ntohl(numbers[2]));
    bool is_attached = write_file(VHCI "/attach", order);
    close(connection);
    if (!is_attached) return "vhci-hcd refused the connection";
    if (!wait_until(is_configured, port)) return "the kernel did not configure the device";
    if (!settle()) return "udev does not come to rest";
    int bus = attribute(port, "busnum");
    snprintf(answer, size, "%d-%d %d %d", bus, port + 1, bus, attribute(port, "devnum"));
    plugged++;
    return NULL;
}

static const char *unplug(const char *name) {
    const char *dash = strchr(name, '-');
    int port = dash ? atoi(dash + 1) - 1 : -1;
    if (port < 0 || port >= HIGH_SPEED_PORTS) return "there is no such port";
    char text[16];
    snprintf(text, sizeof text, "%d", port);
    // Refused when the server has ended the connection already.
    if (state(port) != FREE) (void)write_file(VHCI "/detach", text);
    if (!wait_until(is_gone, port)) return "the kernel keeps the device";
    return settle() ? NULL : "udev does not come to rest";
}

static void serve(int connection) {
    char line[256] = "", words[3][128] = {"", "", ""}, answer[128] = "";
    size_t used = 0;
    while (used < sizeof line - 1 && read(connection, line + used, 1) == 1 && line[used] != '\n') used++;
    line[used] = 0;
    int count = sscanf(line, "%127s %127s %127s", words[0], words[1], words[2]);
    const char *problem = "not understood";
    if (count == 3 && strcmp(words[0], "plug") == 0) problem = plug(words[1], words[2], answer, sizeof answer);
    if (count == 2 && strcmp(words[0], "unplug") == 0) problem = unplug(words[1]);
    if (count == 1 && strcmp(words[0], "opens") == 0) {
        snprintf(answer, sizeof answer, "%d", plugged);
        problem = NULL;
    }
    if (problem) dprintf(connection, "error %s: %s (%s)\n", line, problem, strerror(errno));
    else dprintf(connection, *answer ? "ok %s\n" : "ok\n", answer);
}

int main(int count, char **words) {
    if (count != 2) return 2;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", words[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&name, sizeof name) != 0 || listen(listener, 64) != 0) {
        perror("vhci_testbed");
        return 1;
    }
    while (true) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) continue;
        serve(connection);
        close(connection);
    }
}
