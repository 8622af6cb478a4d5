/* Loads the DLL by its name, as a plug-in's host does, and lets go of it: before it has made a connection, and after.
 * Prints its version, the results, and whether it is still there. */
#include <stdio.h>
#include <windows.h>

#define DLL "autopilot_sync.dll"

typedef int (*sync_function)(const char *token);

static void call(const char *token)
{
    HMODULE library = LoadLibraryA(DLL);
    sync_function sync = (sync_function)(void (*)(void))GetProcAddress(library, "autopilot_sync");
    printf("%d ", sync(token));
    FreeLibrary(library);
    printf("%s\n", GetModuleHandleA(DLL) ? "loaded" : "gone");
}

/* What the Explorer shows as the product's version. */
static void version(void)
{
    static BYTE block[4096];
    char *text = "none";
    UINT length = 0;
    if (GetFileVersionInfoA(DLL, 0, sizeof block, block))
        VerQueryValueA(block, "\\StringFileInfo\\040904b0\\ProductVersion", (void **)&text, &length);
    puts(text);
}

int main(void)
{
    HMODULE library = LoadLibraryA(DLL);
    version();
    FreeLibrary(library);
    call("not a token");
    call("token");
    return 0;
}
