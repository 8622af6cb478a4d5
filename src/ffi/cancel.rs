use super::guard::guard;
use crate::transport::Canceller;

/// Ends calls from another thread: those that run with it, at once, and those that begin with it later. It stays
/// triggered for good. One cancel may serve many calls, and any thread may use it at any time. Free it when no call
/// uses it. In a child made by fork(), it ends only the child's calls.
#[allow(non_camel_case_types)]
pub struct autopilot_cancel {
    pub(super) canceller: Canceller,
}

/// Makes a cancel that is not triggered. Free it with autopilot_cancel_free(). Returns NULL only after a fault in the
/// library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_cancel_new() -> Option<Box<autopilot_cancel>> {
    guard(None, || Some(Box::new(autopilot_cancel { canceller: Canceller::new() })))
}

/// Ends the calls of a cancel with AUTOPILOT_ERROR_CANCELLED, within milliseconds. Does not block. A signal handler
/// must not call it. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_cancel_trigger(cancel: Option<&autopilot_cancel>) {
    guard((), || {
        if let Some(cancel) = cancel {
            cancel.canceller.cancel();
        }
    });
}

/// Frees a cancel. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_cancel_free(cancel: Option<Box<autopilot_cancel>>) {
    guard((), || drop(cancel));
}
