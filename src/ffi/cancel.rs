use super::guard::guard;
use crate::transport::Canceller;

/// Ends calls from another thread: those that run with it, at once, and those that are begun with it afterwards. It
/// stays triggered for good. One may serve many calls. Any thread may use it at any time; free it when no call has it. A
/// child made by fork() may trigger its copy: that ends calls of the child alone.
#[allow(non_camel_case_types)]
pub struct autopilot_cancel {
    pub(super) canceller: Canceller,
}

/// A cancel that ends nothing yet. Free it with autopilot_cancel_free(). Returns NULL only on a fault of the library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_cancel_new() -> Option<Box<autopilot_cancel>> {
    guard(None, || Some(Box::new(autopilot_cancel { canceller: Canceller::new() })))
}

/// Ends its calls with AUTOPILOT_ERROR_CANCELLED: a call that blocks returns within milliseconds. Does not block. Not
/// from a signal handler. NULL does nothing.
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
