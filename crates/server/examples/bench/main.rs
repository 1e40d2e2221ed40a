#![expect(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a benchmark prints, and stops where its own arithmetic is wrong"
)]

//! The budgets of the design, measured: `cargo xtask bench [--quick]`; `--policies` and
//! `--accounts` for those alone.
//!
//! Every figure is a ratio to a baseline of the same run. The server runs in a process of its own, over
//! SQLite on disk, and its processor time is what the system accounted to it; the client's is not in it.

mod load;
mod policies;
mod process;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyward_crypto::{P256PrivateKey, Secp256k1PrivateKey, os_rng, sha256};

use crate::load::Story;
use crate::process::Server;

/// As in the `keyward` binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How long each load lasts and how much is stored.
struct Scale {
    load: Duration,
    sub_organizations: u32,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["--server", folder] => process::serve(Path::new(folder)),
        [] => run(&Scale { load: Duration::from_secs(8), sub_organizations: 1_000_000 }),
        ["--policies"] => {
            row("what", "measured", "baseline", "ratio", "budget");
            policies(&Crypto::measure())
        }
        ["--accounts"] => {
            row("what", "measured", "baseline", "ratio", "budget");
            accounts()
        }
        ["--quick"] => run(&Scale { load: Duration::from_secs(3), sub_organizations: 10_000 }),
        _ => {
            eprintln!("usage: bench [--quick | --policies | --accounts]");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(scale: &Scale) -> Result<(), Failure> {
    let crypto = Crypto::measure();
    row("what", "measured", "baseline", "ratio", "budget");
    policies(&crypto)?;

    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let story = Arc::new(Story::begin(&server).await?);

    let sign = cpu(&server, scale, &story, Story::sign).await?;
    compare("CPU, sign_raw_payload", sign.cpu, crypto.verify + crypto.secp256k1_sign, 1.6);
    let login = cpu(&server, scale, &story, Story::login).await?;
    compare("CPU, stamp_login", login.cpu, crypto.verify + crypto.p256_sign, 2.0);
    let constant = cpu(&server, scale, &story, Story::constant).await?;
    let query = cpu(&server, scale, &story, Story::query).await?;
    compare("CPU, X-Session query", query.cpu, constant.cpu, 1.5);

    let half = load::at_rate(&story, sign.per_second / 2.0, scale.load).await?;
    compare("latency p99 at half load", half.percentile(99), half.percentile(50), 4.0);

    let few = load::one_by_one(&story, scale.load / 4).await?.percentile(50);
    let idle = server.resident_mib()?;
    drop(server);
    let began = Instant::now();
    process::populate(folder.path(), scale.sub_organizations).await?;
    eprintln!("stored {} sub-organizations in {:.0?}", scale.sub_organizations, began.elapsed());
    let server = Server::start(folder.path())?;
    let idle_after = server.resident_mib()?;
    let story = Arc::new(Story::begin(&server).await?);
    load::one_by_one(&story, scale.load / 8).await?;
    let many = load::one_by_one(&story, scale.load / 4).await?.percentile(50);
    compare("sign latency, many stored", many, few, 1.2);
    let again = cpu(&server, scale, &story, Story::sign).await?;

    println!();
    println!("sign_raw_payload   {:>8.0} /s with {} clients", sign.per_second, load::CLIENTS);
    println!("  after storing    {:>8.0} /s", again.per_second);
    println!("stamp_login        {:>8.0} /s", login.per_second);
    println!("X-Session query    {:>8.0} /s", query.per_second);
    println!("constant answer    {:>8.0} /s", constant.per_second);
    println!(
        "cold start         {:>8.1} ms to the first answer",
        server.started_in.as_secs_f64() * 1e3
    );
    println!(
        "memory, idle       {idle:>8.1} MiB; {idle_after:.1} MiB over {} sub-organizations",
        scale.sub_organizations
    );
    println!("memory, under load {:>8.1} MiB", server.resident_mib()?);
    Ok(())
}

/// A wallet of ten thousand accounts, made in one activity.
#[tokio::main(flavor = "current_thread")]
async fn accounts() -> Result<(), Failure> {
    const ACCOUNTS: u32 = 10_000;
    let folder = tempfile::tempdir()?;
    let server = Server::start(folder.path())?;
    let story = Story::begin(&server).await?;
    let many = load::many_accounts(&story, ACCOUNTS).await?;
    compare("sign latency, last account", many.last.percentile(50), many.first.percentile(50), 1.1);
    println!();
    println!("{ACCOUNTS} accounts made in {:.2} s", many.creation.as_secs_f64());
    Ok(())
}

/// One decision of a hundred policies.
fn policies(crypto: &Crypto) -> Result<(), Failure> {
    let case = policies::Case::new()?;
    let decide = best(|| assert_eq!(case.decide(), keyward_policy::Verdict::Allow));
    compare("decision of 100 policies", decide, crypto.verify, 0.5);
    Ok(())
}

/// The processor time of the bare cryptography, per operation, while every core does the same: under full
/// load a core shares caches and clock with the others.
struct Crypto {
    verify: Duration,
    p256_sign: Duration,
    secp256k1_sign: Duration,
}

impl Crypto {
    fn measure() -> Self {
        let message = [7; 700];
        let key = P256PrivateKey::generate(&mut os_rng());
        let (public_key, signature) = (key.public_key(), key.sign(&message));
        let wallet_key = Secp256k1PrivateKey::generate(&mut os_rng());
        let prehash = sha256(&message);
        Self {
            verify: best(|| assert!(public_key.verify(&message, &signature))),
            p256_sign: best(|| {
                std::hint::black_box(key.sign(&message));
            }),
            secp256k1_sign: best(|| {
                std::hint::black_box(wallet_key.sign_prehash(&prehash));
            }),
        }
    }
}

/// Processor time of an operation on each of all cores at once, the least of several runs: what is above
/// it was somebody else's time.
fn best(operation: impl Fn() + Sync) -> Duration {
    const OPERATIONS: u32 = 2_000;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let run = || {
        let began = process::thread_cpu();
        (0..OPERATIONS).for_each(|_| operation());
        process::thread_cpu().saturating_sub(began) / OPERATIONS
    };
    (0..7)
        .filter_map(|_| {
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..cores).map(|_| scope.spawn(run)).collect();
                let mine = run();
                others.into_iter().filter_map(|other| other.join().ok()).chain([mine]).max()
            })
        })
        .min()
        .unwrap_or_default()
}

/// What one kind of request costs under load.
struct Cost {
    cpu: Duration,
    per_second: f64,
}

async fn cpu(
    server: &Server,
    scale: &Scale,
    story: &Arc<Story>,
    request: fn(&Story, u64) -> Vec<u8>,
) -> Result<Cost, Failure> {
    load::saturate(story, request, scale.load / 4).await?;
    let (began, before) = (Instant::now(), server.cpu()?);
    let answered = load::saturate(story, request, scale.load).await?;
    let (cpu, took) = (server.cpu()?.saturating_sub(before), began.elapsed());
    let answered = u32::try_from(answered)?;
    Ok(Cost { cpu: cpu / answered, per_second: f64::from(answered) / took.as_secs_f64() })
}

fn compare(what: &str, measured: Duration, baseline: Duration, budget: f64) {
    let ratio = measured.as_secs_f64() / baseline.as_secs_f64();
    let verdict = if ratio <= budget { "" } else { "  over" };
    let micros = |duration: Duration| format!("{:.1} µs", duration.as_secs_f64() * 1e6);
    row(
        what,
        &micros(measured),
        &micros(baseline),
        &format!("{ratio:.2}"),
        &format!("{budget}{verdict}"),
    );
}

fn row(what: &str, measured: &str, baseline: &str, ratio: &str, budget: &str) {
    println!("{what:<28} {measured:>12} {baseline:>12} {ratio:>7}   {budget}");
    let _ = std::io::stdout().flush();
}
