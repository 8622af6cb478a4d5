//! Calls of Windows: to read the proxies of the machine and of the user, and to keep this library in the process.

#![allow(unsafe_code)] // functions of Windows that have no safe wrapper

use std::io;
use std::ptr;
use std::slice;
use std::sync::{Mutex, PoisonError};

use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_ACCESS_TYPE_NO_PROXY, WINHTTP_AUTOPROXY_CONFIG_URL,
    WINHTTP_AUTOPROXY_OPTIONS, WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO, WinHttpCloseHandle,
    WinHttpGetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser, WinHttpGetProxyForUrl,
    WinHttpOpen, WinHttpSetTimeouts,
};
use windows_sys::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows_sys::core::PWSTR;

/// Keeps FreeLibrary() from unloading the module with this code, because one of our threads may still run in it.
pub(crate) fn stay_loaded() {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let here = stay_loaded as *const u16;
    let mut module = ptr::null_mut();
    // SAFETY: the first flag makes the name an address, which lies in a loaded module; the handle may be written.
    unsafe { GetModuleHandleExW(flags, here, &mut module) };
}

/// The machine's proxies and their exceptions. None if there are none, or they cannot be read.
pub(crate) fn machine_proxy() -> Option<(String, String)> {
    let mut info = WINHTTP_PROXY_INFO::default();
    // SAFETY: the answer may be written.
    if unsafe { WinHttpGetDefaultProxyConfiguration(&mut info) } == 0 {
        return None;
    }
    // SAFETY: the strings are NULL or NUL-terminated, and the caller must free them once, as happens here.
    let servers_and_bypass = unsafe { (take(info.lpszProxy), take(info.lpszProxyBypass)) };
    (info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY).then_some(servers_and_bypass)
}

/// The user's settings: the address of a PAC file, the static proxies and their exceptions. Each is empty if it is not
/// set. None if there is no user, as in some services.
pub(crate) fn user_proxy() -> Option<(String, String, String)> {
    let mut config = WINHTTP_CURRENT_USER_IE_PROXY_CONFIG::default();
    // SAFETY: the answer may be written.
    if unsafe { WinHttpGetIEProxyConfigForCurrentUser(&mut config) } == 0 {
        return None;
    }
    // SAFETY: the strings are NULL or NUL-terminated, and the caller must free them once, as happens here.
    Some(unsafe { (take(config.lpszAutoConfigUrl), take(config.lpszProxy), take(config.lpszProxyBypass)) })
}

/// The list of proxies that a PAC file chooses for a URL. None if it chooses a direct connection.
///
/// It may block for minutes, and nothing can interrupt it.
pub(crate) fn ask_pac_file(file: &str, url: &str) -> io::Result<Option<String>> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(()); // Wine's script engine is not for several threads
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let [file, url, agent] = [file, url, "autopilot-sync"].map(wide);
    // SAFETY: the name is NUL-terminated, and the other strings may be NULL.
    let session =
        unsafe { WinHttpOpen(agent.as_ptr(), WINHTTP_ACCESS_TYPE_NO_PROXY, ptr::null(), ptr::null(), 0) };
    if session.is_null() {
        return Err(io::Error::last_os_error());
    }
    let mut options = WINHTTP_AUTOPROXY_OPTIONS {
        dwFlags: WINHTTP_AUTOPROXY_CONFIG_URL,
        lpszAutoConfigUrl: file.as_ptr(),
        ..Default::default()
    };
    let mut info = WINHTTP_PROXY_INFO::default();
    // SAFETY: the session is open until its handle is closed, once; the strings are NUL-terminated and live as long as
    // these calls; the answer may be written.
    let answer = unsafe {
        WinHttpSetTimeouts(session, 10_000, 10_000, 5_000, 5_000); // Windows gives up after their sum
        let is_ok = WinHttpGetProxyForUrl(session, url.as_ptr(), &mut options, &mut info) != 0;
        let answer = if is_ok { Ok(()) } else { Err(io::Error::last_os_error()) };
        WinHttpCloseHandle(session);
        answer
    };
    answer?;
    // SAFETY: the strings are NULL or NUL-terminated, and the caller must free them once, as happens here.
    let (servers, _) = unsafe { (take(info.lpszProxy), take(info.lpszProxyBypass)) };
    Ok((info.dwAccessType != WINHTTP_ACCESS_TYPE_NO_PROXY).then_some(servers))
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// Copies a string of Windows and frees it. Empty for NULL.
///
/// # Safety
/// It is NULL, or NUL-terminated and allocated by GlobalAlloc. Nobody uses it afterwards.
unsafe fn take(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller promises a NUL, up to which the text may be read, and that it may be freed.
    unsafe {
        let length = (0..).take_while(|index| *text.add(*index) != 0).count();
        let read = String::from_utf16_lossy(slice::from_raw_parts(text, length));
        GlobalFree(text.cast());
        read
    }
}
