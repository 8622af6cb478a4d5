//! A 409: the running sync is joined.

use super::play;

/// A wait whose trigger meets a running sync at second 0.
fn met(baseline: &str, lines: &str) {
    play(&format!("0 {baseline} -> trigger \n 0 409 -> watch@2 \n {lines}"));
}

#[test]
fn a_joined_sync_is_watched_to_its_end() {
    for (status, end) in [("completed", "joined"), ("failed", "failed")] {
        for manual in ["-1001", "0"] {
            met(
                "completed L=-1000 T=-1001",
                &format!(
                    "2 inProgress L=-1000 T={manual} -> watch@5
                     5 {status} L=4 T={manual} -> watch@10
                     10 {status} L=4 T={manual} -> {end}"
                ),
            );
        }
    }
}

#[test]
fn a_joined_sync_that_was_never_seen_must_be_confirmed() {
    met(
        "completed L=-1000 T=-1001",
        "2 completed L=1 T=-1001 -> watch@7
         7 completed L=1 T=-1001 -> joined",
    );
}

#[test]
fn an_end_right_after_409_must_be_confirmed_though_the_baseline_was_running() {
    // The sync that ran then is perhaps not the one that caused the 409.
    met(
        "inProgress L=-1000 T=-1001",
        "2 completed L=1 T=-1001 -> watch@7
         7 inProgress L=1 T=-1001 -> watch@11.5
         11.5 completed L=9 T=-1001 -> watch@16.5
         16.5 completed L=9 T=-1001 -> joined",
    );
    met(
        "inProgress L=-1000 T=-1001",
        "2 completed L=1 T=-1001 -> watch@7
         7 completed L=1 T=-1001 -> joined",
    );
}

/// The replicas are four seconds behind, and one sync follows another just before the trigger.
#[test]
fn in_progress_after_409_may_be_the_previous_sync() {
    met(
        "inProgress L=-456.739 T=-469",
        "2.3 inProgress L=-456.739 T=-469 -> watch@5
         5.4 completed L=-0.212 T=-469 -> watch@10.4
         10.5 inProgress L=-0.212 T=-469 -> watch@17.15
         18 completed L=10.31 T=-469 -> watch@23
         23 completed L=10.31 T=-469 -> joined",
    );
}

#[test]
fn if_the_time_marks_the_start_the_baseline_shows_that_it_ran() {
    for (status, end) in [("completed", "joined"), ("failed", "failed")] {
        met(
            "inProgress L=-3 T=-3",
            &format!(
                "2 {status} L=-3 T=-3 -> watch@7
                 7 {status} L=-3 T=-3 -> watch@12
                 12 {status} L=-3 T=-3 -> watch@17
                 17 {status} L=-3 T=-3 -> watch@22
                 22 {status} L=-3 T=-3 -> {end}"
            ),
        );
    }
}

#[test]
fn a_joined_sync_that_does_not_show_is_unconfirmed() {
    met(
        "completed L=-1000 T=-1001",
        "119 completed L=-1000 T=0 -> watch@119 \n 120 completed L=-1000 T=0 -> unconfirmed",
    );
}

#[test]
fn if_409_moves_the_trigger_time_an_earlier_start_is_no_end() {
    met(
        "completed L=-1000 T=-1001",
        "2 completed L=-1 T=0 -> watch@5
         9 completed L=-1 T=0 -> watch@9.5
         120 failed L=-1 T=0 -> unconfirmed",
    );
}
