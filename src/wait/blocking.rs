//! A call that blocks its thread until its end, and calls the caller back meanwhile.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::progress::Progress;
use super::steps::{Step, Wait};
use crate::outcome::{Error, SyncOutcome};

/// The longest time between two calls of the callback during a pause.
const TICK: Duration = Duration::from_secs(1);

pub(crate) type OnProgress<'a> = &'a mut dyn FnMut(&mut Progress<'_>) -> ControlFlow<()>;

/// Calls back at the start, at the beginning of each pause and once a second in it, and if the service refuses the token.
pub(crate) fn run(
    mut wait: Box<Wait>,
    mut on_progress: Option<OnProgress<'_>>,
) -> Result<SyncOutcome, Error> {
    let tick = if on_progress.is_some() { TICK } else { Duration::MAX };
    let mut is_stopped = |wait: &mut Wait| match &mut on_progress {
        Some(on_progress) => on_progress(&mut wait.progress()).is_break(),
        None => false,
    };
    let mut step = Step::WantsToken; // the callback may replace the token at the start too
    loop {
        match step {
            Step::Done(result) => return result,
            Step::WantsToken if is_stopped(&mut wait) => return wait.stop(),
            Step::WantsToken => {}
            Step::Pause(until) => {
                while let Some(left) =
                    until.checked_duration_since(Instant::now()).filter(|_| !wait.is_cancelled())
                {
                    if is_stopped(&mut wait) {
                        return wait.stop();
                    }
                    wait.sleep(left.min(tick));
                }
            }
        }
        step = wait.step();
    }
}
