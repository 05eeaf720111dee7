#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A new non-blocking, close-on-exec eventfd(2), or -1 with errno.
int bell_eventfd(void);

/// A close-on-exec pipe(2): the reading end, then the writing one; 0, or -1 with errno.
int bell_pipe(int ends[2]);

/// Names the calling thread in debuggers and `top -H`; at most 15 bytes are kept.
void bell_name_thread(const char *name);

/// Blocks all signals in the calling thread, so that handlers run on another one.
void bell_block_signals(void);

/// Lets the C library keep up to `trim` freed bytes at each arena's end, and use the arenas for blocks below `map` bytes,
/// instead of giving memory back and faulting it in again page by page; mallopt(3).
void bell_keep_freed_memory(int trim, int map);

/// SQLITE_TRANSIENT, a cast that Swift cannot import: SQLite copies the bound value at once.
typedef void (*bell_destructor)(void *);
bell_destructor bell_sqlite_transient(void);

/// What bell_spawn starts.
struct bell_spawn_request {
    /// Path of the executable; PATH is not searched.
    const char *path;
    /// NULL-terminated.
    char *const *arguments;
    /// NULL-terminated.
    char *const *environment;
    /// Becomes standard input; -1 for /dev/null.
    int standard_input;
    /// Becomes standard output and standard error; -1 to inherit both.
    int output;
    /// Non-zero: the child leads a process group of its own.
    int new_process_group;
    /// Sent to the child when the thread that started it ends (PR_SET_PDEATHSIG); 0 for none.
    int death_signal;
};

/// Starts a program. Returns its process id, or -1 with the errno of the step that failed in the parent or the child.
pid_t bell_spawn(const struct bell_spawn_request *request);

/// Starts a process that ends the process group `group` when this process ends in any way, also by SIGKILL: SIGTERM, and
/// SIGKILL to what is left after `grace_ms`.
///
/// Returns its process id, or -1 with errno. `*line` then is the file descriptor by which it knows that this process
/// lives: one byte written there ends the watcher alone. Dismiss it, and wait for it, before the group's leader is reaped:
/// afterwards the number may be another group's.
pid_t bell_watch_group(pid_t group, int grace_ms, int *line);

/// From now on writes the number of each SIGINT and SIGTERM as one byte to the file descriptor; 0, or -1 with errno.
int bell_watch_signals(int fd);

/// Lets SIGINT and SIGTERM act as they did when the program started.
void bell_unwatch_signals(void);

/// Ignores SIGPIPE, so that writing to a closed pipe is an error instead of the end.
void bell_ignore_sigpipe(void);

/// Columns of the terminal, or 0 when the descriptor is no terminal.
int bell_terminal_columns(int fd);
