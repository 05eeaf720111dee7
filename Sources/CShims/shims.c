#define _GNU_SOURCE
#include "bell_shims.h"
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int bell_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int bell_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void bell_name_thread(const char *name) {
    char kept[16];
    strncpy(kept, name, sizeof kept - 1);
    kept[sizeof kept - 1] = 0;
    pthread_setname_np(pthread_self(), kept);
}

void bell_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void bell_keep_freed_memory(int trim, int map) {
    mallopt(M_TRIM_THRESHOLD, trim);
    mallopt(M_MMAP_THRESHOLD, map);
}

bell_destructor bell_sqlite_transient(void) { return (bell_destructor)-1; }

int bell_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// MARK: signals

static atomic_int signal_fd = -1;

static void note_signal(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    // A full pipe already says enough.
    (void)!write(atomic_load(&signal_fd), &byte, 1);
    errno = saved;
}

static int handle_signals(void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) != 0) return -1;
    return sigaction(SIGTERM, &action, NULL);
}

int bell_watch_signals(int fd) {
    atomic_store(&signal_fd, fd);
    return handle_signals(note_signal);
}

void bell_unwatch_signals(void) {
    (void)handle_signals(SIG_DFL);
    atomic_store(&signal_fd, -1);
}

void bell_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

// MARK: processes

// Runs in the child between fork and exec: async-signal-safe calls only.
static void become(const struct bell_spawn_request *r, pid_t parent) {
    if (r->new_process_group && setpgid(0, 0) != 0) return;
    if (r->death_signal != 0) {
        if (prctl(PR_SET_PDEATHSIG, r->death_signal) != 0) return;
        // The parent may have ended before the call above; then nobody would send the signal.
        if (getppid() != parent) _exit(127);
    }
    int input = r->standard_input >= 0 ? r->standard_input : open("/dev/null", O_RDONLY);
    if (input < 0 || dup2(input, STDIN_FILENO) < 0) return;
    if (r->output >= 0 && (dup2(r->output, STDOUT_FILENO) < 0 || dup2(r->output, STDERR_FILENO) < 0)) return;
    // Ignored signals and the mask outlive exec: start the program as a shell would.
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    // A program file that was just written may still be open for writing in the child of another thread's fork, for as
    // long as that child needs to its own exec: ETXTBSY passes by itself.
    for (int attempt = 0; attempt < 200; attempt++) {
        execve(r->path, r->arguments, r->environment);
        if (errno != ETXTBSY) break;
        struct timespec pause = {0, 5000000};
        nanosleep(&pause, NULL);
    }
}

pid_t bell_spawn(const struct bell_spawn_request *request) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        become(request, parent);
        int reason = errno;
        (void)!write(report[1], &reason, sizeof reason);
        _exit(127);
    }
    int reason = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        // exec closes the pipe: end of file says that the program runs.
        ssize_t got;
        do got = read(report[0], &reason, sizeof reason);
        while (got < 0 && errno == EINTR);
        if (got != sizeof reason) reason = 0;
        if (reason != 0) {
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
            child = -1;
        }
    }
    close(report[0]);
    errno = reason;
    return reason == 0 ? child : -1;
}

// MARK: what outlives its starter

static void pause_ms(int ms) {
    struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

// Runs in a fork of a program with threads, without exec: async-signal-safe calls only.
static void watch_group(pid_t group, int grace_ms, int line) {
    // Ctrl-C and a hang-up are for the program that is watched for.
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_NAME, "bell-watch");
    // Nothing of the other program's is kept open: no lock, no terminal, no other watcher's line.
    if (dup2(line, 0) < 0) _exit(1);
    if (close_range(1, ~0U, 0) != 0) {
        long most = sysconf(_SC_OPEN_MAX);
        for (int fd = 1; fd < (most > 0 ? most : 1024); fd++) close(fd);
    }
    unsigned char byte;
    ssize_t got;
    do got = read(0, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got != 0) _exit(0);
    if (kill(-group, SIGTERM) != 0) _exit(0);
    for (int waited = 0; waited < grace_ms; waited += 50) {
        pause_ms(50);
        if (kill(-group, 0) != 0) _exit(0);
    }
    kill(-group, SIGKILL);
    _exit(0);
}

pid_t bell_watch_group(pid_t group, int grace_ms, int *line) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -1;
    pid_t child = fork();
    if (child == 0) watch_group(group, grace_ms, ends[0]);
    int reason = errno;
    close(ends[0]);
    if (child < 0) {
        close(ends[1]);
        errno = reason;
        return -1;
    }
    *line = ends[1];
    return child;
}
