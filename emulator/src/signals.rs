//! The signals that end the program. After [`Signals::catch`], a signal no longer ends the program before its clean-up,
//! however early it comes.

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
    /// Catches them from now on. Call it within a runtime.
    pub(crate) fn catch() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for SIGTERM, and ignores Ctrl-C.
    pub(crate) async fn terminated(&mut self) {
        self.terminate.recv().await;
    }

    /// Waits for either.
    pub(crate) async fn any(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, caught. Windows has no SIGTERM.
#[cfg(windows)]
pub(crate) struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    /// Catches it from now on. Call it within a runtime.
    pub(crate) fn catch() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    /// Never returns, and ignores Ctrl-C.
    pub(crate) async fn terminated(&mut self) {
        std::future::pending().await
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn any(&mut self) {
        self.0.recv().await;
    }
}
