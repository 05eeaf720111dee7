// Emulates usbfs for an unmodified libusb: loaded with LD_PRELOAD, it answers what libusb asks of
// /dev/bus/usb/BBB/DDD by talking to a USB/IP server. sysfs, udev and hotplug come from umockdev; see testbed.py.
//
// libusb polls its usbfs descriptor for POLLOUT ("a transfer can be reaped") and POLLERR ("the device has gone"). The
// write end of a pipe that holds one page has the same rules: full = neither, drained = POLLOUT, reading end
// closed = POLLERR. So the descriptor that `open` gives is such a write end; an idle program sleeps as it does on usbfs.
//
// Emulated: control, bulk and interrupt transfers, cancelling, halts, reset, claims within this process, the limit of
// memory for transfers under way, the cable. Not emulated: a kernel driver that has the interface, claims between
// processes (the server refuses the second process), isochronous transfers, bandwidth.
//
// BELL_USB_TESTBED names the testbed's control socket: it is asked at each open which server has the device, counts the
// opens, and pulls the cable by closing that connection. BELL_USB_MEMORY_MB is usbfs_memory_mb (16 as in Linux).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

// ---------------------------------------------------------------- USB/IP 1.1.1

enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

struct usbip_header {
    uint32_t command, sequence, device, direction, endpoint;
    union {
        struct { uint32_t flags, length, start, packets, interval; uint8_t setup[8]; } submit;
        struct { uint32_t status, actual, start, packets, errors; uint8_t padding[8]; } submitted;
        struct { uint32_t sequence; uint8_t padding[24]; } unlink;
        struct { uint32_t status; uint8_t padding[24]; } unlinked;
    };
};
_Static_assert(sizeof(struct usbip_header) == 48, "USB/IP headers have 48 bytes");

// ---------------------------------------------------------------- state

// A transfer under way. The testbed's own ones (a cleared halt, a reset) have no `user` and are waited for.
struct urb {
    struct usbdevfs_urb *user;
    struct handle *handle;
    uint32_t sequence;
    uint32_t unlink;       // sequence of the UNLINK that wants it back, or 0
    bool is_in, is_done;
    uint8_t *data;         // where an IN transfer's bytes go
    int room;
    int status, actual;
    struct urb *next;
};

struct queue { struct urb *first, **last; };

// One plugging-in of one device, shared by all opens of this process.
struct device {
    int bus, address;
    int server, cable;
    unsigned opens;
    bool is_gone;
    uint32_t sequence;
    uint32_t claims;             // bit for each interface
    struct queue flying;         // in the order of their submission
    pthread_mutex_t lock, sending;
    pthread_cond_t changed;
    pthread_t reader, cable_watch;
    struct device *next;
};

// One open file.
struct handle {
    int fd, drain;               // both ends of the pipe
    bool is_reapable;            // the pipe is empty
    uint32_t claims;
    struct queue done;
    struct device *device;
    struct handle *next;
};

// Guards the two lists. Never held while a server is waited for: it may be in this process, and closes files itself.
static pthread_mutex_t global = PTHREAD_MUTEX_INITIALIZER;
// Held while a device is opened, so that two opens share one connection.
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static struct device *devices;
static struct handle *handles;
static long memory_used;

static void append(struct queue *queue, struct urb *urb) {
    if (!queue->first) queue->last = &queue->first;
    urb->next = NULL;
    *queue->last = urb;
    queue->last = &urb->next;
}

static void take(struct queue *queue, struct urb *urb) {
    for (struct urb **at = &queue->first; *at; at = &(*at)->next) {
        if (*at != urb) continue;
        *at = urb->next;
        if (!*at) queue->last = at;
        return;
    }
}

// ---------------------------------------------------------------- the functions below this library

static void *below(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

static int real_close(int fd) {
    static int (*function)(int);
    if (!function) function = (int (*)(int))below("close");
    return function(fd);
}

// ---------------------------------------------------------------- sockets

static bool read_all(int fd, void *target, size_t count) {
    for (char *at = target; count > 0;) {
        ssize_t got = recv(fd, at, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        at += got;
        count -= (size_t)got;
    }
    return true;
}

static bool write_all(struct device *device, const void *header, size_t header_size, const void *data, size_t size) {
    struct iovec parts[2] = {{(void *)header, header_size}, {(void *)data, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = size ? 2 : 1};
    bool is_sent = true;
    pthread_mutex_lock(&device->sending);
    while (message.msg_iovlen > 0) {
        ssize_t sent = sendmsg(device->server, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) { is_sent = false; break; }
        while (message.msg_iovlen > 0 && (size_t)sent >= message.msg_iov->iov_len) {
            sent -= (ssize_t)message.msg_iov->iov_len;
            message.msg_iov++;
            message.msg_iovlen--;
        }
        if (message.msg_iovlen > 0) {
            message.msg_iov->iov_base = (char *)message.msg_iov->iov_base + sent;
            message.msg_iov->iov_len -= (size_t)sent;
        }
    }
    pthread_mutex_unlock(&device->sending);
    return is_sent;
}

static int connect_unix(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) return -1;
    strcpy(name.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof name) != 0) { real_close(fd); fd = -1; }
    return fd;
}

// A Unix socket's path, or 127.0.0.1:3240.
static int connect_server(const char *text) {
    if (*text == '/') return connect_unix(text);
    char address[64];
    if (strlen(text) >= sizeof address) return -1;
    strcpy(address, text);
    char *colon = strrchr(address, ':');
    if (!colon) return -1;
    *colon = 0;
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1) return -1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0) { real_close(fd); fd = -1; }
    return fd;
}

// ---------------------------------------------------------------- the pipe that libusb polls

// Nothing to reap: fill the pipe. Called with the device's lock.
static void show_idle(struct handle *handle) {
    static const char page[4096];
    if (handle->is_reapable && write(handle->fd, page, sizeof page) == sizeof page) handle->is_reapable = false;
}

// Something to reap: drain it.
static void show_reapable(struct handle *handle) {
    char page[4096];
    if (!handle->is_reapable && handle->drain >= 0 && read(handle->drain, page, sizeof page) > 0) {
        handle->is_reapable = true;
    }
}

// ---------------------------------------------------------------- transfers

// Called with the device's lock; the transfer is in no queue.
static void complete(struct device *device, struct urb *urb, int status, int actual) {
    urb->status = status;
    urb->actual = actual;
    urb->is_done = true;
    if (urb->user) {
        urb->user->status = status;
        urb->user->actual_length = actual;
        append(&urb->handle->done, urb);
        show_reapable(urb->handle);
    }
    pthread_cond_broadcast(&device->changed);
}

static void receive_submitted(struct device *device, const struct usbip_header *header, bool *is_sound) {
    int status = (int)ntohl(header->submitted.status), actual = (int)ntohl(header->submitted.actual);
    pthread_mutex_lock(&device->lock);
    struct urb *urb = device->flying.first;
    while (urb && urb->sequence != ntohl(header->sequence)) urb = urb->next;
    pthread_mutex_unlock(&device->lock);
    // Nobody else takes it out of the queue, so its buffer stays valid while the lock is free.
    *is_sound = urb && actual >= 0 && (!urb->is_in || actual <= urb->room)
        && (!urb->is_in || actual == 0 || read_all(device->server, urb->data, (size_t)actual));
    if (!*is_sound) return;
    pthread_mutex_lock(&device->lock);
    take(&device->flying, urb);
    complete(device, urb, status, actual);
    pthread_mutex_unlock(&device->lock);
}

static void receive_unlinked(struct device *device, const struct usbip_header *header) {
    pthread_mutex_lock(&device->lock);
    struct urb *urb = device->flying.first;
    while (urb && urb->unlink != ntohl(header->sequence)) urb = urb->next;
    if (urb) {
        take(&device->flying, urb);
        complete(device, urb, -ENOENT, 0);
    }
    pthread_mutex_unlock(&device->lock);
}

// Reads the server's answers until it closes the connection: then the device has gone.
static void *run_reader(void *argument) {
    struct device *device = argument;
    struct usbip_header header;
    bool is_sound = true;
    while (is_sound && read_all(device->server, &header, sizeof header)) {
        switch (ntohl(header.command)) {
        case RET_SUBMIT: receive_submitted(device, &header, &is_sound); break;
        case RET_UNLINK: receive_unlinked(device, &header); break;
        default: is_sound = false;
        }
    }
    shutdown(device->server, SHUT_RDWR);
    pthread_mutex_lock(&global);
    pthread_mutex_lock(&device->lock);
    device->is_gone = true;
    while (device->flying.first) {
        struct urb *urb = device->flying.first;
        take(&device->flying, urb);
        complete(device, urb, -ESHUTDOWN, 0);
    }
    for (struct handle *handle = handles; handle; handle = handle->next) {
        if (handle->device != device) continue;
        real_close(handle->drain);
        handle->drain = -1;
    }
    pthread_cond_broadcast(&device->changed);
    pthread_mutex_unlock(&device->lock);
    pthread_mutex_unlock(&global);
    return NULL;
}

// The testbed closes the connection over which the device was asked for when it pulls the cable.
static void *run_cable(void *argument) {
    struct device *device = argument;
    char byte;
    while (read_all(device->cable, &byte, 1)) {}
    shutdown(device->server, SHUT_RDWR);
    return NULL;
}

// Sends a transfer; 0, or an errno. `urb` belongs to the device from now on.
static int submit(struct device *device, struct urb *urb, uint8_t endpoint, const uint8_t setup[8], const void *data,
                  int length, unsigned flags) {
    struct usbip_header header = {.command = htonl(CMD_SUBMIT), .device = htonl((uint32_t)(device->bus << 16 | device->address))};
    header.direction = htonl(urb->is_in);
    header.endpoint = htonl(endpoint & 0x0F);
    header.submit.flags = htonl(flags);
    header.submit.length = htonl((uint32_t)length);
    if (setup) memcpy(header.submit.setup, setup, 8);
    pthread_mutex_lock(&device->lock);
    if (device->is_gone) {
        pthread_mutex_unlock(&device->lock);
        return ENODEV;
    }
    urb->sequence = ++device->sequence;
    header.sequence = htonl(urb->sequence);
    append(&device->flying, urb);
    pthread_mutex_unlock(&device->lock);
    // A connection that has broken ends the transfer in the reader.
    write_all(device, &header, sizeof header, data, urb->is_in ? 0 : (size_t)length);
    return 0;
}

// A control transfer that is waited for; the bytes of the data stage, or a negative errno.
static int control(struct device *device, uint8_t type, uint8_t request, uint16_t value, uint16_t index, void *data,
                   uint16_t length) {
    uint8_t setup[8] = {type, request, (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)index, (uint8_t)(index >> 8),
                        (uint8_t)length, (uint8_t)(length >> 8)};
    struct urb urb = {.is_in = type >> 7, .data = data, .room = length};
    int result = submit(device, &urb, 0, setup, data, length, 0);
    if (result != 0) return -result;
    pthread_mutex_lock(&device->lock);
    while (!urb.is_done) pthread_cond_wait(&device->changed, &device->lock);
    pthread_mutex_unlock(&device->lock);
    if (urb.status == -ESHUTDOWN) return -ENODEV;
    return urb.status < 0 ? urb.status : urb.actual;
}

// ---------------------------------------------------------------- open and close

// Asks the testbed for the device's server; the connection, or -1. `answer` holds "<server> <bus id>".
static int ask_testbed(int bus, int address, char *answer, size_t size) {
    const char *path = getenv("BELL_USB_TESTBED");
    int fd = path ? connect_unix(path) : -1;
    if (fd < 0) return -1;
    char question[64];
    int length = snprintf(question, sizeof question, "open %d %d\n", bus, address);
    if (send(fd, question, (size_t)length, MSG_NOSIGNAL) == length) {
        size_t used = 0;
        while (used < size - 1 && read_all(fd, answer + used, 1)) {
            if (answer[used] == '\n') {
                answer[used] = 0;
                if (strncmp(answer, "ok ", 3) == 0) {
                    memmove(answer, answer + 3, used - 2);
                    return fd;
                }
                break;
            }
            used++;
        }
    }
    real_close(fd);
    return -1;
}

static bool import_device(int server, const char *bus_id) {
    struct { uint16_t version, code; uint32_t status; char bus_id[32]; } request = {htons(0x0111), htons(0x8003), 0, ""};
    snprintf(request.bus_id, sizeof request.bus_id, "%s", bus_id);
    struct { uint16_t version, code; uint32_t status; } reply;
    uint8_t description[312];
    if (send(server, &request, sizeof request, MSG_NOSIGNAL) != sizeof request) return false;
    if (!read_all(server, &reply, sizeof reply)) return false;
    if (reply.status != 0) { errno = EBUSY; return false; }
    return read_all(server, description, sizeof description);
}

// Plugs a device into this process; NULL with errno.
static struct device *attach(int bus, int address) {
    char answer[256];
    int cable = ask_testbed(bus, address, answer, sizeof answer);
    if (cable < 0) { errno = ENODEV; return NULL; }
    char *space = strchr(answer, ' ');
    if (space) *space = 0;
    int server = space ? connect_server(answer) : -1;
    errno = ENODEV;
    if (server < 0 || !import_device(server, space + 1)) {
        int reason = errno;
        if (server >= 0) real_close(server);
        real_close(cable);
        errno = reason;
        return NULL;
    }
    int room = 4 << 20;
    setsockopt(server, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    setsockopt(server, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    struct device *device = calloc(1, sizeof *device);
    if (!device) abort();
    device->bus = bus;
    device->address = address;
    device->server = server;
    device->cable = cable;
    device->opens = 1;
    pthread_mutex_init(&device->lock, NULL);
    pthread_mutex_init(&device->sending, NULL);
    pthread_cond_init(&device->changed, NULL);
    if (pthread_create(&device->reader, NULL, run_reader, device) != 0) abort();
    if (pthread_create(&device->cable_watch, NULL, run_cable, device) != 0) abort();
    pthread_mutex_lock(&global);
    device->next = devices;
    devices = device;
    pthread_mutex_unlock(&global);
    return device;
}

// The device if this process has it already, with one more open.
static struct device *attached(int bus, int address) {
    pthread_mutex_lock(&global);
    struct device *device = devices;
    while (device && (device->bus != bus || device->address != address || device->is_gone)) device = device->next;
    if (device) device->opens++;
    pthread_mutex_unlock(&global);
    return device;
}

static int open_device(int bus, int address) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    pthread_mutex_lock(&opening);
    struct device *device = attached(bus, address);
    if (!device) device = attach(bus, address);
    int reason = errno;
    pthread_mutex_unlock(&opening);
    if (!device) {
        real_close(ends[0]);
        real_close(ends[1]);
        errno = reason;
        return -1;
    }
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle) abort();
    handle->drain = ends[0];
    handle->fd = ends[1];
    handle->is_reapable = true;
    handle->device = device;
    pthread_mutex_lock(&global);
    pthread_mutex_lock(&device->lock);
    handle->next = handles;
    handles = handle;
    if (device->is_gone) {
        real_close(handle->drain);
        handle->drain = -1;
    } else {
        show_idle(handle);
    }
    pthread_mutex_unlock(&device->lock);
    pthread_mutex_unlock(&global);
    return handle->fd;
}

static struct handle *find(int fd) {
    pthread_mutex_lock(&global);
    struct handle *handle = handles;
    while (handle && handle->fd != fd) handle = handle->next;
    pthread_mutex_unlock(&global);
    return handle;
}

static void forget_urbs(struct queue *queue) {
    while (queue->first) {
        struct urb *urb = queue->first;
        take(queue, urb);
        free(urb);
    }
}

// Takes a transfer back and waits for its end. Called with the device's lock.
static void unlink_urb(struct device *device, struct urb *urb) {
    struct usbip_header header = {.command = htonl(CMD_UNLINK)};
    urb->unlink = ++device->sequence;
    header.sequence = htonl(urb->unlink);
    header.unlink.sequence = htonl(urb->sequence);
    pthread_mutex_unlock(&device->lock);
    write_all(device, &header, sizeof header, NULL, 0);
    pthread_mutex_lock(&device->lock);
}

static void close_device(struct handle *handle) {
    struct device *device = handle->device;
    pthread_mutex_lock(&device->lock);
    while (true) {
        struct urb *urb = device->flying.first;
        while (urb && urb->handle != handle) urb = urb->next;
        if (!urb) break;
        if (!urb->unlink) unlink_urb(device, urb);
        else pthread_cond_wait(&device->changed, &device->lock);
    }
    device->claims &= ~handle->claims;
    pthread_mutex_unlock(&device->lock);

    pthread_mutex_lock(&global);
    for (struct handle **at = &handles; *at; at = &(*at)->next) {
        if (*at == handle) { *at = handle->next; break; }
    }
    bool is_last = --device->opens == 0;
    if (is_last) {
        for (struct device **at = &devices; *at; at = &(*at)->next) {
            if (*at == device) { *at = device->next; break; }
        }
    }
    pthread_mutex_unlock(&global);
    if (handle->drain >= 0) real_close(handle->drain);
    real_close(handle->fd);
    forget_urbs(&handle->done);
    free(handle);
    if (!is_last) return;
    // Half a close, and then until the server has closed too: it can then be imported again at once.
    shutdown(device->server, SHUT_WR);
    pthread_join(device->reader, NULL);
    shutdown(device->cable, SHUT_RDWR);
    pthread_join(device->cable_watch, NULL);
    real_close(device->server);
    real_close(device->cable);
    free(device);
}

// ---------------------------------------------------------------- ioctl

static long memory_limit(void) {
    static long limit;
    if (limit == 0) {
        const char *text = getenv("BELL_USB_MEMORY_MB");
        long megabytes = text ? atol(text) : 16;
        limit = megabytes > 0 ? megabytes << 20 : __LONG_MAX__;
    }
    return limit;
}

static int ioctl_submit(struct handle *handle, struct usbdevfs_urb *user) {
    bool is_control = user->type == USBDEVFS_URB_TYPE_CONTROL;
    if (user->type == USBDEVFS_URB_TYPE_ISO) return EINVAL;
    if (user->buffer_length < (is_control ? 8 : 0)) return EINVAL;
    long size = user->buffer_length + (long)sizeof(struct urb);
    if (__atomic_add_fetch(&memory_used, size, __ATOMIC_RELAXED) > memory_limit()) {
        __atomic_sub_fetch(&memory_used, size, __ATOMIC_RELAXED);
        return ENOMEM;
    }
    struct urb *urb = calloc(1, sizeof *urb);
    if (!urb) abort();
    urb->user = user;
    urb->handle = handle;
    uint8_t *data = user->buffer, *setup = NULL;
    int length = user->buffer_length;
    if (is_control) {
        setup = data;
        length = setup[6] | setup[7] << 8;
        data += 8;
        urb->is_in = setup[0] >> 7 && length > 0;
    } else {
        urb->is_in = user->endpoint >> 7;
    }
    urb->data = data;
    urb->room = length;
    unsigned flags = user->flags & USBDEVFS_URB_SHORT_NOT_OK ? 1 : 0;
    if (user->flags & USBDEVFS_URB_ZERO_PACKET) flags |= 0x40;
    int reason = is_control && length > user->buffer_length - 8
        ? EINVAL : submit(handle->device, urb, is_control ? 0 : user->endpoint, setup, data, length, flags);
    if (reason != 0) {
        __atomic_sub_fetch(&memory_used, size, __ATOMIC_RELAXED);
        free(urb);
    }
    return reason;
}

static int ioctl_reap(struct handle *handle, void **result, bool waits) {
    struct device *device = handle->device;
    pthread_mutex_lock(&device->lock);
    while (waits && !handle->done.first && !device->is_gone) pthread_cond_wait(&device->changed, &device->lock);
    struct urb *urb = handle->done.first;
    if (urb) take(&handle->done, urb);
    bool is_gone = device->is_gone;
    if (!handle->done.first && !is_gone) show_idle(handle);
    pthread_mutex_unlock(&device->lock);
    if (!urb) return is_gone ? ENODEV : EAGAIN;
    *result = urb->user;
    __atomic_sub_fetch(&memory_used, urb->user->buffer_length + (long)sizeof *urb, __ATOMIC_RELAXED);
    free(urb);
    return 0;
}

static int ioctl_discard(struct handle *handle, struct usbdevfs_urb *user) {
    struct device *device = handle->device;
    pthread_mutex_lock(&device->lock);
    struct urb *urb = device->flying.first;
    while (urb && urb->user != user) urb = urb->next;
    bool is_found = urb && !urb->unlink;
    if (is_found) unlink_urb(device, urb);
    pthread_mutex_unlock(&device->lock);
    return is_found ? 0 : EINVAL;
}

static int ioctl_claim(struct handle *handle, unsigned interface) {
    if (interface > 31) return EINVAL;
    struct device *device = handle->device;
    uint32_t bit = 1u << interface;
    pthread_mutex_lock(&device->lock);
    int reason = device->is_gone ? ENODEV : handle->claims & bit ? 0 : device->claims & bit ? EBUSY : 0;
    if (reason == 0) {
        handle->claims |= bit;
        device->claims |= bit;
    }
    pthread_mutex_unlock(&device->lock);
    return reason;
}

static int ioctl_release(struct handle *handle, unsigned interface) {
    if (interface > 31) return EINVAL;
    struct device *device = handle->device;
    uint32_t bit = 1u << interface;
    pthread_mutex_lock(&device->lock);
    int reason = device->is_gone ? ENODEV : handle->claims & bit ? 0 : EINVAL;
    if (reason == 0) {
        handle->claims &= ~bit;
        device->claims &= ~bit;
    }
    pthread_mutex_unlock(&device->lock);
    return reason;
}

// 0, or an errno.
static int answered(int result) { return result < 0 ? -result : 0; }

static int device_ioctl(struct handle *handle, unsigned long request, void *argument) {
    struct device *device = handle->device;
    int reason;
    switch (request) {
    case USBDEVFS_GET_CAPABILITIES:
        *(uint32_t *)argument = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM
            | USBDEVFS_CAP_REAP_AFTER_DISCONNECT | USBDEVFS_CAP_BULK_SCATTER_GATHER;
        reason = 0;
        break;
    case USBDEVFS_SUBMITURB: reason = ioctl_submit(handle, argument); break;
    case USBDEVFS_REAPURB: reason = ioctl_reap(handle, argument, true); break;
    case USBDEVFS_REAPURBNDELAY: reason = ioctl_reap(handle, argument, false); break;
    case USBDEVFS_DISCARDURB: reason = ioctl_discard(handle, argument); break;
    case USBDEVFS_CLAIMINTERFACE: reason = ioctl_claim(handle, *(unsigned *)argument); break;
    case USBDEVFS_DISCONNECT_CLAIM:
        reason = ioctl_claim(handle, ((struct usbdevfs_disconnect_claim *)argument)->interface);
        break;
    case USBDEVFS_RELEASEINTERFACE: reason = ioctl_release(handle, *(unsigned *)argument); break;
    case USBDEVFS_CLEAR_HALT:
        reason = answered(control(device, 0x02, 1, 0, (uint16_t)*(unsigned *)argument, NULL, 0));
        break;
    case USBDEVFS_SETINTERFACE: {
        struct usbdevfs_setinterface *set = argument;
        reason = answered(control(device, 0x01, 11, (uint16_t)set->altsetting, (uint16_t)set->interface, NULL, 0));
        break;
    }
    case USBDEVFS_SETCONFIGURATION:
        reason = device->claims ? EBUSY : answered(control(device, 0x00, 9, (uint16_t)*(unsigned *)argument, 0, NULL, 0));
        break;
    case USBDEVFS_RESET:
        // USB/IP has no message for it: Linux's usbip-host understands the reset of a hub's port.
        reason = answered(control(device, 0x23, 3, 4, 1, NULL, 0));
        break;
    case USBDEVFS_CONTROL: {
        struct usbdevfs_ctrltransfer *transfer = argument;
        int result = control(device, transfer->bRequestType, transfer->bRequest, transfer->wValue, transfer->wIndex,
                             transfer->data, transfer->wLength);
        if (result >= 0) return result;
        reason = -result;
        break;
    }
    // No kernel driver has any interface.
    case USBDEVFS_GETDRIVER:
    case USBDEVFS_IOCTL: reason = ENODATA; break;
    default: reason = ENOTTY;
    }
    if (reason == 0) return 0;
    errno = reason;
    return -1;
}

// ---------------------------------------------------------------- what is put in front of the C library

int ioctl(int fd, unsigned long request, ...) {
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    struct handle *handle = _IOC_TYPE(request) == 'U' ? find(fd) : NULL;
    if (handle) return device_ioctl(handle, request, argument);
    static int (*function)(int, unsigned long, ...);
    if (!function) function = (int (*)(int, unsigned long, ...))below("ioctl");
    return function(fd, request, argument);
}

int close(int fd) {
    struct handle *handle = fd > 2 ? find(fd) : NULL;
    if (!handle) return real_close(fd);
    close_device(handle);
    return 0;
}

static bool is_device(const char *path, int *bus, int *address) {
    char end;
    return path && sscanf(path, "/dev/bus/usb/%3d/%3d%c", bus, address, &end) == 2;
}

static bool needs_mode(int flags) { return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE; }

// Each of the C library's spellings of open; Debian's libusb, which is built with _FORTIFY_SOURCE, uses __open_2.
#define OPEN(name)                                                                                                     \
    int name(const char *path, int flags, ...) {                                                                       \
        int bus, address;                                                                                              \
        if (is_device(path, &bus, &address)) return open_device(bus, address);                                         \
        mode_t mode = 0;                                                                                               \
        if (needs_mode(flags)) {                                                                                       \
            va_list list;                                                                                              \
            va_start(list, flags);                                                                                     \
            mode = va_arg(list, mode_t);                                                                               \
            va_end(list);                                                                                              \
        }                                                                                                              \
        static int (*function)(const char *, int, ...);                                                                \
        if (!function) function = (int (*)(const char *, int, ...))below(#name);                                       \
        return function(path, flags, mode);                                                                            \
    }
#define OPEN_AT(name)                                                                                                  \
    int name(int folder, const char *path, int flags, ...) {                                                           \
        int bus, address;                                                                                              \
        if (is_device(path, &bus, &address)) return open_device(bus, address);                                         \
        mode_t mode = 0;                                                                                               \
        if (needs_mode(flags)) {                                                                                       \
            va_list list;                                                                                              \
            va_start(list, flags);                                                                                     \
            mode = va_arg(list, mode_t);                                                                               \
            va_end(list);                                                                                              \
        }                                                                                                              \
        static int (*function)(int, const char *, int, ...);                                                           \
        if (!function) function = (int (*)(int, const char *, int, ...))below(#name);                                  \
        return function(folder, path, flags, mode);                                                                    \
    }
#define OPEN_2(name)                                                                                                   \
    int name(const char *path, int flags) {                                                                            \
        int bus, address;                                                                                              \
        if (is_device(path, &bus, &address)) return open_device(bus, address);                                         \
        static int (*function)(const char *, int);                                                                     \
        if (!function) function = (int (*)(const char *, int))below(#name);                                            \
        return function(path, flags);                                                                                  \
    }
#define OPEN_AT_2(name)                                                                                                \
    int name(int folder, const char *path, int flags) {                                                                \
        int bus, address;                                                                                              \
        if (is_device(path, &bus, &address)) return open_device(bus, address);                                         \
        static int (*function)(int, const char *, int);                                                                \
        if (!function) function = (int (*)(int, const char *, int))below(#name);                                       \
        return function(folder, path, flags);                                                                          \
    }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
OPEN_2(__open_2)
OPEN_2(__open64_2)
OPEN_AT_2(__openat_2)
OPEN_AT_2(__openat64_2)
