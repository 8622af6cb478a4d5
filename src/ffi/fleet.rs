use std::ffi::c_char;
use std::ptr;
use std::time::Duration;

use super::call::{call, make, success};
use super::client::on_client;
use super::convert::{access, from_milliseconds};
use super::credential::given;
use super::goal::goal;
use super::guard::guard;
use super::wait::tell;
use super::{autopilot_client, autopilot_credential, autopilot_detail, autopilot_event, autopilot_result};
use crate::credential::Access;
use crate::fleet::{Fleet, FleetEvent};
use crate::outcome::{Detail, Error};

/// Calls for thousands of tenants, on a few threads of yours. Add tenants, then call autopilot_fleet_next() again and
/// again, from as many threads as you like: it does what is due, the earliest first, and tells what has ended. Ten
/// thousand waits need three threads, or about a hundred if each request takes 150 milliseconds. Begin with two: while
/// the request of one hangs, the other is there to tell that one more would help.
///
/// The triggers go out first: no tenant's trigger waits for the end of another's sync. The first steps of two waits
/// are a quarter of a millisecond apart. If the service throttles, the whole fleet slows down.
///
/// Any number of threads may use a fleet at once. Free it when none does. In a child made by fork(), the fleet is empty
/// and open: its parent's tenants stay its parent's.
#[allow(non_camel_case_types)]
pub struct autopilot_fleet {
    fleet: Fleet<u64>,
}

/// Makes an empty fleet. Free it with autopilot_fleet_free().
///
/// client: NULL for the shared one. It may be freed before the fleet.
/// limit: how many tenants may be in the fleet at once; 0 for 20,000. A tenant takes a few KiB, after
/// a long wait up to 30, and its token.
/// fleet: set to the new fleet, or to NULL if the result is not AUTOPILOT_OK. detail: NULL for none.
///
/// Returns AUTOPILOT_OK, or an error if an argument or the environment cannot be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_fleet_new(
    client: Option<&autopilot_client>,
    limit: i32,
    fleet: *mut *mut autopilot_fleet,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        let limit = usize::try_from(limit).map_err(|_| Error::invalid_argument("the limit is below zero"))?;
        let fleet = on_client(client, None, |client| Ok(Fleet::new(client)))?;
        Ok(autopilot_fleet { fleet: if limit == 0 { fleet } else { fleet.with_limit(limit) } })
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { make("fleet", fleet, detail, body) }
}

/// Frees a fleet. Calls that have not ended are forgotten; syncs that they have triggered run on. Does not block. No
/// thread may be in autopilot_fleet_next(): to get them out, cancel the fleet, close it, and take all its events. NULL
/// is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_fleet_free(fleet: Option<Box<autopilot_fleet>>) {
    guard((), || drop(fleet));
}

/// Whether another tenant may be added now: 1 or 0. If not, call autopilot_fleet_next() until one has ended. So tenants
/// can come from a file of any length, and the memory stays the same. If several threads add tenants, one of them may
/// still find the fleet full. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_fleet_has_room(fleet: Option<&autopilot_fleet>) -> i32 {
    guard(0, || fleet.is_some_and(|fleet| fleet.fleet.has_room()).into())
}

/// Adds a tenant. Does not block, and sends nothing yet.
///
/// key: any number of yours, such as an index or a pointer: the events name the tenant by it. No two tenants in the
/// fleet may have the same.
/// token: as for autopilot_sync(). The fleet keeps a copy until the call has ended. NULL: autopilot_fleet_next() asks
/// for it when the tenant's turn comes. So no token expires in the queue. A fleet does not use the credential of the
/// client's options, because that is of one tenant: see autopilot_fleet_set_credential().
/// goal, since_ms: as for autopilot_wait_new(). timeout_ms: the deadline of the call, from 1 to 86,400,000 milliseconds.
/// It counts from the first request. detail: NULL for none.
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if an argument is wrong, the key is in use, or the fleet is
/// full or closed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_fleet_add(
    fleet: Option<&autopilot_fleet>,
    key: u64,
    token: *const c_char,
    goal: i32,
    since_ms: i64,
    timeout_ms: i64,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        let fleet = known(fleet)?;
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let access = unsafe { access(token, Some(Access::Later)) }?;
        fleet.add(key, access, self::goal(goal, since_ms)?, from_milliseconds(timeout_ms))?;
        Ok(success(Detail::default()))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Tells that no more tenants will be added. autopilot_fleet_next() returns AUTOPILOT_EVENT_FINISHED when all calls have
/// ended. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_fleet_close(fleet: Option<&autopilot_fleet>) {
    guard((), || {
        if let Some(fleet) = fleet {
            fleet.fleet.close();
        }
    });
}

/// Does what is due, until there is something to tell or the time has passed. Any number of threads may call it at once.
/// Blocks for that time at most, plus one step of a tenant, as by autopilot_wait_step().
///
/// timeout_ms: how long to wait, in milliseconds. 0 to take one step at most; below zero for no limit, as in poll().
/// key: set to the tenant's key if the event is about one, else to 0. NULL for none.
/// result: set to the result of the call if it has ended, to AUTOPILOT_ERROR_UNAUTHORIZED if the service refused a
/// token, else to AUTOPILOT_OK. NULL for none.
/// detail: set to a new detail if a call has ended, or if the service refused a token, else to NULL. NULL for none.
///
/// Returns:
/// AUTOPILOT_EVENT_PAUSE: the time has passed, and nothing has happened.
/// AUTOPILOT_EVENT_WANTS_TOKEN: the service refused the tenant's token, or it has none yet. Its call rests until
/// autopilot_fleet_set_token(); without that, it ends at its deadline. The detail's claims say what the token must
/// satisfy.
/// AUTOPILOT_EVENT_ENDED: the tenant's call has ended, and the fleet has forgotten the tenant. The results are those of
/// the function that the goal names.
/// AUTOPILOT_EVENT_BEHIND: one more thread that calls this function would help. Start one if you like, and go on.
/// AUTOPILOT_EVENT_FINISHED: all calls have ended, and the fleet is closed; each thread is told. For a NULL fleet too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_fleet_next(
    fleet: Option<&autopilot_fleet>,
    timeout_ms: i64,
    key: *mut u64,
    result: *mut autopilot_result,
    detail: *mut *mut autopilot_detail,
) -> autopilot_event {
    let time = if timeout_ms < 0 { Duration::MAX } else { from_milliseconds(timeout_ms) };
    let next = || fleet.map_or(FleetEvent::Finished, |fleet| fleet.fleet.next(time));
    let (event, of, end) = match guard(FleetEvent::TimedOut, next) {
        FleetEvent::TimedOut => (autopilot_event::Pause, 0, None),
        FleetEvent::WantsToken { key, refusal } => (autopilot_event::WantsToken, key, refusal.map(Err)),
        FleetEvent::Ended { key, result } => (autopilot_event::Ended, key, Some(result)),
        FleetEvent::Behind => (autopilot_event::Behind, 0, None),
        FleetEvent::Finished => (autopilot_event::Finished, 0, None),
    };
    if !key.is_null() {
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { key.write(of) };
    }
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { tell(end, result, detail) };
    event
}

/// Hands in a token for a tenant, for all its requests from the next one on. Any thread may do so at any time. NULL:
/// there is none, so if the tenant wants one, its call ends. Does not block.
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if the text cannot be a token, the fleet is NULL, or no
/// tenant has this key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_fleet_set_token(
    fleet: Option<&autopilot_fleet>,
    key: u64,
    token: *const c_char,
) -> autopilot_result {
    let body = || {
        let fleet = known(fleet)?;
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        fleet.set_token(&key, unsafe { access(token, Some(Access::Later)) }?)?;
        Ok(success(Detail::default()))
    };
    // SAFETY: NULL for no detail.
    unsafe { call(ptr::null_mut(), body) }
}

/// Hands in a credential for a tenant, which gets the tokens of all its requests from the next one on: when you have
/// added the tenant, or when autopilot_fleet_next() asks for its token. autopilot_credential_for_tenant() makes one for
/// each tenant. Any thread may do so at any time. The fleet keeps what is in it until the call has ended, so you may
/// free it. Does not block.
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if the fleet or the credential is NULL, or no tenant has
/// this key.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_fleet_set_credential(
    fleet: Option<&autopilot_fleet>,
    key: u64,
    credential: Option<&autopilot_credential>,
) -> autopilot_result {
    let body = || {
        known(fleet)?.set_token(&key, given(credential)?)?;
        Ok(success(Detail::default()))
    };
    // SAFETY: NULL for no detail.
    unsafe { call(ptr::null_mut(), body) }
}

/// Ends the call of one tenant, with AUTOPILOT_ERROR_CANCELLED. autopilot_fleet_next() tells what became of it. Does not
/// block. Does nothing for NULL, and if no tenant has this key.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_fleet_cancel_one(fleet: Option<&autopilot_fleet>, key: u64) {
    guard((), || {
        if let Some(fleet) = fleet {
            fleet.fleet.cancel_one(&key);
        }
    });
}

/// Ends all calls, with AUTOPILOT_ERROR_CANCELLED, and those of tenants that are added later. autopilot_fleet_next()
/// tells what became of each. Does not block. A signal handler must not call it. NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_fleet_cancel(fleet: Option<&autopilot_fleet>) {
    guard((), || {
        if let Some(fleet) = fleet {
            fleet.fleet.cancel();
        }
    });
}

fn known(fleet: Option<&autopilot_fleet>) -> Result<&Fleet<u64>, Error> {
    fleet.map(|fleet| &fleet.fleet).ok_or_else(|| Error::invalid_argument("the fleet is NULL"))
}
