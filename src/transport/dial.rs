//! Makes a connection (name, TCP, proxy, TLS) on a helper thread, so that neither the deadline nor a cancel waits for a
//! step that the system does not interrupt. The thread holds no token, and ends by itself.

use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::thread;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Instant;
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, ShutdownHandle, Transport};
use ureq::{Error, Timeout};

use super::Route;
use super::idle::Idle;
use super::link::{Connection, Link};
use super::path::{Path, Paths};
use crate::call::{self, Call, Interrupt, Stage};
use crate::error;

/// Gives an agent its connections: an idle one, else a new one.
pub(super) struct Dial {
    paths: Arc<Paths>,
    idle: Arc<Idle<Connection>>,
}

impl Dial {
    pub(super) fn new(route: Arc<Route>) -> Dial {
        Dial { paths: Arc::new(Paths::new(route)), idle: Arc::new(Idle::new()) }
    }

    pub(super) fn check(&self) -> Result<(), error::Error> {
        self.paths.check()
    }

    /// Waits for a new connection, for as long as the call lasts and a connection may take.
    fn dial(&self, call: &Call, uri: &Uri) -> Result<Connection, Error> {
        let limit = call.left().min(self.paths.route.connect_timeout);
        let timeout = NextTimeout { after: limit.into(), reason: Timeout::Connect, ..NextTimeout::default() };
        let (sender, done) = mpsc::channel();
        let job = Arc::new(Job::new(sender));
        #[cfg(windows)] // elsewhere the linker is told
        crate::windows::stay_loaded();
        let helper = {
            let (job, paths, uri) = (job.clone(), self.paths.clone(), uri.clone());
            let run = move || job.run(&paths, &uri, timeout);
            thread::Builder::new().name("autopilot-dial".into()).spawn(run)?
        };
        let made = call.block(job.clone(), |_| done.recv_timeout(limit));
        if job.is_in_handshake() {
            call.reach(Stage::Handshake);
        }
        if let Some(Ok(made)) = made {
            let transport = made?;
            // It has nothing left to do, and a program may want to see its threads gone.
            let _ = helper.join();
            let socket = job.last_socket().ok_or_else(call_is_over)?;
            call.has_fresh_connection();
            return Ok(Connection::new(transport, socket));
        }
        job.interrupt();
        Err(if made.is_some() { Error::Timeout(Timeout::Connect) } else { call_is_over() })
    }
}

impl Connector<()> for Dial {
    type Out = Link;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Link>, Error> {
        let call = call::current().ok_or_else(call_is_over)?;
        let idle = if call.wants_fresh_connection() { None } else { self.idle.take(Connection::is_open) };
        let connection = match idle {
            Some(connection) => connection,
            None => self.dial(&call, details.uri)?,
        };
        Ok(Some(Link::new(connection, self.idle.clone())))
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dial").field(&self.paths.route).finish()
    }
}

/// What ureq's TLS takes the time from that it subtracts from a step's, for a record may take many reads. A socket is
/// told a time-out only where that is a new one, and most steps are over within a tick.
fn in_ticks(start: Instant) -> Arc<dyn Fn() -> Instant + Send + Sync> {
    const TICK: Duration = Duration::from_millis(10);
    let began = std::time::Instant::now();
    Arc::new(move || {
        let ticks = began.elapsed().as_millis() / TICK.as_millis();
        start + Duration::from_millis(ticks as u64 * TICK.as_millis() as u64).into()
    })
}

/// Said to ureq where the call ended first; nobody reads it. Not `Interrupted`: who reads a body to its end takes that
/// for a signal, and asks again, for ever.
pub(super) fn call_is_over() -> Error {
    Error::Io(io::ErrorKind::TimedOut.into())
}

fn a_panic() -> error::Error {
    error::Error::new(error::ErrorKind::Internal, "a panic was caught while connecting")
}

type Made = Result<Box<dyn Transport>, Error>;

/// A connection in the making. An interrupt ends it: the sockets made so far, and all that would follow.
struct Job {
    done: mpsc::Sender<Made>,
    sockets: Mutex<Option<Vec<Weak<dyn ShutdownHandle>>>>,
    /// Name, TCP and proxy are done. Kept here and not in the call, which may go on without this job.
    handshake: AtomicBool,
}

impl Job {
    fn new(done: mpsc::Sender<Made>) -> Job {
        Job { done, sockets: Mutex::new(Some(Vec::new())), handshake: AtomicBool::new(false) }
    }

    fn run(self: Arc<Self>, paths: &Paths, uri: &Uri, timeout: NextTimeout) {
        let connect = AssertUnwindSafe(|| {
            let path = paths.get().map_err(|error| Error::Other(error.into()))?;
            let made = self.connect(&path, uri, timeout);
            if made.is_err() && self.is_in_handshake() {
                paths.forget(&path);
            }
            made
        });
        let made = panic::catch_unwind(connect);
        let made = made.unwrap_or_else(|_| Err(Error::Other(a_panic().into())));
        let _ = self.done.send(made);
    }

    fn connect(self: &Arc<Self>, path: &Arc<Path>, uri: &Uri, timeout: NextTimeout) -> Made {
        let now = Instant::now();
        let is_direct = path.config.proxy().is_none_or(ureq::Proxy::resolve_target);
        let addrs = if is_direct { Lookup.resolve(uri, &path.config, timeout)? } else { Lookup.empty() };
        let (again, job) = (path.clone(), self.clone());
        let details = ConnectionDetails {
            uri,
            addrs,
            config: &path.config,
            request_level: false,
            resolver: &Lookup,
            now,
            timeout,
            current_time: in_ticks(now),
            run_connector: Arc::new(move |details| again.to_proxy(details)),
            register_shutdown: Arc::new(move |socket| job.register(socket)),
        };
        let plain = path.plain(&details)?;
        self.handshake.store(true, Ordering::Release);
        path.secure(&details, plain)
    }

    fn is_in_handshake(&self) -> bool {
        self.handshake.load(Ordering::Acquire)
    }

    fn register(&self, socket: Weak<dyn ShutdownHandle>) -> Result<(), Error> {
        self.sockets().as_mut().ok_or_else(call_is_over)?.push(socket);
        Ok(())
    }

    fn last_socket(&self) -> Option<Weak<dyn ShutdownHandle>> {
        self.sockets().as_ref()?.last().cloned()
    }

    fn sockets(&self) -> MutexGuard<'_, Option<Vec<Weak<dyn ShutdownHandle>>>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interrupt for Job {
    fn interrupt(&self) {
        let _ = self.done.send(Err(call_is_over()));
        for socket in self.sockets().take().into_iter().flatten().filter_map(|socket| socket.upgrade()) {
            socket.shutdown();
        }
    }
}

/// Asks the system on this thread, which may wait: the call does not wait for it.
#[derive(Debug)]
struct Lookup;

impl Resolver for Lookup {
    fn resolve(&self, uri: &Uri, config: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        DefaultResolver::default().resolve(uri, config, NextTimeout::default())
    }
}
