/* Journals what a process does to its files, so that a test can replay it up to any moment and drop
 * what was not synced by then.
 *
 * Load this library with LD_PRELOAD. JOURNAL_FILES is a path; the library journals that file and
 * every file whose path starts with it. JOURNAL is the path of the journal. JOURNAL_SYNC_MICROS is
 * the delay added to each sync of a file, in microseconds.
 *
 * A record has 24 bytes, in the machine's byte order, and the data follows if it is a write:
 *   kind (u32), file (u32), offset (u64), length (u64).
 * `file` is 0 for JOURNAL_FILES itself, otherwise a hash of the rest of the path.
 * Kinds: 1 created, 2 written, 3 resized to `offset`, 4 synced, 5 removed, 6 directory synced.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { CREATED = 1, WRITTEN, CUT, SYNCED, REMOVED, DIRECTORY_SYNCED };
enum { FILES = 4096, NONE = -1, DIRECTORY = -2 };

struct record { uint32_t kind, file; uint64_t offset, length; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static const char *prefix;
static size_t directory_length;
static long sync_micros;
/* For each open descriptor: the number of its file, DIRECTORY or NONE. */
static int64_t known[FILES];

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void start(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    for (int i = 0; i < FILES; i++) known[i] = NONE;
    prefix = getenv("JOURNAL_FILES");
    const char *to = getenv("JOURNAL");
    const char *micros = getenv("JOURNAL_SYNC_MICROS");
    sync_micros = micros ? atol(micros) : 0;
    if (!prefix || !to || !strrchr(prefix, '/')) { prefix = NULL; return; }
    directory_length = strrchr(prefix, '/') - prefix;
    journal = real_open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (journal < 0) abort();
}

static int64_t file_of(const char *path) {
    if (!prefix) return NONE;
    size_t length = strlen(prefix);
    if (strncmp(path, prefix, directory_length) == 0 && path[directory_length] == 0) return DIRECTORY;
    if (strncmp(path, prefix, length) != 0) return NONE;
    uint32_t hash = 0;
    for (const char *rest = path + length; *rest; rest++) hash = hash * 31 + (unsigned char)*rest;
    return hash;
}

static void put(const void *bytes, size_t length) {
    const char *from = bytes;
    while (length > 0) {
        ssize_t done = real_write(journal, from, length);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) abort(); /* An incomplete journal proves nothing. */
        from += done;
        length -= done;
    }
}

static void note(enum kind kind, int64_t file, uint64_t offset, const void *bytes, uint64_t length) {
    struct record record = { kind, (uint32_t)file, offset, length };
    put(&record, sizeof record);
    if (bytes) put(bytes, length);
}

static int64_t is(int fd) { return fd >= 0 && fd < FILES ? known[fd] : NONE; }

static int opened(const char *path, int flags, mode_t mode) {
    int64_t file = file_of(path);
    if (file == NONE) return real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat before;
    int is_new = (flags & O_CREAT) && stat(path, &before) != 0;
    int fd = real_open(path, flags, mode);
    if (fd >= FILES) abort();
    if (fd >= 0) {
        known[fd] = file;
        if (file >= 0 && is_new) note(CREATED, file, 0, NULL, 0);
        if (file >= 0 && (flags & O_TRUNC) && !is_new) note(CUT, file, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list all; va_start(all, flags); mode = va_arg(all, mode_t); va_end(all); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode); }

int close(int fd) {
    if (is(fd) != NONE) known[fd] = NONE;
    return real_close(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (is(fd) < 0) return real_write(fd, bytes, length);
    pthread_mutex_lock(&lock);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = real_write(fd, bytes, length);
    if (done > 0) note(WRITTEN, known[fd], at, bytes, done);
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t written(int fd, const void *bytes, size_t length, off_t at) {
    if (is(fd) < 0) return real_pwrite(fd, bytes, length, at);
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(fd, bytes, length, at);
    if (done > 0) note(WRITTEN, known[fd], at, bytes, done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return written(fd, bytes, length, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) { return written(fd, bytes, length, at); }

static int cut(int fd, off_t length) {
    if (is(fd) < 0) return real_ftruncate(fd, length);
    pthread_mutex_lock(&lock);
    int failed = real_ftruncate(fd, length);
    if (!failed) note(CUT, known[fd], length, NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}

int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

static int synced(int fd, int (*real)(int)) {
    int64_t file = is(fd);
    if (file == NONE) return real(fd);
    if (file >= 0 && sync_micros > 0) usleep(sync_micros);
    pthread_mutex_lock(&lock);
    int failed = real(fd);
    if (!failed) note(file == DIRECTORY ? DIRECTORY_SYNCED : SYNCED, file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int unlink(const char *path) {
    int64_t file = file_of(path);
    if (file < 0) return real_unlink(path);
    pthread_mutex_lock(&lock);
    int failed = real_unlink(path);
    if (!failed) note(REMOVED, file, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}
