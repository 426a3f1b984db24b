/* A program that is not Rust: it loads a shared library with dormouse in it,
 * built from scripts/faults-host.rs, and prints what happens. Its standard
 * streams are closed, and SIGPIPE ends it.
 *
 *     FAULTS_FILE=FILE.so host case host LIBRARY
 *     FAULTS_FILE=FILE.so host case constructor LIBRARY
 *
 * With `constructor`, the library is used while dlopen loads it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef int function(const char *library);

static int out;

static void end(const char *outcome) {
    dprintf(out, "outcome: %s\n", outcome);
    exit(0);
}

static void hangs(int signal) {
    (void)signal;
    static const char outcome[] = "outcome: hangs\n";
    _exit(write(out, outcome, sizeof outcome - 1) < 0);
}

static void *load(const char *file) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        end(dlerror());
    return library;
}

/* Calls a function of the shared library, which returns 0 if all is well. */
static void call(void *library, const char *name, const char *argument, const char *when) {
    static const char *const found[] = {"", "fires early", "no error for a closed socket", "panics"};
    function *call = (function *)dlsym(library, name);
    int result = call ? call(argument) : 3;
    if (result) {
        dprintf(out, "outcome: %s%s\n", found[result], when);
        exit(0);
    }
}

int main(int argc, char **argv) {
    const char *file = getenv("FAULTS_FILE");
    if (argc < 4 || !file)
        return 2;
    const char *name = argv[3];
    out = fcntl(1, F_DUPFD_CLOEXEC, 100);
    for (int stream = 0; stream < 3; stream++)
        close(stream);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGALRM, hangs);
    alarm(6);

    if (!strcmp(argv[2], "constructor"))
        setenv("FAULTS_CONSTRUCTOR", name, 1);
    void *library = load(file);
    unsetenv("FAULTS_CONSTRUCTOR");
    call(library, "faults_sleep", name, "");
    if (!strcmp(argv[2], "constructor"))
        end("fires");
    for (int stream = 0; stream < 3; stream++)
        if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF)
            end("an fd takes the place of a standard stream");
    call(library, "faults_write", name, "");

    pid_t child = fork();
    if (child == 0) {
        alarm(6);
        call(library, "faults_sleep", name, " (child)");
        _exit(7);
    }
    call(library, "faults_sleep", name, " (parent)");
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
        return 0;

    dlclose(library);
    library = load(file);
    call(library, "faults_sleep", name, " (loaded again)");
    end("fires");
}
