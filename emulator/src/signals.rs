//! The signals that end the program. They are caught from [`Signals::catch`] on, so nothing that comes after it can be
//! missed by a signal that comes early.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and SIGTERM, caught.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

#[cfg(unix)]
impl Signals {
    /// Catches them from now on; within a runtime.
    pub(crate) fn catch() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Until SIGTERM. Ctrl-C is caught, and goes unheeded.
    pub(crate) async fn terminated(&mut self) {
        self.terminate.recv().await;
    }

    /// Until either.
    pub(crate) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, caught; there is no SIGTERM.
#[cfg(windows)]
pub(crate) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Catches it from now on; within a runtime.
    pub(crate) fn catch() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// For ever: Ctrl-C is caught, and goes unheeded.
    pub(crate) async fn terminated(&mut self) {
        std::future::pending().await
    }

    /// Until Ctrl-C.
    pub(crate) async fn any(&mut self) {
        self.0.recv().await;
    }
}
