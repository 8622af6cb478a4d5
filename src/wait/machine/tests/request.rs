//! Calls of one request, and tokens that the service refuses.

use super::{Goal, LONG, play, play_for, play_until};

fn sync_until(deadline: f64, lines: &str) {
    play_for(Goal::Sync, deadline, 0.0, lines);
}

fn sync(lines: &str) {
    sync_until(LONG, lines);
}

fn settings(lines: &str) {
    play_for(Goal::Settings, LONG, 0.0, lines);
}

#[test]
fn the_reply_is_the_end() {
    for (event, end) in [
        ("204 D=0", "accepted"),
        ("409", "already-running"),
        ("429 retry=30", "too-soon"),
        ("may-have-run", "trigger-may-have-run"),
        ("trigger-failed", "request-failed"),
        ("trigger-failed-for-now once=", "request-failed"),
    ] {
        sync(&format!("1 {event} -> {end}"));
    }
    for (event, end) in [
        ("completed L=-1000", "settings"),
        ("inProgress L=-1000", "settings"),
        ("read-forbidden", "request-failed"),
        ("read-failed-for-good", "request-failed"),
        ("read-failed once=", "request-failed"),
        ("cannot-connect", "request-failed"),
    ] {
        settings(&format!("1 {event} -> {end}"));
    }
}

#[test]
fn a_request_that_failed_in_passing_is_repeated() {
    sync(
        "1 trigger-failed-for-now -> retry@2
         3 trigger-failed-for-now -> retry@5
         6 trigger-failed-for-now retry=30 -> retry@36
         40 trigger-failed-for-now -> request-failed",
    );
    sync("1 trigger-failed-for-now -> retry@2 \n 3 204 -> accepted");
    settings("1 read-failed -> retry@2 \n 3 completed L=-1000 -> settings");
    sync_until(31.0, "1 trigger-failed-for-now retry=30 -> request-failed");
}

#[test]
fn one_reading_tells_when_the_next_trigger_is_possible() {
    let asked = "1 429 D=1 -> read";
    sync(&format!("{asked} \n 2 completed L=-100 D=2 -> too-soon@510"));
    sync(&format!("{asked} \n 2 completed L=-100.5 D=2 -> too-soon@510"));
    sync(&format!("{asked} \n 2 completed L=99999999 D=2 -> too-soon@86402"));
    sync(&format!("{asked} \n 2 completed L=-608 D=2 -> too-soon"));
    sync(&format!("{asked} \n 2 completed L=never D=2 -> too-soon"));
    for failure in ["read-forbidden", "read-failed", "read-failed-for-good", "token-refused"] {
        sync(&format!("{asked} \n 2 {failure} -> too-soon"));
    }
}

#[test]
fn a_refused_token_is_replaced_once() {
    sync("1 token-refused -> ask-for-token \n 2 token -> trigger \n 3 204 -> accepted");
    sync("1 token-refused -> ask-for-token \n 2 no-token -> request-failed");
    sync("1 token-refused -> ask-for-token \n 2 token -> trigger \n 3 token-refused -> request-failed");
    settings("1 token-refused -> ask-for-token \n 2 token -> read \n 3 completed L=-1000 -> settings");
    for before in ["0", "0 completed L=-1000 -> trigger \n 0 204 D=0 -> watch@2 \n 2"] {
        play(&format!(
            "{before} token-refused -> ask-for-token \n 9 token -> read \n 9 token-refused -> request-failed"
        ));
        play(&format!("{before} token-refused -> ask-for-token \n 9 no-token -> request-failed"));
    }
    // A reply to a request with the new token makes it an old one.
    play(
        "0 token-refused -> ask-for-token
         9 token -> read
         9 completed L=-1000 -> trigger
         9 token-refused -> ask-for-token
         20 token -> read",
    );
}

#[test]
fn a_reading_comes_before_a_trigger_whose_token_was_replaced() {
    let refused = "0 completed L=-1000 -> trigger \n 0 token-refused -> ask-for-token \n 90 token -> read";
    play(&format!("{refused} \n 90 completed L=-1000 D=90 -> trigger \n 90 204 D=90 -> watch@92"));
    play(&format!("{refused} \n 90 inProgress L=-1000 D=90 -> watch@92"));
    // After a 429, the same reading is due again.
    play(
        "0 completed L=-100 D=0 -> trigger
         0 429 D=0 -> read
         1 token-refused -> ask-for-token
         9 token -> read
         9 completed L=-100 D=9 -> window@510",
    );
    play_until(5.0, "0 token-refused -> ask-for-token \n 9 token -> request-failed");
}

#[test]
fn a_reading_comes_before_a_trigger_that_failed_for_now() {
    let failed = "0 completed L=-1000 -> trigger \n 0 trigger-failed-for-now -> retry@3";
    play(&format!(
        "{failed}
         3 completed L=-1000 D=3 -> trigger
         3 trigger-failed-for-now -> retry@7.5
         8 completed L=-1000 D=8 -> trigger
         8 204 D=8 -> watch@10"
    ));
    play(&format!("{failed} \n 3 inProgress L=-1000 D=3 -> watch@5"));
    play(&format!("{failed} \n 3 read-forbidden -> trigger \n 3 trigger-failed-for-now -> retry@7.5"));
    play("0 completed L=-1000 -> trigger \n 0 trigger-failed-for-now retry=50 -> retry@50");
    play_until(5.0, "0 completed L=-1000 -> trigger \n 0 trigger-failed-for-now retry=50 -> request-failed");
    // A trigger that may have run is repeated once at most.
    play(
        "0 completed L=-1000 -> trigger
         0 may-have-run -> watch@2
         30 completed L=-1000 -> trigger
         30 trigger-failed-for-now -> request-failed",
    );
}

/// A trigger without the right to read was not taken. The next reading still knows what was read before.
#[test]
fn a_sync_since_the_last_reading_is_joined_although_one_was_forbidden_in_between() {
    let failed = "0 completed L=-1000 D=0 -> trigger \n 0 trigger-failed-for-now -> retry@3";
    for refused in [
        "3 read-forbidden -> trigger \n 3 trigger-failed-for-now -> retry@7.5",
        "3 read-forbidden -> trigger \n 3 token-refused -> ask-for-token \n 8 token -> read",
        // It was read before, but not confirmed.
        "6 completed L=5 D=6 -> window@615 \n 11 read-failed -> window@615
         615 read-forbidden -> trigger \n 615 trigger-failed-for-now -> retry@625.125",
    ] {
        let joined = "700 completed L=5 D=700 -> watch@705 \n 705 completed L=5 D=705 -> joined";
        play(&format!("{failed} \n {refused} \n {joined}"));
    }
}
