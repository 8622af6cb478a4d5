/// What a step of a wait came to, or what a fleet tells. Later versions may add events: treat one that you do not know
/// like AUTOPILOT_EVENT_PAUSE.
#[allow(non_camel_case_types)] // C's spelling
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum autopilot_event {
    /// Nothing to tell. A wait: step again after the pause. A fleet: the time has passed.
    Pause = 0,
    /// The service refused the token, or none was given yet: hand in a new one.
    WantsToken = 1,
    /// The call has ended.
    Ended = 2,
    /// A fleet only: more is due than the threads in autopilot_fleet_next() can do soon. One more thread that calls it
    /// would help. You may ignore this: nothing is lost, but calls end later.
    Behind = 3,
    /// A fleet only: all calls have ended, and the fleet is closed.
    Finished = 4,
}
