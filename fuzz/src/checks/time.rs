//! Times of the service. An input has two lines in the service's own form, and one in HTTP's.

use std::cmp::Ordering;
use std::time::{Duration, UNIX_EPOCH};

use chrono::DateTime;

use super::text_line;
use crate::text::Time;

pub fn time(mut data: &[u8]) {
    let (one, other) = (text_line(&mut data), text_line(&mut data));
    assert_http(text_line(&mut data));
    assert_eq!(Time::parse(one).is_some(), DateTime::parse_from_rfc3339(one).is_ok());
    if let Some(time) = Time::parse(one) {
        assert_moved(time);
        assert_finer(one, time);
        if let Some(other) = Time::parse(other) {
            assert_order(time, other);
        }
    }
}

/// HTTP's form is read and written to the second.
fn assert_http(text: &str) {
    let Some(time) = Time::parse_http(text) else { return };
    let seconds = u64::try_from(time.unix_milliseconds() / 1000).expect("not before 1970");
    let written = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(Time::parse_http(&written), Some(time));
}

fn assert_moved(time: Time) {
    for seconds in [1, 610, 86_400] {
        let later = time.plus_seconds(seconds);
        assert_eq!(later.compare(time), Ordering::Greater);
        assert_eq!(later.unix_milliseconds() - time.unix_milliseconds(), seconds * 1000);
        assert_eq!(later.duration_since(time), Duration::from_secs(seconds as u64));
        assert_eq!(time.duration_since(later), Duration::ZERO);
        assert_eq!(later.plus_seconds(-seconds), time);
    }
}

/// The same with more digits is the same instant.
fn assert_finer(text: &str, time: Time) {
    let Some((seconds, rest)) = text.split_once('.') else { return };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let finer = format!("{seconds}.{}7{}", &rest[..digits], &rest[digits..]);
    let finer = Time::parse(&finer).expect("one digit more is a time too");
    assert_eq!(finer.compare(time), Ordering::Equal, "{text}");
}

fn assert_order(one: Time, other: Time) {
    let order = one.compare(other);
    assert_eq!(one.compare(one), Ordering::Equal);
    assert_eq!(other.compare(one), order.reverse());
    assert_eq!(crate::text::time::compare(Some(one), Some(other)), order);
    let distance = one.unix_milliseconds() - other.unix_milliseconds();
    if distance.abs() >= 1000 {
        assert_eq!(order, distance.cmp(&0));
    }
    match u64::try_from(distance) {
        Ok(distance) => assert!(one.duration_since(other).as_secs().abs_diff(distance.div_ceil(1000)) <= 1),
        Err(_) => assert_eq!(one.duration_since(other), Duration::ZERO),
    }
}
