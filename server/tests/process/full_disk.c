/* Makes writes fail as on a full disk, so that a test needs no disk of its own.
 *
 * Load this library with LD_PRELOAD. FULL_DISK is the path of a file. While that file exists, it
 * holds an errno and a path, and every write to a file whose path starts with that path fails with
 * that errno. If the errno is EROFS, opening such a file for writing fails, too.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LONGEST = 4096 };

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))
#define REAL_OPEN REAL(int, "open64", const char *, int, ...)

/* Returns the errno with which writes to this path fail, or 0. */
static int failure(const char *path) {
    const char *file = getenv("FULL_DISK");
    int before = errno, full = file ? REAL_OPEN(file, O_RDONLY | O_CLOEXEC) : -1;
    errno = before;
    if (full < 0) return 0;
    char told[LONGEST] = {0}, *prefix = told;
    ssize_t length = read(full, told, LONGEST - 1);
    close(full);
    long number = strtol(told, &prefix, 10);
    errno = before;
    if (length <= 0 || *prefix != ' ' || strncmp(path, prefix + 1, strlen(prefix + 1)) != 0) return 0;
    return (int)number;
}

/* Returns whether this write must fail, and sets errno if so. */
static int fails(int fd) {
    char link[64], path[LONGEST] = {0};
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int number = readlink(link, path, LONGEST - 1) > 0 ? failure(path) : 0;
    errno = number ? number : before;
    return number != 0;
}

static int opened(const char *path, int flags, mode_t mode) {
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) && failure(path) == EROFS) {
        errno = EROFS;
        return -1;
    }
    return REAL_OPEN(path, flags, mode);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list all; va_start(all, flags); mode = va_arg(all, mode_t); va_end(all); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode); }

ssize_t write(int fd, const void *bytes, size_t length) {
    return fails(fd) ? -1 : REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return fails(fd) ? -1 : REAL(ssize_t, "writev", int, const struct iovec *, int)(fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return fails(fd) ? -1 : REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t)(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    return fails(fd) ? -1 : REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, bytes, length, at);
}
