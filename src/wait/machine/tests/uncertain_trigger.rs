//! A trigger that may have run.

use super::{play, play_until, reading_times};
use crate::outcome::Trigger;

const BASELINE: &str = "0 completed L=-1000 T=-1001 -> trigger \n 0 may-have-run -> watch@2";

/// The trigger shows no effect for half a minute.
const NOTHING: &str = "0 completed L=-1000 T=-1001 -> trigger
    0 may-have-run -> watch@2
    2 completed L=-1000 T=-1001 -> watch@5
    5 failed L=-1000 T=-1001 -> watch@9.5
    9.5 unknown L=-1000 T=-1001 -> watch@16.25
    16.25 - L=-1000 T=-1001 -> watch@26.375
    26.375 completed L=-1000 T=-1001 -> watch@30
    30 completed L=-1000 T=-1001 -> trigger";

#[test]
fn a_moved_trigger_time_says_that_it_was_accepted() {
    for status in ["completed", "inProgress", "unknown"] {
        let play = play(&format!("{BASELINE} \n 2 {status} L=-1000 T=0 -> watch@5"));
        assert_eq!(play.machine.known_trigger(), Some(Trigger::Accepted), "{status}");
    }
    play(&format!("{BASELINE} \n 2 inProgress L=-1000 T=0 -> watch@5 \n 5 completed L=3 T=0 -> completed"));
    play(&format!("{BASELINE} \n 2 completed L=1 T=0 -> watch@7 \n 7 completed L=1 T=0 -> completed"));
    play(&format!("{BASELINE} \n 2 failed L=1 T=0 -> watch@7 \n 7 failed L=1 T=0 -> failed"));
    // The two minutes count from the trigger.
    play(&format!(
        "{BASELINE} \n 20 completed L=-1000 T=0 -> watch@20 \n 120 completed L=-1000 T=0 -> unconfirmed"
    ));
}

#[test]
fn a_running_sync_or_a_moved_one_is_joined() {
    for (reading, next) in [
        ("inProgress L=-1000 T=-1001", "5"),
        ("- L=1 T=-1001", "5"),
        ("completed L=1 T=-1001", "7"),
        ("failed L=1 T=-1001", "7"),
    ] {
        let play = play(&format!("{BASELINE} \n 2 {reading} -> watch@{next}"));
        assert_eq!(play.machine.known_trigger(), Some(Trigger::Joined), "{reading}");
    }
    play(&format!(
        "{BASELINE}
         2 inProgress L=-1000 T=-1001 -> watch@5
         5 completed L=3 T=-1001 -> watch@10
         10 completed L=3 T=-1001 -> joined"
    ));
    play(&format!("{BASELINE} \n 2 completed L=1 T=-1001 -> watch@7 \n 7 completed L=1 T=-1001 -> joined"));
    play(&format!("{BASELINE} \n 2 failed L=1 T=-1001 -> watch@7 \n 7 failed L=1 T=-1001 -> failed"));
}

#[test]
fn it_is_sent_once_more_after_half_a_minute_of_nothing() {
    let play = play(NOTHING);
    assert_eq!(play.machine.known_trigger(), None);
    for (answer, todo) in [
        ("204 D=30", "watch@32"),
        ("409", "watch@32"),
        ("429 D=30", "read"),
        ("may-have-run", "watch@32"),
        ("trigger-failed", "request-failed"),
    ] {
        super::play(&format!("{NOTHING} \n 30 {answer} -> {todo}"));
    }
}

#[test]
fn the_last_reading_is_the_baseline_of_the_second() {
    play(
        "0 completed L=never T=never -> trigger
         0 may-have-run -> watch@2
         30 completed L=never T=never -> trigger
         30 204 D=30 -> watch@32
         32 inProgress L=never T=never -> watch@35
         35 completed L=31 T=30 -> completed",
    );
    // The sync that ran before the first trigger ended before the second: another one causes the 409, unseen.
    play(
        "0 inProgress L=-1000 T=-1001 -> trigger
         0 may-have-run -> watch@2
         30 completed L=-1000 T=-1001 -> trigger
         30 409 -> watch@32
         150 completed L=-1000 T=-1001 -> unconfirmed",
    );
}

#[test]
fn the_second_uncertain_trigger_is_the_last() {
    let second = format!("{NOTHING} \n 31 may-have-run -> watch@33");
    play(&format!(
        "{second}
         60.999 completed L=-1000 T=-1001 -> watch@60.999
         61 completed L=-1000 T=-1001 -> trigger-may-have-run"
    ));
    play(&format!("{second} \n 61 completed L=-1000 T=31 -> watch@61"));
    play(&format!("{second} \n 61 inProgress L=-1000 T=-1001 -> watch@61"));
}

#[test]
fn half_a_minute_is_waited_exactly() {
    play(&format!("{BASELINE} \n 29.999 completed L=-1000 T=-1001 -> watch@29.999"));
    play(&format!("{BASELINE} \n 30 completed L=-1000 T=-1001 -> trigger"));
}

#[test]
fn a_stale_or_failed_reading_decides_nothing() {
    for reading in
        ["read-failed", "completed L=-2000 T=-1001", "inProgress L=-1000 T=-1002", "inProgress L=never T=0"]
    {
        let nothing = NOTHING.replace("26.375 completed L=-1000 T=-1001", &format!("26.375 {reading}"));
        play(&nothing);
        play(
            &nothing.replace("30 completed L=-1000 T=-1001 -> trigger", &format!("30 {reading} -> watch@45")),
        );
    }
    play(&format!(
        "{BASELINE} \n 2 read-failed retry=50 -> watch@52 \n 52 completed L=-1000 T=-1001 -> trigger"
    ));
}

#[test]
fn readings_that_fail_beyond_half_a_minute_do_not_become_faster() {
    let expected = [2.0, 5.0, 9.5, 16.25, 26.375, 30.0, 45.0, 60.0];
    assert_eq!(reading_times(3600.0, BASELINE, "read-failed", 8), expected);
}

#[test]
fn a_reading_that_failed_for_good_ends_it() {
    for refusal in ["read-forbidden", "read-failed-for-good"] {
        play(&format!("{BASELINE} \n 2 {refusal} -> request-failed"));
    }
}

#[test]
fn the_deadline_leaves_the_trigger_uncertain() {
    let end = "2 completed L=-1000 T=-1001 -> watch@5
        5 completed L=-1000 T=-1001 -> watch@9
        9 read-failed -> deadline";
    let play = play_until(10.0, &format!("{BASELINE} \n {end}"));
    assert_eq!(play.machine.known_trigger(), None);
}
