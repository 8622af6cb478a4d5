/* The only DLL of Windows 10 that Wine 8 lacks. Rust's standard library gets random bits from it. Only for the tests
 * under Wine. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T length)
{
    return RtlGenRandom(to, (ULONG)length);
}
