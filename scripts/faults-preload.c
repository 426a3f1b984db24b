/* Preloaded by scripts/faults: faults that safe Rust cannot cause.
 *
 *   FAULTS_FORK=1      getppid() forks, and returns the result of fork().
 *   FAULTS_FORBID=call,call  getppid() makes these system calls fail from then on,
 *   FAULTS_ERRNO=n     with this error (EPERM if it is not set),
 *   FAULTS_SCOPE=all   in all threads, or, without it, in the calling thread
 *                      and those that it starts. `eventfd` in the list stands
 *                      for read and write on the eventfds that exist.
 *   FAULTS_IDLE=1      getppid() gives the calling thread the class SCHED_IDLE.
 *   FAULTS_STORM=us    Every thread gets a signal with this period.
 *   FAULTS_HANDLER=ms  The signal handler takes this long.
 *   FAULTS_CLOCK=n     Every n-th clock reading by libc is a second behind,
 *   FAULTS_FIRST=k     beginning with the k-th.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long handler_ms, clock_n, clock_first;
static int forks;
/* Shared with all children. */
static atomic_long *forked;

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
    forked = mmap(NULL, sizeof *forked, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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

static const struct {
    const char *name;
    int number;
} calls[] = {
#define CALL(name) {#name, SYS_##name}
    CALL(clone),          CALL(clone3),           CALL(epoll_create1),
    CALL(epoll_ctl),      CALL(epoll_pwait),      CALL(epoll_pwait2),
    CALL(eventfd2),       CALL(fcntl),            CALL(ppoll),
    CALL(rt_sigprocmask), CALL(sched_getaffinity), CALL(sched_setaffinity),
    CALL(timerfd_create), CALL(timerfd_settime),
#ifdef SYS_poll
    CALL(epoll_wait),     CALL(poll),
#endif
};

enum { MAX_RULES = 256 };
static struct sock_filter rules[MAX_RULES];
static unsigned short length;

static void add(unsigned short code, unsigned jump_true, unsigned jump_false, unsigned k) {
    if (length < MAX_RULES)
        rules[length++] = (struct sock_filter){code, (unsigned char)jump_true, (unsigned char)jump_false, k};
}

static void refuse(unsigned error) { add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error); }

/* Refuses read and write on each eventfd that is open. */
static void refuse_eventfds(unsigned error) {
    for (unsigned fd = 0; fd < 64; fd++) {
        char path[32], target[32] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%u", fd);
        if (readlink(path, target, sizeof target - 1) < 0 || strcmp(target, "anon_inode:[eventfd]"))
            continue;
        add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
        add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_read);
        add(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, SYS_write);
        add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[0]));
        add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, fd);
        refuse(error);
    }
}

static void forbid(const char *names) {
    unsigned error = getenv("FAULTS_ERRNO") ? (unsigned)number("FAULTS_ERRNO") : EPERM;
    char list[256], *rest = list;
    snprintf(list, sizeof list, "%s", names);
    length = 0;
    for (char *name; (name = strsep(&rest, ","));) {
        if (!strcmp(name, "eventfd"))
            refuse_eventfds(error);
        for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
            if (!strcmp(name, calls[i].name)) {
                add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
                add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (unsigned)calls[i].number);
                refuse(error);
            }
    }
    add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {length, rules};
    unsigned flags = getenv("FAULTS_SCOPE") ? SECCOMP_FILTER_FLAG_TSYNC : 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program))
        abort();
}

/* A mistake must not fork without end. */
static pid_t fork_at_most(long limit) {
    return atomic_fetch_add(forked, 1) < limit ? fork() : (_exit(99), -1);
}

/* std::os::unix::process::parent_id() calls it: a hook for safe code. */
pid_t getppid(void) {
    const char *forbidden = getenv("FAULTS_FORBID");
    if (forks)
        return fork_at_most(5000);
    if (forbidden)
        forbid(forbidden);
    if (getenv("FAULTS_IDLE"))
        sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
    return (pid_t)syscall(SYS_getppid);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static atomic_long readings = 1;
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock_n && atomic_fetch_add(&readings, 1) % clock_n == clock_first % clock_n)
        time->tv_sec -= 1;
    return result;
}
