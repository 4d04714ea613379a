//! A randomised simulation of the whole engine with its real state. Both collections, their users, the clock,
//! the order of answers and the moments at which the program is killed are under the control of one seed, so
//! that any failure replays: `PIMBRIDGE_SEED=17 cargo test --test simulation`.

mod chance;
mod collection;
mod scenario;

use std::time::{Duration, Instant};

/// How many seeds a plain test run tries; `PIMBRIDGE_SEEDS` asks for another number.
const SEEDS: u64 = 2_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number")))
}

#[test]
fn simulation() {
    if let Some(seed) = number("PIMBRIDGE_SEED") {
        return scenario::play(seed);
    }
    let seeds = number("PIMBRIDGE_SEEDS").unwrap_or(SEEDS);
    // Every run of the tests tries the same seeds; a night's run starts where it is told.
    let first = number("PIMBRIDGE_FIRST_SEED").unwrap_or(0);
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()) as u64;
    let failed: Vec<u64> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let seeds = (first + worker..first + seeds).step_by(threads as usize);
                scope.spawn(move || {
                    let fails = |seed: &u64| std::panic::catch_unwind(|| scenario::play(*seed)).is_err();
                    seeds.filter(fails).take(5).collect::<Vec<u64>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    });
    let took = begun.elapsed();
    assert!(failed.is_empty(), "failing seeds (replay with PIMBRIDGE_SEED=…): {failed:?}");
    println!("{seeds} seeds from {first} in {:.1} s", took.max(Duration::from_millis(1)).as_secs_f64());
}
