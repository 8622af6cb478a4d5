/* The one DLL of Windows 10 that Wine 8 lacks, and that Rust's standard library takes random bits from. For the tests
 * under Wine alone. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T length)
{
    return RtlGenRandom(to, (ULONG)length);
}
