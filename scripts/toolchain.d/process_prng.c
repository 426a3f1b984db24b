// The function of bcryptprimitives.dll that Rust's std imports. wine 8 has no such library.
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL ProcessPrng(PUCHAR bytes, SIZE_T count) {
    return RtlGenRandom(bytes, count);
}
