/* What an administrator does to a machine: machine root FILE trusts the authority of a PEM file; machine proxy SERVERS
 * BYPASS gives it a proxy, "" for none; machine user PAC SERVERS BYPASS gives its user a PAC file and a proxy. */
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <wincrypt.h>
#include <winhttp.h>

static int trust(const char *file)
{
    static char pem[64 * 1024];
    static BYTE der[64 * 1024];
    FILE *opened = fopen(file, "rb");
    if (opened == NULL)
        return 0;
    DWORD length = (DWORD)fread(pem, 1, sizeof pem, opened), size = sizeof der;
    fclose(opened);
    HCERTSTORE store = CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_CURRENT_USER, L"ROOT");
    return CryptStringToBinaryA(pem, length, CRYPT_STRING_BASE64HEADER, der, &size, NULL, NULL) &&
           CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, der, size, CERT_STORE_ADD_ALWAYS, NULL) &&
           CertCloseStore(store, 0);
}

static int lead(const char *servers, const char *bypass)
{
    static WCHAR wide_servers[1024], wide_bypass[1024];
    WINHTTP_PROXY_INFO info = {WINHTTP_ACCESS_TYPE_NAMED_PROXY, wide_servers, bypass[0] ? wide_bypass : NULL};
    if (servers[0] == '\0') {
        info.dwAccessType = WINHTTP_ACCESS_TYPE_NO_PROXY;
        info.lpszProxy = NULL;
    }
    MultiByteToWideChar(CP_UTF8, 0, servers, -1, wide_servers, 1024);
    MultiByteToWideChar(CP_UTF8, 0, bypass, -1, wide_bypass, 1024);
    return WinHttpSetDefaultProxyConfiguration(&info);
}

/* Appends a text and its length. */
static BYTE *put(BYTE *to, const char *text)
{
    DWORD length = (DWORD)strlen(text);
    memcpy(to, &length, sizeof length);
    memcpy(to + sizeof length, text, length);
    return to + sizeof length + length;
}

/* What the user's Settings write: a version, a count of changes, flags, and three texts. */
static int lead_user(const char *pac, const char *servers, const char *bypass)
{
    static BYTE settings[4096];
    DWORD start[] = {0x46, 1, 1u | (servers[0] ? 2u : 0u) | (pac[0] ? 4u : 0u)};
    memcpy(settings, start, sizeof start);
    BYTE *end = put(put(put(settings + sizeof start, servers), bypass), pac);
    return RegSetKeyValueA(HKEY_CURRENT_USER,
                           "Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections",
                           "DefaultConnectionSettings", REG_BINARY, settings, (DWORD)(end - settings)) == 0;
}

int main(int argc, char **argv)
{
    int done = 0;
    if (argc == 3 && strcmp(argv[1], "root") == 0)
        done = trust(argv[2]);
    else if (argc == 4 && strcmp(argv[1], "proxy") == 0)
        done = lead(argv[2], argv[3]);
    else if (argc == 5 && strcmp(argv[1], "user") == 0)
        done = lead_user(argv[2], argv[3], argv[4]);
    if (!done)
        fprintf(stderr, "error %lu\n", GetLastError());
    return !done;
}
