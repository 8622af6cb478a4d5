//! 409, and what it means for the end.

use super::play;

/// A wait whose trigger met a running sync at second 0.
fn met(baseline: &str, lines: &str) {
    play(&format!("0 {baseline} -> trigger \n 0 409 -> poll@2 \n {lines}"));
}

#[test]
fn a_joined_sync_is_seen_to_its_end() {
    for (status, end) in [("completed", "joined"), ("failed", "failed")] {
        for manual in ["-1001", "0"] {
            met(
                "completed L=-1000 T=-1001",
                &format!(
                    "2 inProgress L=-1000 T={manual} -> poll@5
                     5 {status} L=4 T={manual} -> poll@10
                     10 {status} L=4 T={manual} -> {end}"
                ),
            );
        }
    }
}

#[test]
fn a_joined_sync_that_was_never_seen_must_stand() {
    met(
        "completed L=-1000 T=-1001",
        "2 completed L=1 T=-1001 -> poll@7
         7 completed L=1 T=-1001 -> joined",
    );
}

#[test]
fn an_end_right_after_409_must_stand_though_the_baseline_was_running() {
    // What ran then need not be what 409 spoke of.
    met(
        "inProgress L=-1000 T=-1001",
        "2 completed L=1 T=-1001 -> poll@7
         7 inProgress L=1 T=-1001 -> poll@11.5
         11.5 completed L=9 T=-1001 -> poll@16.5
         16.5 completed L=9 T=-1001 -> joined",
    );
    met(
        "inProgress L=-1000 T=-1001",
        "2 completed L=1 T=-1001 -> poll@7
         7 completed L=1 T=-1001 -> joined",
    );
}

/// Replicas that lag by four seconds, and a sync that follows another at once, just before the trigger.
#[test]
fn what_is_seen_in_progress_after_409_may_be_the_sync_before() {
    met(
        "inProgress L=-456.739 T=-469",
        "2.3 inProgress L=-456.739 T=-469 -> poll@5
         5.4 completed L=-0.212 T=-469 -> poll@10.4
         10.5 inProgress L=-0.212 T=-469 -> poll@17.15
         18 completed L=10.31 T=-469 -> poll@23
         23 completed L=10.31 T=-469 -> joined",
    );
}

#[test]
fn where_l_marks_the_start_the_baseline_shows_that_it_ran() {
    for (status, end) in [("completed", "joined"), ("failed", "failed")] {
        met(
            "inProgress L=-3 T=-3",
            &format!(
                "2 {status} L=-3 T=-3 -> poll@7
                 7 {status} L=-3 T=-3 -> poll@12
                 12 {status} L=-3 T=-3 -> poll@17
                 17 {status} L=-3 T=-3 -> poll@22
                 22 {status} L=-3 T=-3 -> {end}"
            ),
        );
    }
}

#[test]
fn a_joined_sync_of_which_nothing_shows_is_unconfirmed() {
    met(
        "completed L=-1000 T=-1001",
        "119 completed L=-1000 T=0 -> poll@119 \n 120 completed L=-1000 T=0 -> unconfirmed",
    );
}

#[test]
fn where_409_stamps_t_an_earlier_start_is_no_end() {
    met(
        "completed L=-1000 T=-1001",
        "2 completed L=-1 T=0 -> poll@5
         9 completed L=-1 T=0 -> poll@9.5
         120 failed L=-1 T=0 -> unconfirmed",
    );
}
