//! What Windows alone is asked: for the machine's proxy, and to keep this library in the process.

#![allow(unsafe_code)] // two of its functions, which have no safe face

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

/// From now on FreeLibrary() does not unload the module that this code is part of: a thread of ours may run in it.
pub(crate) fn stay_loaded() {
    let flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    let here = stay_loaded as *const u16;
    let mut module = ptr::null_mut();
    // SAFETY: by the first flag the name is an address, one in a loaded module; the place for the handle may be written.
    unsafe { GetModuleHandleExW(flags, here, &mut module) };
}

/// The static configuration, if it names a proxy. One that cannot be read counts as none.
pub(crate) fn static_proxy() -> Option<(String, String)> {
    let mut info = WINHTTP_PROXY_INFO::default();
    // SAFETY: the place for the answer may be written.
    if unsafe { WinHttpGetDefaultProxyConfiguration(&mut info) } == 0 {
        return None;
    }
    // SAFETY: the strings of an answer are NULL or NUL-terminated, and the caller's to free: once, here.
    let servers_and_bypass = unsafe { (take(info.lpszProxy), take(info.lpszProxyBypass)) };
    (info.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY).then_some(servers_and_bypass)
}

/// A string of Windows, which is freed; empty for NULL.
///
/// # Safety
/// It is NULL, or NUL-terminated and to be freed by GlobalFree, and not used afterwards.
unsafe fn take(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller promises a NUL, so all before it may be read; and that it may be freed.
    unsafe {
        let length = (0..).take_while(|index| *text.add(*index) != 0).count();
        let read = String::from_utf16_lossy(slice::from_raw_parts(text, length));
        GlobalFree(text.cast());
        read
    }
}
