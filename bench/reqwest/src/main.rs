//! The same request with reqwest's blocking client. It has the arguments of `../c/bench.h`.

use std::env;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap};

struct Bench {
    client: Client,
    url: String,
    headers: HeaderMap,
}

impl Bench {
    fn new() -> Bench {
        let setting = |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("Bearer {}", setting("BENCH_TOKEN")).parse().unwrap());
        headers.insert(ACCEPT, "application/json".parse().unwrap());
        headers.insert("client-request-id", "01234567-89ab-4def-8123-456789abcdef".parse().unwrap());
        let url = format!("{}/beta/deviceManagement/windowsAutopilotSettings/sync", setting("BENCH_ROOT"));
        Bench { client: Client::builder().timeout(Duration::from_secs(30)).build().unwrap(), url, headers }
    }

    fn call(&self) {
        let answer = self.client.post(&self.url).headers(self.headers.clone()).body("").send().unwrap();
        assert_eq!(answer.status(), 204);
        answer.bytes().unwrap();
    }

    fn warm(&self, calls: usize) {
        self.call();
        let took = |()| {
            let begin = Instant::now();
            self.call();
            begin.elapsed().as_nanos().to_string()
        };
        let cpu = cpu();
        let took: Vec<String> = std::iter::repeat_n((), calls).map(took).collect();
        println!("{}\n{}", (self::cpu() - cpu) / calls as u128, took.join(" "));
    }

    fn threads(&self, count: usize, time: Duration) {
        let ready = Barrier::new(count + 1);
        let run = || {
            self.call();
            ready.wait();
            let begin = Instant::now();
            let mut calls = 0;
            while begin.elapsed() < time {
                self.call();
                calls += 1;
            }
            calls
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..count).map(|_| scope.spawn(run)).collect();
            ready.wait();
            let begin = Instant::now();
            let calls: u64 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            println!("{calls} {}", begin.elapsed().as_secs_f64());
        });
    }
}

/// The CPU time of all threads of this process, in nanoseconds.
fn cpu() -> u128 {
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
        text.split(' ').next().unwrap().parse::<u128>().unwrap()
    };
    std::fs::read_dir("/proc/self/task").unwrap().map(of).sum()
}

fn main() {
    let bench = Bench::new();
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cold"] => bench.call(),
        ["warm", calls] => bench.warm(calls.parse().unwrap()),
        ["threads", count, time] => {
            bench.threads(count.parse().unwrap(), Duration::from_millis(time.parse().unwrap()))
        }
        _ => panic!("cold | warm CALLS | threads COUNT MILLISECONDS"),
    }
}
