//! The goal is a sync since a change.

use std::time::Duration;

use super::super::Goal;
use super::{LONG, Play, began, play_for};
use crate::outcome::Trigger;

/// A wait for a sync since a change so many seconds after its start, or before it if negative. The first reading is of
/// second 0, and the caller's clock is years away.
fn since_until(deadline: f64, change: f64, lines: &str) -> Play {
    let ago = Duration::from_secs_f64(change.abs());
    let change = if change < 0.0 { began() - ago } else { began() + ago };
    play_for(Goal::SyncSince(change), deadline, 0.0, lines)
}

fn since(change: f64, lines: &str) -> Play {
    since_until(LONG, change, lines)
}

#[test]
fn a_completed_sync_since_the_change_is_enough() {
    let play = since(-600.0, "0 completed L=-599 T=-900 D=0 -> up-to-date");
    assert_eq!(play.machine.known_trigger(), None);
    for (last_sync, next) in
        [("-599", "up-to-date"), ("-599.1", "trigger"), ("-900", "trigger"), ("never", "trigger")]
    {
        since(-600.0, &format!("0 completed L={last_sync} T=-900 D=0 -> {next}"));
    }
    // A change just now: no sync can have been recorded since, as far as whole seconds tell.
    since(0.0, "0 completed L=0.9 T=-900 D=0 -> trigger");
    // A sync that was triggered since is not one that has completed.
    since(-600.0, "0 completed L=-700 T=-500 D=0 -> trigger");
}

#[test]
fn a_recent_sync_must_stand_since_its_time_may_mark_its_start() {
    for (last_sync, date, next) in
        [("-300", "D=0", "up-to-date"), ("-299", "D=0", "watch@5"), ("-7000", "", "watch@5")]
    {
        since(-9000.0, &format!("0 completed L={last_sync} T=-9500 {date} -> {next}"));
    }
    let first = "0 completed L=-10 T=-900 D=0 -> watch@5";
    since(-600.0, &format!("{first} \n 5 completed L=-10 T=-900 D=5 -> up-to-date"));
    // A reading that tells nothing leaves it as it is.
    for between in ["read-failed", "cannot-connect", "unknown L=-10 T=-900", "completed L=-900 T=-900"] {
        let next = if between.starts_with("unknown") { "9.5" } else { "10" };
        since(
            -600.0,
            &format!("{first} \n 5 {between} -> watch@{next} \n 11 completed L=-10 T=-900 -> up-to-date"),
        );
    }
    // Its status lagged.
    since(
        -600.0,
        &format!(
            "{first}
             5 inProgress L=-10 T=-900 -> watch@7
             30 completed L=25 T=-900 -> watch@35
             35 completed L=25 T=-900 -> joined"
        ),
    );
    since(-600.0, &format!("{first} \n 5 failed L=-10 T=-900 D=5 -> trigger"));
    // Another one follows.
    since(
        -600.0,
        &format!(
            "{first} \n 5 completed L=4 T=-900 D=5 -> watch@10 \n 10 completed L=4 T=-900 D=10 -> joined"
        ),
    );
    since_until(
        3.0,
        -600.0,
        "0 completed L=-10 T=-900 D=0 -> watch@2 \n 2 completed L=-10 T=-900 D=2 -> deadline",
    );
}

#[test]
fn a_failed_sync_since_the_change_is_not_enough() {
    for status in ["failed", "unknown", "-"] {
        since(-600.0, &format!("0 {status} L=-10 T=-900 D=0 -> trigger"));
    }
    // In the window, it does not count either: only a newer one does.
    since(
        -600.0,
        "0 failed L=-10 T=-900 D=0 -> trigger
         0 429 D=0 -> read
         0 failed L=-10 T=-900 D=0 -> window@600
         60 completed L=50 T=-900 D=60 -> window@660
         65 completed L=50 T=-900 D=65 -> joined",
    );
}

#[test]
fn a_running_sync_counts_if_the_services_times_say_that_it_began_since() {
    for (last_sync, last_trigger) in [("-900", "-599"), ("-599", "-900")] {
        let running = format!("0 inProgress L={last_sync} T={last_trigger} D=0 -> watch@2");
        let play = since(-600.0, &running);
        assert_eq!(play.machine.known_trigger(), Some(Trigger::Joined));
        for (status, end) in [("completed", "joined"), ("failed", "failed")] {
            since(
                -600.0,
                &format!(
                    "{running}
                     2 {status} L=1 T={last_trigger} -> watch@7
                     7 {status} L=1 T={last_trigger} -> {end}"
                ),
            );
        }
    }
}

#[test]
fn the_end_of_an_earlier_sync_is_awaited() {
    for status in ["completed", "failed"] {
        let play = since(
            -600.0,
            &format!(
                "0 inProgress L=-900 T=-900 D=0 -> watch@2
                 2 inProgress L=-900 T=-900 D=2 -> watch@5
                 5 {status} L=4 T=-900 D=5 -> watch@10
                 10 {status} L=4 T=-900 D=10 -> watch@15
                 15 {status} L=4 T=-900 D=15 -> watch@20
                 20 {status} L=4 T=-900 D=20 -> watch@25
                 25 {status} L=4 T=-900 D=25 -> window@614
                 614 {status} L=4 T=-900 D=614 -> trigger"
            ),
        );
        assert_eq!(play.machine.known_trigger(), None);
    }
    let play = since_until(
        20.0,
        -600.0,
        "0 inProgress L=-900 T=-900 D=0 -> watch@2
         19 inProgress L=-900 T=-900 -> watch@19
         19.5 inProgress L=-900 T=-900 -> deadline",
    );
    assert_eq!(play.machine.known_trigger(), None);
    // It does not count in the window after it.
    since(
        -600.0,
        "0 inProgress L=-900 T=-900 D=0 -> watch@2
         5 completed L=4 T=-900 D=5 -> watch@10
         15 completed L=4 T=-900 D=15 -> watch@20
         20 completed L=4 T=-900 D=20 -> watch@25
         25 completed L=4 T=-900 D=25 -> window@614
         40 completed L=4 T=-900 D=40 -> window@614
         60 inProgress L=4 T=-900 D=60 -> watch@62
         70 completed L=69 T=-900 D=70 -> watch@75
         75 completed L=69 T=-900 D=75 -> joined",
    );
}

/// Its start may move L, and its end may move L once more: then that time must not count for another sync.
#[test]
fn both_times_of_an_earlier_sync_are_awaited() {
    since(
        0.0,
        "0 inProgress L=-1000 T=-5 D=0 -> watch@2
         2 inProgress L=-4 T=-5 D=2 -> watch@5
         5 completed L=-4 T=-5 D=5 -> watch@10
         10 completed L=-4 T=-5 D=10 -> watch@15
         15 completed L=4 T=-5 D=15 -> watch@20
         20 completed L=4 T=-5 D=20 -> watch@25
         30 completed L=4 T=-5 D=30 -> watch@35
         35 completed L=4 T=-5 D=35 -> window@614
         40 completed L=4 T=-5 D=40 -> window@614",
    );
}

#[test]
fn the_window_after_an_earlier_sync_counts_from_the_last_date() {
    for (date, window) in [("D=25", "614"), ("D=20", "619"), ("", "614")] {
        since(
            -600.0,
            &format!(
                "0 inProgress L=-900 T=-900 D=0 -> watch@2
                 5 completed L=4 T=-900 -> watch@10
                 10 completed L=4 T=-900 -> watch@15
                 15 completed L=4 T=-900 -> watch@20
                 20 completed L=4 T=-900 -> watch@25
                 25 completed L=4 T=-900 {date} -> window@{window}"
            ),
        );
    }
}

#[test]
fn a_joined_sync_must_be_recorded_since_the_change() {
    // L marks the start, which no reading had shown.
    since(
        -600.0,
        "0 completed L=-1000 T=-1000 D=0 -> trigger
         0 409 -> watch@2
         2 completed L=-601 T=-1000 D=2 -> watch@7
         7 completed L=-601 T=-1000 D=7 -> window@9
         9 completed L=-601 T=-1000 D=9 -> trigger
         9 204 D=9 -> watch@11",
    );
}

#[test]
fn the_window_is_no_end_before_the_deadline() {
    let window = "0 completed L=-100 T=-100 D=0 -> trigger
        0 429 D=0 -> read
        0 completed L=-100 T=-100 D=0 -> window@510";
    let same = "completed L=-100 T=-100";
    since_until(
        300.0,
        -60.0,
        &format!("{window} \n 299 {same} -> window@510 \n 299.5 {same} -> too-soon@510"),
    );
    since_until(
        300.0,
        -60.0,
        &format!(
            "{window} \n 200 completed L=199 T=-100 D=200 -> window@809 \n 205 completed L=199 T=-100 D=205 -> joined"
        ),
    );
    // It ended before the 429, but since the first reading.
    since_until(
        300.0,
        0.0,
        "0 completed L=-1000 T=-1000 D=0 -> trigger
         5 429 D=5 -> read
         5 completed L=4 T=-1000 D=5 -> window@614
         10 completed L=4 T=-1000 D=10 -> joined",
    );
    since(-60.0, &format!("{window} \n 510 {same} -> trigger \n 510 204 D=510 -> watch@512"));
}

/// Graph throttles: the window is not the reason for the 429.
#[test]
fn a_joined_sync_that_does_not_count_does_not_shorten_the_pause_after_a_429() {
    let before = "0 completed L=-1000 T=-1000 D=0 -> trigger
        0 429 D=0 -> read";
    let ended = "4 completed L=-1000 T=-1000 D=4 -> watch@9
        9 completed L=-1000 T=-1000 D=9 -> watch@14
        14 completed L=-1000 T=-1000 D=14 -> watch@19
        19 completed L=-1000 T=-1000 D=19 -> watch@24
        24 completed L=-1000 T=-1000 D=24 -> window@30
        30 completed L=-1000 T=-1000 D=30 -> trigger";
    for running in [
        "0 completed L=-1000 T=-1000 D=0 -> window@30 \n 2 inProgress L=-1000 T=-1000 D=2 -> watch@4",
        "2 inProgress L=-1000 T=-1000 D=2 -> watch@4",
    ] {
        since(-600.0, &format!("{before} \n {running} \n {ended}"));
    }
}

/// What may be enough is confirmed first, and not by a reading at once.
#[test]
fn a_candidate_right_after_a_429_is_read_again_after_a_pause() {
    let before = "0 completed L=never T=never D=0 -> trigger
        1 429 retry=1 D=1 -> read";
    since(
        -5000.0,
        &format!(
            "{before}
             2 completed L=-1500 T=-1500 D=2 -> watch@7
             7 completed L=-1500 T=-1500 D=7 -> joined"
        ),
    );
    since(
        -5000.0,
        &format!(
            "{before}
             2 completed L=-1500 T=-1500 D=2 -> watch@7
             7 failed L=-1500 T=-1500 D=7 -> trigger"
        ),
    );
    since(-5000.0, &format!("{before} \n 2 completed L=never T=never D=2 -> trigger"));
}

#[test]
fn nothing_is_triggered_before_a_change_that_is_still_ahead() {
    let first = "0 completed L=-1000 T=-1000 D=0 -> window@60";
    since(
        60.0,
        &format!("{first} \n 60 completed L=-1000 T=-1000 D=60 -> trigger \n 60 204 D=60 -> watch@62"),
    );
    // A sync that ended before it does not count.
    since(60.0, &format!("{first} \n 50 completed L=49 T=-1000 D=50 -> window@60"));
    since(
        60.0,
        "0 inProgress L=-1000 T=-1000 D=0 -> watch@2
         20 completed L=19 T=-1000 D=20 -> watch@25
         25 completed L=19 T=-1000 D=25 -> watch@30
         30 completed L=19 T=-1000 D=30 -> watch@35
         35 completed L=19 T=-1000 D=35 -> watch@40
         40 completed L=19 T=-1000 D=40 -> window@629
         70 completed L=69 T=-1000 D=70 -> window@679
         75 completed L=69 T=-1000 D=75 -> joined",
    );
    since_until(
        50.0,
        60.0,
        &format!(
            "{first} \n 49 completed L=-1000 T=-1000 -> window@60 \n 49.5 completed L=-1000 T=-1000 -> too-soon@60"
        ),
    );
}

#[test]
fn without_the_right_to_read_it_triggers() {
    since(-600.0, "0 read-forbidden -> trigger \n 0 204 D=0 -> unconfirmed");
    since(60.0, "0 read-forbidden -> window@60 \n 60 read-forbidden -> trigger");
}

#[test]
fn a_first_look_that_fails_for_now_is_repeated() {
    since(-600.0, "0 read-failed -> retry@3 \n 30 completed L=-500 T=-900 D=30 -> up-to-date");
    since(-600.0, "0 read-failed-for-good -> request-failed");
}
