//! Calls of Windows: to read the machine's proxy, and to keep this library in the process.

#![allow(unsafe_code)] // two functions of Windows that have no safe wrapper

use std::ptr;
use std::slice;

use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_PROXY_INFO, WinHttpGetDefaultProxyConfiguration,
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

/// The static configuration, if it sets a proxy. None if it cannot be read.
pub(crate) fn static_proxy() -> Option<(String, String)> {
    let mut info = WINHTTP_PROXY_INFO::default();
    // SAFETY: the answer may be written.
    if unsafe { WinHttpGetDefaultProxyConfiguration(&mut info) } == 0 {
        return None;
    }
    // SAFETY: the strings are NULL or NUL-terminated, and the caller must free them once, as happens here.
    let servers_and_bypass = unsafe { (take(info.lpszProxy), take(info.lpszProxyBypass)) };
    (info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY).then_some(servers_and_bypass)
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
