/* Preloaded by scripts/faults: faults that safe Rust cannot cause.
 *
 *   FAULTS_FORK=1      getpid() forks, and returns the result of fork().
 *   FAULTS_STORM=us    Every thread gets a signal with this period.
 *   FAULTS_HANDLER=ms  The signal handler takes this long.
 *   FAULTS_CLOCK=n     Every n-th clock reading by libc is a second behind,
 *   FAULTS_FIRST=k     beginning with the k-th.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long handler_ms, clock_n, clock_first;
static int forks;

static void handler(int signal) {
    (void)signal;
    struct timespec time = {handler_ms / 1000, handler_ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* The thread that sends signals to all others. */
static void *storm(void *us) {
    pid_t process = (pid_t)syscall(SYS_getpid), here = (pid_t)syscall(SYS_gettid);
    for (;;) {
        struct timespec time = {(long)us / 1000000, (long)us % 1000000 * 1000};
        nanosleep(&time, NULL);
        DIR *threads = opendir("/proc/self/task");
        for (struct dirent *thread; threads && (thread = readdir(threads));) {
            pid_t id = atoi(thread->d_name);
            if (id && id != here)
                syscall(SYS_tgkill, process, id, SIGUSR1);
        }
        if (threads)
            closedir(threads);
    }
    return NULL;
}

static long number(const char *name) {
    const char *value = getenv(name);
    return value ? atol(value) : 0;
}

__attribute__((constructor)) static void start(void) {
    forks = number("FAULTS_FORK") != 0;
    clock_n = number("FAULTS_CLOCK");
    clock_first = number("FAULTS_FIRST");
    long us = number("FAULTS_STORM");
    if (us) {
        handler_ms = number("FAULTS_HANDLER");
        struct sigaction action = {.sa_handler = handler};
        sigaction(SIGUSR1, &action, NULL);
        pthread_t thread;
        pthread_create(&thread, NULL, storm, (void *)us);
    }
}

pid_t getpid(void) { return forks ? fork() : (pid_t)syscall(SYS_getpid); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    static atomic_long readings = 1;
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock_n && atomic_fetch_add(&readings, 1) % clock_n == clock_first % clock_n)
        time->tv_sec -= 1;
    return result;
}
