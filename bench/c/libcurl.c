/* The same request with libcurl. Each thread has its own handle, as libcurl requires. The headers are made once, which
 * favours libcurl. */
#include <curl/curl.h>

#include "bench.h"

static struct curl_slist *headers;
static char url[256];

static size_t drop(char *data, size_t size, size_t count, void *user_data)
{
    (void)data;
    (void)user_data;
    return size * count;
}

static void *new_client(const char *root)
{
    static char authorization[65536];
    curl_global_init(CURL_GLOBAL_DEFAULT);
    snprintf(url, sizeof url, "%s/beta/deviceManagement/windowsAutopilotSettings/sync", root);
    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", setting("BENCH_TOKEN"));
    headers = curl_slist_append(headers, authorization);
    headers = curl_slist_append(headers, "Accept: application/json");
    headers = curl_slist_append(headers, "client-request-id: 01234567-89ab-4def-8123-456789abcdef");
    headers = curl_slist_append(headers, "Content-Type:"); /* none, because there is no body */
    return NULL;
}

static void *new_caller(void *client)
{
    CURL *easy = curl_easy_init();
    (void)client;
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_CAINFO, setting("SSL_CERT_FILE"));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    return easy;
}

static void call(void *caller)
{
    long status = 0;
    CURLcode result = curl_easy_perform(caller);
    if (result != CURLE_OK)
        fail(curl_easy_strerror(result));
    curl_easy_getinfo(caller, CURLINFO_RESPONSE_CODE, &status);
    if (status != 204)
        fail("not 204");
}
