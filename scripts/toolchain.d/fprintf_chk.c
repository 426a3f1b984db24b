// A function of glibc that Debian's libunwind.a calls, for programs on musl.
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *file, int flag, const char *format, ...) {
    va_list values;
    va_start(values, format);
    int count = vfprintf(file, format, values);
    va_end(values);
    return count;
}
