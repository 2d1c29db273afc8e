/* Makes one system call or allocation of a program fail, or ends the program there. For LD_PRELOAD.
 *
 * Only calls about files below one folder count, and large allocations after the first of these calls. All processes
 * of the program count together, in a shared file of 8 bytes.
 *
 *   FAIL_FOLDER   folder of the files that count
 *   FAIL_COUNTER  file with the number of calls so far
 *   FAIL_AT       number of the call to fail, from 1; 0 only counts
 *   FAIL_HOW      "kill" (SIGKILL before the call), "short" (write half, then SIGKILL), or the number of an error
 *   FAIL_LOG      file that gets the name of the call that failed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FD 4096
#define LARGE (64 << 10)

static char ours[MAX_FD];
static char folder[PATH_MAX];
static size_t folder_length;
static int64_t *counter;
static int64_t fail_at;
static int how;  /* -1: kill, -2: half a write and kill, else errno */
static int ready, armed;

__attribute__((constructor)) static void set_up(void) {
    const char *place = getenv("FAIL_FOLDER"), *count = getenv("FAIL_COUNTER"), *at = getenv("FAIL_AT");
    const char *way = getenv("FAIL_HOW");
    if (!place || !count || !realpath(place, folder)) return;
    folder_length = strlen(folder);
    int fd = syscall(SYS_openat, AT_FDCWD, count, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) return;
    counter = (int64_t *) syscall(SYS_mmap, NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (counter == MAP_FAILED) return;
    fail_at = at ? atoll(at) : 0;
    how = !way ? EIO : !strcmp(way, "kill") ? -1 : !strcmp(way, "short") ? -2 : atoi(way);
    ready = 1;
}

/* Whether this call is the one that fails. */
static int fails(const char *name, int is_write) {
    if (!ready) return 0;
    armed = 1;
    int64_t n = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
    if (n != fail_at) return 0;
    const char *log = getenv("FAIL_LOG");
    if (log) {
        int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd >= 0) {
            syscall(SYS_write, fd, name, strlen(name));
            syscall(SYS_close, fd);
        }
    }
    if (how == -1 || (how == -2 && !is_write)) kill(getpid(), SIGKILL);
    if (how >= 0) errno = how;
    return 1;
}

static int below(int dir, const char *path) {
    char full[PATH_MAX];
    if (!ready || !path) return 0;
    if (path[0] != '/') {
        if (dir != AT_FDCWD) return dir >= 0 && dir < MAX_FD && ours[dir];
        ssize_t n = syscall(SYS_getcwd, full, sizeof full);
        if (n <= 0) return 0;
        return !strncmp(full, folder, folder_length);
    }
    return !strncmp(path, folder, folder_length);
}

static int mine(int fd) { return ready && fd >= 0 && fd < MAX_FD && ours[fd]; }

static int opened(int dir, const char *path, int flags, mode_t mode) {
    int counts = below(dir, path);
    if (counts && fails("open", 0)) return -1;
    int fd = syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= 0 && fd < MAX_FD) ours[fd] = counts;
    return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); \
    mode = va_arg(list, mode_t); va_end(list); }
int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags | O_LARGEFILE, mode); }

int close(int fd) {
    if (fd >= 0 && fd < MAX_FD) ours[fd] = 0;
    return syscall(SYS_close, fd);
}

/* With "short", writes half and ends the program. */
static int stops_write(int fd, const void *data, size_t size, int64_t at) {
    if (!mine(fd) || !fails("write", 1)) return 0;
    if (how >= 0) return 1;
    if (at < 0) syscall(SYS_write, fd, data, size / 2);
    else syscall(SYS_pwrite64, fd, data, size / 2, at);
    kill(getpid(), SIGKILL);
    return 1;
}

ssize_t write(int fd, const void *data, size_t size) {
    return stops_write(fd, data, size, -1) ? -1 : syscall(SYS_write, fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return stops_write(fd, data, size, at) ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return pwrite(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int n) {
    return n && stops_write(fd, parts[0].iov_base, parts[0].iov_len, -1) ? -1 : syscall(SYS_writev, fd, parts, n);
}
ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t size, unsigned flags) {
    if (mine(out) && fails("copy_file_range", 0)) return -1;
    return syscall(SYS_copy_file_range, in, in_at, out, out_at, size, flags);
}
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
    if (mine(out) && fails("sendfile", 0)) return -1;
    return syscall(SYS_sendfile, out, in, at, size);
}
int fsync(int fd) { return mine(fd) && fails("fsync", 0) ? -1 : syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return mine(fd) && fails("fdatasync", 0) ? -1 : syscall(SYS_fdatasync, fd); }
int ftruncate(int fd, off_t size) { return mine(fd) && fails("ftruncate", 0) ? -1 : syscall(SYS_ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }
int posix_fallocate(int fd, off_t at, off_t size) {
    if (mine(fd) && fails("posix_fallocate", 0)) return errno;
    return syscall(SYS_fallocate, fd, 0, at, size) ? errno : 0;
}
int rename(const char *old, const char *new) {
    if (below(AT_FDCWD, new) && fails("rename", 0)) return -1;
    return syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
}
int renameat(int old_dir, const char *old, int new_dir, const char *new) {
    if (below(new_dir, new) && fails("rename", 0)) return -1;
    return syscall(SYS_renameat2, old_dir, old, new_dir, new, 0);
}
int link(const char *old, const char *new) {
    if (below(AT_FDCWD, new) && fails("link", 0)) return -1;
    return syscall(SYS_linkat, AT_FDCWD, old, AT_FDCWD, new, 0);
}
int linkat(int old_dir, const char *old, int new_dir, const char *new, int flags) {
    if (below(new_dir, new) && fails("link", 0)) return -1;
    return syscall(SYS_linkat, old_dir, old, new_dir, new, flags);
}
int unlink(const char *path) {
    if (below(AT_FDCWD, path) && fails("unlink", 0)) return -1;
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
int unlinkat(int dir, const char *path, int flags) {
    if (below(dir, path) && fails("unlink", 0)) return -1;
    return syscall(SYS_unlinkat, dir, path, flags);
}
int mkdir(const char *path, mode_t mode) {
    if (below(AT_FDCWD, path) && fails("mkdir", 0)) return -1;
    return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
int rmdir(const char *path) {
    if (below(AT_FDCWD, path) && fails("rmdir", 0)) return -1;
    return syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}
int fchmod(int fd, mode_t mode) { return mine(fd) && fails("fchmod", 0) ? -1 : syscall(SYS_fchmod, fd, mode); }

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    if (mine(fd) && fails("mmap", 0)) return MAP_FAILED;
    return (void *) syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off64_t offset) {
    return mmap(at, size, protection, flags, fd, offset);
}

/* The allocator asks for memory before the names below are found, so the C library's own names are used. */
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);

static int no_room(size_t size) { return armed && size >= LARGE && how >= -1 && fails("malloc", 0); }
void *malloc(size_t size) {
    if (no_room(size)) { errno = ENOMEM; return NULL; }
    return __libc_malloc(size);
}
void *calloc(size_t n, size_t size) {
    if (size && n > LARGE / size && no_room(n * size)) { errno = ENOMEM; return NULL; }
    return __libc_calloc(n, size);
}
void *realloc(void *old, size_t size) {
    if (no_room(size)) { errno = ENOMEM; return NULL; }
    return __libc_realloc(old, size);
}
