//! Fleets, and calls in steps, against the emulator.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use autopilot_emulator::{Access, Behaviour, Config, Emulator, Reply, Step as Script, Token};
use autopilot_sync::{
    Answer, Canceller, Client, ClientBuilder, Error, ErrorKind, Fleet, FleetEvent, Goal, Phase, Step,
    SyncOutcome, SyncStatus, Trigger,
};

const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

/// Syncs that take two seconds.
fn quick() -> Behaviour {
    Behaviour {
        duration: Duration::from_secs(2),
        start_delay: Duration::from_millis(200),
        ..Behaviour::default()
    }
}

/// The token of a tenant.
fn token(tenant: usize) -> String {
    format!("token-of-the-tenant-{tenant}-0123456789")
}

/// So many tenants with a token each.
fn tenants(count: usize, behaviour: Behaviour) -> Emulator {
    let config = (0..count).fold(Config { behaviour, ..Config::default() }, |config, tenant| {
        config.token(&token(tenant), Token::new(Access::Full).of(&tenant.to_string()))
    });
    Emulator::start(config)
}

fn builder(emulator: &Emulator) -> ClientBuilder {
    let builder = Client::builder().ignore_environment().proxy(&emulator.proxy_url()).unwrap();
    builder.ca_file(emulator.ca_file()).unwrap()
}

fn client(emulator: &Emulator) -> Client {
    builder(emulator).build().unwrap()
}

/// A fleet of these tenants with their tokens.
fn fleet(emulator: &Emulator, count: usize, goal: Goal) -> Fleet<usize> {
    let fleet = Fleet::new(&client(emulator));
    for tenant in 0..count {
        fleet.add(tenant, &token(tenant), goal, HOUR).unwrap();
    }
    fleet
}

type Results = BTreeMap<usize, Result<SyncOutcome, Error>>;

/// What becomes of each tenant, by one thread.
fn results(fleet: &Fleet<usize>) -> Results {
    let results = Mutex::new(Results::new());
    work(fleet, &results);
    results.into_inner().unwrap()
}

fn work(fleet: &Fleet<usize>, results: &Mutex<Results>) {
    loop {
        match fleet.next(MINUTE) {
            FleetEvent::Ended { key, result } => {
                assert!(results.lock().unwrap().insert(key, result).is_none(), "{key} ended twice");
            }
            FleetEvent::Finished => return,
            FleetEvent::Behind => {}
            event => panic!("{event:?}"),
        }
    }
}

/// The next event, on a machine that may be too busy for one thread.
fn told<K: Clone + Eq + std::hash::Hash>(fleet: &Fleet<K>) -> FleetEvent<K> {
    loop {
        let event = fleet.next(MINUTE);
        if !matches!(event, FleetEvent::Behind) {
            return event;
        }
    }
}

fn answers(results: &Results) -> Vec<Answer> {
    results.values().map(|result| result.as_ref().unwrap().answer()).collect()
}

/// The requests as letters and tenants, like `G0 P0`.
fn requests(emulator: &Emulator) -> Vec<String> {
    let tenant = |request: &autopilot_emulator::Recorded| {
        let token = request.header("authorization").unwrap().trim_start_matches("Bearer ");
        token.split('-').nth(4).unwrap().to_owned()
    };
    let requests = emulator.requests();
    requests.iter().map(|request| format!("{}{}", &request.method[..1], tenant(request))).collect()
}

#[test]
fn each_goal_has_its_end() {
    let emulator = tenants(4, quick());
    let fleet = Fleet::new(&client(&emulator));
    let an_hour_ago = SystemTime::now() - HOUR;
    for (tenant, goal) in
        [Goal::Settings, Goal::Sync, Goal::SyncAndWait, Goal::SyncSince(an_hour_ago)].into_iter().enumerate()
    {
        fleet.add(tenant, &token(tenant), goal, HOUR).unwrap();
    }
    fleet.close();
    let results = results(&fleet);
    assert_eq!(answers(&results), [Answer::Accepted; 4]);
    let details: Vec<_> = results.values().map(|result| result.as_ref().unwrap().detail()).collect();
    let triggers: Vec<Trigger> = details.iter().map(|detail| detail.trigger()).collect();
    assert_eq!(triggers, [Trigger::NotSent, Trigger::Accepted, Trigger::Accepted, Trigger::Accepted]);
    let statuses: Vec<_> = details.iter().map(|detail| detail.settings()?.status()).collect();
    let completed = Some(&SyncStatus::Completed);
    assert_eq!(statuses, [completed, None, completed, completed]);
    assert!(fleet.is_empty());
}

#[test]
fn one_thread_watches_all_and_triggers_each_once_right_after_its_look() {
    const COUNT: usize = 60;
    let emulator = tenants(COUNT, quick());
    let fleet = fleet(&emulator, COUNT, Goal::SyncAndWait);
    fleet.close();
    assert_eq!(answers(&results(&fleet)), [Answer::Accepted; COUNT]);
    let requests = requests(&emulator);
    for tenant in 0..COUNT {
        let trigger = requests.iter().position(|request| *request == format!("P{tenant}")).unwrap();
        assert_eq!(requests[trigger - 1], format!("G{tenant}"), "nothing comes between");
    }
    assert_eq!(requests.iter().filter(|request| request.starts_with('P')).count(), COUNT);
    let last_trigger = requests.iter().rposition(|request| request.starts_with('P')).unwrap();
    assert!(last_trigger < COUNT * 3, "no trigger waits for the end of another's sync: {requests:?}");
    assert_eq!(emulator.counts().handshakes, 1, "one thread needs one connection");
}

#[test]
fn many_threads_share_a_fleet_that_grows() {
    const COUNT: usize = 200;
    let emulator = tenants(COUNT, quick());
    let fleet = fleet(&emulator, COUNT / 2, Goal::SyncAndWait);
    let results = Mutex::new(Results::new());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| work(&fleet, &results));
        }
        for tenant in COUNT / 2..COUNT {
            fleet.add(tenant, &token(tenant), Goal::SyncAndWait, HOUR).unwrap();
        }
        fleet.close();
    });
    assert_eq!(answers(&results.into_inner().unwrap()), [Answer::Accepted; COUNT]);
    assert_eq!(requests(&emulator).iter().filter(|request| request.starts_with('P')).count(), COUNT);
}

#[test]
fn a_token_is_asked_for_when_its_turn_comes_and_when_it_is_refused() {
    let emulator = tenants(1, quick());
    emulator.set_token("challenged-0123456789", Token::new(Access::Challenged));
    let fleet = Fleet::new(&client(&emulator));
    fleet.add("a", None, Goal::Sync, HOUR).unwrap();
    let FleetEvent::WantsToken { key: "a", refusal: None } = told(&fleet) else { panic!() };
    assert!(emulator.requests().is_empty());
    let error = fleet.set_token(&"a", Some("two words")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    fleet.set_token(&"a", Some("challenged-0123456789")).unwrap();
    let FleetEvent::WantsToken { key: "a", refusal: Some(refusal) } = told(&fleet) else { panic!() };
    assert_eq!(refusal.kind(), ErrorKind::Unauthorized);
    assert!(refusal.detail().claims().unwrap().starts_with('{'), "{refusal:?}");
    assert!(matches!(fleet.next(Duration::ZERO), FleetEvent::TimedOut), "it rests");
    fleet.set_token(&"a", &token(0)).unwrap();
    let FleetEvent::Ended { key: "a", result: Ok(outcome) } = told(&fleet) else { panic!() };
    assert_eq!(outcome.answer(), Answer::Accepted);
    assert_eq!(fleet.set_token(&"a", None).unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn without_a_token_a_call_ends() {
    let emulator = tenants(0, quick());
    emulator.set_token("expired-0123456789", Token::new(Access::Expired));
    let fleet = Fleet::new(&client(&emulator));
    for (given, kind) in
        [(None, ErrorKind::InvalidArgument), (Some("expired-0123456789"), ErrorKind::Unauthorized)]
    {
        fleet.add((), given, Goal::SyncAndWait, HOUR).unwrap();
        assert!(matches!(told(&fleet), FleetEvent::WantsToken { .. }));
        fleet.set_token(&(), None).unwrap();
        let FleetEvent::Ended { result: Err(error), .. } = told(&fleet) else { panic!() };
        assert_eq!(error.kind(), kind);
    }
}

/// So a caller who does not answer is told the end all the same.
#[test]
fn a_call_that_waits_for_a_token_ends_when_its_time_is_over() {
    let emulator = tenants(0, quick());
    emulator.set_token("expired-0123456789", Token::new(Access::Expired));
    let fleet = Fleet::new(&client(&emulator));
    let second = Duration::from_secs(1);
    fleet.add(ErrorKind::InvalidArgument, None, Goal::Sync, second).unwrap();
    fleet.add(ErrorKind::Unauthorized, Some("expired-0123456789"), Goal::Sync, second).unwrap();
    fleet.close();
    for _ in 0..2 {
        assert!(matches!(told(&fleet), FleetEvent::WantsToken { .. }));
    }
    for _ in 0..2 {
        let FleetEvent::Ended { key, result: Err(error) } = told(&fleet) else { panic!() };
        assert_eq!(error.kind(), key);
    }
}

#[test]
fn a_cancel_ends_one_or_all_and_tells_what_became_of_each() {
    const COUNT: usize = 100;
    let emulator = tenants(COUNT, Behaviour::default()); // syncs of ten seconds
    let fleet = fleet(&emulator, COUNT, Goal::SyncAndWait);
    fleet.add(COUNT, None, Goal::SyncAndWait, HOUR).unwrap();
    let results = Mutex::new(Results::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    match fleet.next(MINUTE) {
                        FleetEvent::Ended { key, result } => {
                            results.lock().unwrap().insert(key, result);
                        }
                        FleetEvent::Finished => return,
                        _ => {}
                    }
                }
            });
        }
        let is_watched = |tenant| {
            let look = format!("G{tenant}");
            requests(&emulator).iter().filter(|request| **request == look).count() > 1
        };
        while !(0..COUNT).all(is_watched) {
            thread::sleep(Duration::from_millis(10));
        }
        fleet.cancel_one(&7);
        while results.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        assert_eq!(results.lock().unwrap().keys().next(), Some(&7));
        fleet.cancel();
        fleet.add(COUNT + 1, &token(0), Goal::Sync, HOUR).unwrap();
        fleet.close();
    });
    let results = results.into_inner().unwrap();
    assert_eq!(results.len(), COUNT + 2);
    for (tenant, result) in &results {
        let error = result.as_ref().unwrap_err();
        let expected = if *tenant < COUNT { Trigger::Accepted } else { Trigger::NotSent };
        assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Cancelled, expected), "{tenant}");
        let has_ids = error.detail().attempts().iter().any(|attempt| attempt.request_id().is_some());
        assert_eq!(has_ids, *tenant < COUNT);
    }
}

#[test]
fn a_cancel_ends_a_request_that_hangs() {
    let emulator = tenants(1, quick());
    emulator.script([Script::service().after(HOUR)]);
    let fleet = fleet(&emulator, 1, Goal::Sync);
    thread::scope(|scope| {
        let next = scope.spawn(|| fleet.next(HOUR));
        assert!(emulator.wait(MINUTE, |counts| counts.requests == 1));
        fleet.cancel();
        let FleetEvent::Ended { result: Err(error), .. } = next.join().unwrap() else { panic!() };
        assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Cancelled, Trigger::MayHaveRun));
    });
}

#[test]
fn a_full_fleet_has_room_again_when_a_call_has_ended() {
    const COUNT: usize = 50;
    let emulator = tenants(COUNT, quick());
    let fleet = Fleet::new(&client(&emulator)).with_limit(3);
    let mut results = Results::new();
    let mut next = || {
        if let FleetEvent::Ended { key, result } = fleet.next(MINUTE) {
            results.insert(key, result);
        }
    };
    for tenant in 0..COUNT {
        while !fleet.has_room() {
            assert_eq!(fleet.len(), 3);
            next();
        }
        fleet.add(tenant, &token(tenant), Goal::Sync, HOUR).unwrap();
    }
    while !fleet.is_empty() {
        next();
    }
    assert_eq!(answers(&results), [Answer::Accepted; COUNT]);
}

#[test]
fn what_cannot_be_added_is_refused() {
    let emulator = tenants(1, quick());
    let fleet = Fleet::new(&client(&emulator)).with_limit(2);
    let refused = |key, token, goal, timeout| fleet.add(key, token, goal, timeout).unwrap_err();
    fleet.add(0, None, Goal::Sync, HOUR).unwrap();
    let future = Goal::SyncSince(SystemTime::now() + HOUR);
    for (error, expected) in [
        (refused(0, None, Goal::Sync, HOUR), "a tenant with this key"),
        (refused(1, Some(""), Goal::Sync, HOUR), "the token is empty"),
        (refused(1, None, Goal::Sync, Duration::ZERO), "from 1 millisecond"),
        (refused(1, None, future, HOUR), "in the future"),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(expected), "{error}");
    }
    fleet.add(1, None, Goal::Sync, HOUR).unwrap();
    assert!(refused(2, None, Goal::Sync, HOUR).to_string().contains("full"));
    fleet.close();
    assert!(refused(2, None, Goal::Sync, HOUR).to_string().contains("closed"));
}

#[test]
fn next_returns_when_its_time_has_passed() {
    let emulator = tenants(0, quick());
    let fleet = Fleet::<()>::new(&client(&emulator));
    assert!(matches!(fleet.next(Duration::ZERO), FleetEvent::TimedOut));
    assert!(matches!(fleet.next(Duration::from_millis(10)), FleetEvent::TimedOut));
    fleet.close();
    assert!(matches!(fleet.next(Duration::MAX), FleetEvent::Finished));
}

#[test]
fn next_returns_when_its_time_has_passed_though_more_is_due() {
    let emulator = tenants(3, quick());
    let fleet = fleet(&emulator, 3, Goal::SyncAndWait);
    for step in 1..=3 {
        while !matches!(fleet.next(Duration::ZERO), FleetEvent::TimedOut)
            || emulator.requests().len() < 2 * step
        {}
        assert_eq!(emulator.requests().len(), 2 * step);
    }
}

#[test]
fn a_fleet_that_is_late_asks_for_a_thread() {
    const COUNT: usize = 20;
    let emulator = tenants(COUNT, quick());
    let fleet = fleet(&emulator, COUNT, Goal::Sync);
    let late = Instant::now() + Duration::from_millis(100);
    thread::sleep(late.saturating_duration_since(Instant::now())); // all are due for long
    assert!(matches!(fleet.next(MINUTE), FleetEvent::Behind));
    fleet.close();
    assert_eq!(answers(&results(&fleet)), [Answer::Accepted; COUNT]);
}

/// Two of the requests hang. The threads that they hold up are replaced.
#[test]
fn requests_that_hang_hold_up_no_other_tenant() {
    const COUNT: usize = 40;
    let emulator = tenants(COUNT, quick());
    emulator.script([Script::service().after(HOUR), Script::service().after(HOUR)]);
    let fleet = Fleet::new(&builder(&emulator).timeout(HOUR).unwrap().build().unwrap());
    for tenant in 0..COUNT {
        fleet.add(tenant, &token(tenant), Goal::SyncAndWait, HOUR).unwrap();
    }
    let results = Mutex::new(Results::new());
    thread::scope(|scope| {
        helping(scope, &fleet, &results);
        helping(scope, &fleet, &results);
        while results.lock().unwrap().len() < COUNT - 2 {
            thread::sleep(Duration::from_millis(10));
        }
        fleet.cancel();
        fleet.close();
    });
    let results = results.into_inner().unwrap();
    let accepted = results.values().filter(|result| result.is_ok()).count();
    assert_eq!((results.len(), accepted), (COUNT, COUNT - 2));
}

/// A thread that starts another when the fleet asks for one.
fn helping<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    fleet: &'scope Fleet<usize>,
    results: &'scope Mutex<Results>,
) {
    scope.spawn(move || {
        loop {
            match fleet.next(MINUTE) {
                FleetEvent::Ended { key, result } => {
                    results.lock().unwrap().insert(key, result);
                }
                FleetEvent::Behind => helping(scope, fleet, results),
                FleetEvent::Finished => return,
                event => panic!("{event:?}"),
            }
        }
    });
}

#[test]
fn a_service_that_throttles_slows_the_whole_fleet() {
    const COUNT: usize = 4;
    let emulator = tenants(COUNT, quick());
    let throttled = || Script::reply(Reply::new(503).header("Retry-After", "1"));
    emulator.script((0..4 * COUNT).map(|_| throttled()));
    let fleet = fleet(&emulator, COUNT, Goal::Settings);
    fleet.close();
    for result in results(&fleet).values() {
        assert_eq!(result.as_ref().unwrap_err().detail().http_status(), Some(503));
    }
    // The retries of each tenant alone take three seconds. The gaps, which double up to a second, take six.
    let times: Vec<_> = emulator.requests().iter().map(|request| request.time).collect();
    assert_eq!(times.len(), 4 * COUNT);
    assert!(times[15] - times[0] >= chrono::TimeDelta::seconds(5), "{times:?}");
}

/// The same call as in a fleet, driven by hand.
#[test]
fn a_call_in_steps_never_sleeps() {
    let emulator = tenants(1, quick());
    let canceller = Canceller::new();
    let client = client(&emulator).with_canceller(&canceller);
    let mut wait = client.wait(&token(0), Goal::SyncAndWait, HOUR).unwrap();
    let Step::Pause(until) = wait.step() else { panic!() };
    assert_eq!(requests(&emulator), ["G0", "P0"], "the look and the trigger are one step");
    assert!(until > Instant::now());
    let Step::Pause(again) = wait.step() else { panic!() };
    assert_eq!((again, emulator.requests().len()), (until, 2), "nothing is due yet");
    canceller.cancel();
    let Step::Done(Err(error)) = wait.step() else { panic!() };
    assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Cancelled, Trigger::Accepted));
    let Step::Done(Err(error)) = wait.step() else { panic!() };
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "there are no more steps");
    assert_eq!(wait.set_token(&token(0)).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(wait.stop().unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[test]
fn a_call_in_steps_can_be_stopped() {
    let emulator = tenants(1, Behaviour { last_sync: autopilot_emulator::Past::Ago(MINUTE), ..quick() });
    let client = client(&emulator);
    let mut wait = client.wait(&token(0), Goal::SyncAndWait, HOUR).unwrap();
    let Step::Pause(_) = wait.step() else { panic!() };
    assert_eq!(requests(&emulator), ["G0", "P0"]);
    let Step::Pause(_) = wait.step() else { panic!() };
    assert_eq!(requests(&emulator), ["G0", "P0", "G0"], "after a 429, one reading tells when");
    assert_eq!((wait.progress().phase(), wait.progress().trigger()), (Phase::Window, Trigger::Refused));
    let outcome = wait.stop().unwrap();
    assert_eq!(outcome.answer(), Answer::TooSoon);
    assert!(outcome.detail().retry_after().unwrap() > Duration::from_secs(500));

    let wait = client.wait(&token(0), Goal::SyncAndWait, HOUR).unwrap();
    assert_eq!(wait.stop().unwrap_err().kind(), ErrorKind::Cancelled);
}
