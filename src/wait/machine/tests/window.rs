//! A 429: the window, or throttling.

use super::{Command, LONG, event, play, play_until, play_with, reading_times};
use crate::outcome::Trigger;

#[test]
fn a_running_sync_is_joined() {
    let play = play(
        "0 completed L=-100 T=-100 -> trigger
         0 429 D=0 -> read
         0 inProgress L=-100 T=-100 -> watch@2",
    );
    assert_eq!(play.machine.known_trigger(), Some(Trigger::Joined));
    for (status, end) in [("completed", "joined"), ("failed", "failed")] {
        super::play(&format!(
            "0 completed L=-100 T=-100 -> trigger
             0 429 D=0 -> read
             0 inProgress L=-100 T=-100 -> watch@2
             2 inProgress L=-100 T=-100 -> watch@5
             5 {status} L=4 T=-100 -> watch@10
             10 {status} L=4 T=-100 -> {end}"
        ));
    }
}

#[test]
fn a_lagging_replica_is_not_joined() {
    play(
        "0 completed L=-100 T=-100 -> trigger
         0 429 D=0 -> read
         0 inProgress L=-900 T=-900 -> window@510",
    );
    play(
        "0 completed L=-100 T=-100 -> trigger
         0 429 D=0 -> read
         0 inProgress L=-900 T=-900 D=0 -> window@510",
    );
}

#[test]
fn the_next_time_is_the_later_of_window_and_retry_after() {
    for (refusal, reading, next) in [
        // The later of L and T, by the reading's Date.
        ("429", "completed L=-100 T=-200 D=2", "510"),
        ("429", "completed L=-200 T=-100 D=2", "510"),
        ("429", "completed L=-200 T=never D=2", "410"),
        ("429", "completed L=never T=-200 D=2", "410"),
        ("429", "failed L=-200 T=never D=2", "410"),
        ("429", "completed L=-99.5 T=-200 D=2", "511"),
        // By the Date of the 429 if the reading has none.
        ("429 D=1", "completed L=-100 T=-200", "510"),
        ("429 D=1", "read-failed", "510"),
        ("429 D=1", "read-failed retry=9", "510"),
        // The service's clock jumped.
        ("429 D=1", "completed L=-100 T=-200 D=502", "10"),
        // Retry-After counts from the 429.
        ("429 retry=700 D=1", "completed L=-100 T=-200 D=2", "701"),
        ("429 retry=100 D=1", "completed L=-100 T=-200 D=2", "510"),
        ("429 retry=100", "completed L=-100 T=-200", "101"),
        ("429 retry=100", "read-failed", "101"),
        ("429 retry=100 D=1", "completed L=never T=never D=2", "101"),
        ("429 retry=100 D=1", "completed L=-1000 T=never D=2", "101"),
        // Nothing is known.
        ("429", "completed L=-100 T=-200", "611"),
        ("429", "read-failed", "611"),
        ("429 D=1", "completed L=never T=never D=2", "611"),
        // The window is over: the service throttles.
        ("429 D=1", "completed L=-1000 T=-1000 D=2", "31"),
        ("429 D=1", "completed L=-608 T=-1000 D=2", "31"),
        ("429 D=1", "completed L=-607 T=-1000 D=2", "3"),
    ] {
        // If the reading fails, the times of the baseline count.
        let known = if reading.starts_with("read-failed") { "-100" } else { "never" };
        play(&format!(
            "0 completed L={known} T={known} -> trigger
             1 {refusal} -> read
             2 {reading} -> window@{next}"
        ));
    }
}

#[test]
fn a_retry_after_that_passed_meanwhile_is_no_pause() {
    play("0 completed L=never -> trigger \n 1 429 retry=1 -> read \n 5 completed L=never -> trigger");
}

#[test]
fn a_reading_that_failed_for_good_after_429_ends_the_wait() {
    let before = "0 completed L=-100 -> trigger \n 1 429 D=1";
    play(&format!("{before} -> read \n 2 read-forbidden -> too-soon"));
    play(&format!("{before} retry=30 -> read \n 2 read-forbidden -> too-soon@31"));
    play(&format!("{before} -> read \n 2 read-failed-for-good -> request-failed"));
}

#[test]
fn beyond_the_deadline_it_is_too_soon_at_once() {
    for (deadline, todo) in [(510.0, "too-soon@510"), (510.5, "window@510"), (60.0, "too-soon@510")] {
        play_until(
            deadline,
            &format!(
                "0 completed L=-100 -> trigger
                 1 429 D=1 -> read
                 2 completed L=-100 D=2 -> {todo}"
            ),
        );
    }
    play_until(30.0, "0 completed L=-100 -> trigger \n 1 429 -> read \n 2 read-failed -> too-soon@611");
    play_until(
        30.0,
        "0 completed L=-900 -> trigger \n 1 429 -> read \n 2 completed L=-900 D=2 -> too-soon@31",
    );
}

/// If the window ends during the reading, it caused the 429, and the service does not throttle.
#[test]
fn a_window_that_ends_during_the_reading_is_told() {
    let before = "0 completed L=-570 -> trigger \n 1 429 D=1 -> read";
    play_until(45.0, &format!("{before} \n 45 read-failed -> too-soon@40"));
    play(&format!("{before} \n 45 read-failed -> retry@47"));
    play(&format!("{before} \n 35 read-failed -> window@40"));
}

#[test]
fn jitter_lengthens_the_pause_and_not_the_time_that_is_told() {
    let window = "0 completed L=-100 -> trigger \n 1 429 D=1 -> read \n 2 completed L=-100 D=2";
    // The pause never passes the deadline, and leaves some time for the sync.
    for (deadline, until) in [(LONG, 514.5), (512.0, 511.0)] {
        let mut play = play_with(deadline, 4.5, &format!("{window} -> window@510"));
        while !matches!(play.command, Command::SendTrigger) {
            play.play_pause();
            play.command = play.machine.next(play.now, event("completed L=-100"));
        }
        assert_eq!(play.now.as_secs_f64(), until);
    }
    play_with(509.0, 4.5, &format!("{window} -> too-soon@510"));
}

const WINDOW: &str = "0 completed L=-100 T=-100 -> trigger
    0 429 D=0 -> read
    0 completed L=-100 T=-100 D=0 -> window@510";

#[test]
fn after_the_window_the_trigger_is_sent_again() {
    for reading in
        ["completed L=-100 T=-100 D=510", "completed L=-100.000 T=-100", "failed L=-100 T=-100 D=510"]
    {
        play(&format!("{WINDOW} \n 510 {reading} -> trigger \n 511 204 D=511 -> watch@513"));
    }
    // A stale reading changes nothing.
    play(&format!("{WINDOW} \n 510 inProgress L=-900 T=-900 D=510 -> trigger \n 511 409 -> watch@513"));
}

#[test]
fn the_reading_after_the_window_is_the_new_baseline() {
    // The time moved, and its window is over: only what moves after that counts.
    play(&format!(
        "{WINDOW}
         1000 failed L=300 T=-100 D=1000 -> trigger
         1000 204 D=1000 -> watch@1002
         1002 failed L=300 T=-100 -> watch@1005
         1010 failed L=300 T=-100 -> watch@1010
         1120 failed L=300 T=-100 -> unconfirmed"
    ));
}

#[test]
fn in_the_window_the_settings_are_read_at_pauses_that_grow_to_a_minute() {
    let (window, same) = (WINDOW, "completed L=-100 T=-100");
    let expected =
        [2.0, 5.0, 9.5, 16.25, 26.375, 41.5625, 64.34375, 98.515625, 149.7734375, 209.7734375, 269.7734375];
    for answer in [same, "read-forbidden", "inProgress L=-900 T=-900", "unknown L=-100 T=-100"] {
        assert_eq!(reading_times(LONG, window, answer, 11), expected, "{answer}");
    }
    // The one that the trigger follows takes the place of those just before and after it, and has retries.
    assert_eq!(reading_times(LONG, window, same, 15)[13..], [449.7734375, 510.0]);
    play(&format!("{WINDOW} \n 509 {same} -> window@510 \n 511 {same} -> trigger"));
    // A failing one counts from its reply, and may ask for a longer pause.
    play(&format!(
        "{WINDOW} \n 2 read-failed -> window@510 \n 505 read-failed retry=8 -> window@510 \n 513 {same} -> trigger"
    ));
}

#[test]
fn in_the_window_a_running_sync_is_joined() {
    let play = play(&format!("{WINDOW} \n 2 inProgress L=-100 T=-100 -> watch@4"));
    assert_eq!(play.machine.known_trigger(), Some(Trigger::Joined));
    super::play(&format!(
        "{WINDOW}
         2 inProgress L=-100 T=-100 -> watch@4
         4 completed L=3 T=-100 -> watch@9
         9 completed L=3 T=-100 -> joined"
    ));
}

#[test]
fn in_the_window_a_sync_that_has_completed_is_joined_once_it_stands() {
    let play = play(&format!(
        "{WINDOW}
         60 completed L=50 T=-100 D=60 -> window@660
         65 completed L=50 T=-100 D=65 -> joined"
    ));
    assert_eq!(play.machine.known_trigger(), Some(Trigger::Joined));
    // At the end of the window, and beyond.
    super::play(&format!(
        "{WINDOW}
         2 completed L=-100 T=-100 -> window@510
         1000 completed L=300 T=-100 D=1000 -> watch@1005
         1005 completed L=300 T=-100 -> joined"
    ));
    // The reading after the 429 may show it already.
    super::play(
        "0 completed L=-100 T=-100 D=0 -> trigger
         8 429 D=8 -> read
         8 completed L=4 T=-100 D=8 -> window@614
         13 completed L=4 T=-100 -> joined",
    );
    // The status of the one before may have stood until then.
    super::play(&format!(
        "{WINDOW}
         60 completed L=59 T=-100 D=60 -> window@669
         65 inProgress L=59 T=-100 D=65 -> watch@67"
    ));
}

#[test]
fn in_the_window_only_a_sync_that_began_after_the_first_reading_is_joined() {
    for (reading, next) in [
        ("failed L=50 T=-100", "660"),
        ("unknown L=50 T=-100", "660"),
        ("completed L=-100 T=50", "660"),
        // Before the first reading, by its `Date`. It was stale.
        ("completed L=-1 T=-100", "609"),
        ("completed L=0 T=-100", "610"),
    ] {
        let reading = format!("{reading} D=60 -> window@{next}");
        play(&format!(
            "0 completed L=-100 T=-100 D=0 -> trigger
             0 429 D=0 -> read
             0 completed L=-100 T=-100 D=0 -> window@510
             60 {reading}
             66 {reading}"
        ));
    }
}

#[test]
fn what_interrupts_a_candidate_in_the_window() {
    let before = format!("{WINDOW} \n 60 completed L=50 T=-100 D=60 -> window@660");
    for (between, end) in [
        ("unknown L=50 T=-100", "joined"),
        ("read-failed", "joined"),
        ("completed L=-100 T=-100", "joined"),
        ("failed L=50 T=-100", "window@660"),
    ] {
        let again = "70 completed L=50 T=-100 D=70";
        play(&format!("{before} \n 65 {between} -> window@660 \n {again} -> {end}"));
    }
}

#[test]
fn a_sync_that_ended_in_the_window_is_old_even_if_the_last_reading_before_the_trigger_is_stale() {
    play(&format!(
        "{WINDOW}
         300 failed L=300 T=-100 D=300 -> window@910
         910 completed L=-100 T=-100 -> trigger
         911 204 -> watch@913
         913 completed L=300 T=-100 -> watch@916
         1031 completed L=300 T=-100 -> unconfirmed"
    ));
}

/// If anything moves in the window, a sync may run or be about to. The wait looks on until its deadline.
#[test]
fn a_window_that_moves_beyond_the_deadline_is_no_end() {
    for (reading, end) in [
        ("completed L=300 T=-100 D=510", "joined"),
        ("failed L=300 T=-100 D=510", "window@910"),
        ("completed L=-100 T=300 D=510", "window@910"),
    ] {
        let before = format!("{WINDOW} \n 510 {reading} -> window@910 \n 515 {reading} -> {end}");
        play_until(800.0, &before);
        if end != "joined" {
            play_until(
                800.0,
                &format!("{before} \n 799 {reading} -> window@910 \n 799.5 {reading} -> too-soon@910"),
            );
        }
    }
    // No time for a second reading.
    play_until(
        515.0,
        &format!(
            "{WINDOW}
             514.5 completed L=300 T=-100 D=514 -> window@910.5
             514.6 completed L=300 T=-100 -> too-soon@910.5"
        ),
    );
}

#[test]
fn after_the_window_a_running_sync_is_joined() {
    let play = play(&format!("{WINDOW} \n 510 inProgress L=-100 T=-100 D=510 -> watch@512"));
    assert_eq!(play.machine.known_trigger(), Some(Trigger::Joined));
    super::play(&format!("{WINDOW} \n 510 inProgress L=500 T=500 D=510 -> watch@512"));
}

#[test]
fn moved_times_compute_the_window_anew() {
    for (reading, next) in [
        ("completed L=300 T=-100 D=510", "910"),
        ("completed L=-100 T=300 D=510", "910"),
        ("failed L=300 T=301 D=512", "909"),
    ] {
        play(&format!("{WINDOW} \n 510 {reading} -> window@{next}"));
    }
    let again = "510 failed L=300 D=510 T=-100 -> window@910 \n 910 failed L=300 T=-100 D=910 -> trigger";
    play(&format!("{WINDOW} \n {again}"));
}

#[test]
fn after_the_window_a_reading_that_fails_for_now_is_repeated_until_the_deadline() {
    for failure in ["read-failed", "cannot-connect"] {
        let failing = format!("{WINDOW} \n 510 {failure} -> retry@513");
        play(&format!(
            "{failing} \n 513 {failure} -> retry@517.5 \n 517.5 completed L=-100 T=-100 -> trigger"
        ));
        play_until(520.0, &format!("{failing} \n 519 {failure} -> request-failed"));
    }
    play(&format!("{WINDOW} \n 510 read-failed-for-good -> request-failed"));
    play(&format!("{WINDOW} \n 2 read-failed-for-good -> request-failed"));
}

#[test]
fn after_the_window_the_right_to_read_may_be_gone() {
    for (answer, end) in [("204", "unconfirmed"), ("409", "unconfirmed"), ("429 retry=5", "too-soon@515")] {
        play(&format!("{WINDOW} \n 510 read-forbidden -> trigger \n 510 {answer} -> {end}"));
    }
}

#[test]
fn throttling_pauses_double_up_to_the_window() {
    let mut lines = String::from("0 completed L=-5000 T=-5000 -> trigger");
    let mut now = 0;
    for pause in [30, 60, 120, 240, 480, 610, 610, 610] {
        lines += &format!("\n {now} 429 D={now} -> read");
        lines += &format!("\n {now} completed L=-5000 T=-5000 D={now} -> window@{}", now + pause);
        now += pause;
        lines += &format!("\n {now} completed L=-5000 T=-5000 D={now} -> trigger");
    }
    play(&lines);
}

#[test]
fn every_further_429_goes_the_same_way() {
    play(&format!(
        "{WINDOW}
         510 completed L=-100 T=-100 D=510 -> trigger
         511 429 retry=20 D=511 -> read
         512 completed L=-100 T=-100 D=512 -> window@531
         531 completed L=-100 T=-100 D=531 -> trigger
         531 429 D=531 -> read
         531 completed L=400 T=-100 D=531 -> window@1010
         1010 completed L=400 T=-100 D=1010 -> trigger
         1010 may-have-run -> watch@1012
         1040 completed L=400 T=-100 D=1010 -> trigger
         1040 may-have-run -> watch@1042
         1070 completed L=400 T=-100 D=1070 -> trigger-may-have-run"
    ));
}

/// The service's clock may seem to go back: front ends differ, and `Date` is rounded to a second.
#[test]
fn times_that_have_not_moved_are_not_waited_for_again() {
    play(&format!("{WINDOW} \n 510 completed L=-100 T=-100 D=505 -> trigger"));
}

#[test]
fn moved_times_without_any_date_mean_the_whole_window() {
    let before = "0 completed L=-100 T=-100 -> trigger
                  0 429 retry=10 -> read
                  0 completed L=-100 T=-100 -> window@10";
    play(&format!("{before} \n 10 completed L=5 T=-100 -> window@620"));
    play(&format!("{before} \n 10 completed L=-100 T=-100 -> trigger"));
}
