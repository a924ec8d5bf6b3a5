//! `holdfast-relay`: the relay as one binary. It reads its arguments, says where it listens, and stops when it is
//! told to.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand, ValueEnum};
use holdfast_relay::{Limits, Rate, Relay, RelayConfig, serve};

/// A blind relay for Holdfast: it keeps sealed entries in order and hands them to the devices of their members.
///
/// It speaks plain HTTP; put a proxy with TLS in front of it when it is reached from outside. Its log goes to
/// standard error and holds no content, no addresses and no ids.
#[derive(Parser)]
#[command(name = "holdfast-relay", version)]
struct Arguments {
    /// Where to listen. Port 0 takes a free one; the first line on standard output says which.
    #[arg(long, default_value = "127.0.0.1:7377", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,

    /// The directory of the relay's store. It is made when it is missing.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// The URL under which devices know this relay. With it, a device must have signed for this URL, so that
    /// another relay cannot pass its signature on.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,

    /// Take a client's address from the last entry of X-Forwarded-For. Only behind a proxy that sets it.
    #[arg(long)]
    behind_proxy: bool,

    /// How the log is written.
    #[arg(long, value_enum, default_value_t = Log::Text)]
    log: Log,

    /// Requests a second that one address may make in the long run; 0 for no limit.
    #[arg(long, value_name = "N")]
    address_rate: Option<u32>,

    /// Requests a second that one account may make in the long run; 0 for no limit.
    #[arg(long, value_name = "N")]
    account_rate: Option<u32>,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Say that the store was restored from a backup.
    ///
    /// Run it once, before the relay starts on a restored directory. Devices then see a new generation, compare
    /// what the relay has with what they hold, and push again what the backup missed. Without it they see a relay
    /// that went back in time, and raise an alarm.
    RestoreMark,
}

#[derive(Clone, Copy, ValueEnum)]
enum Log {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(arguments.log);
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("holdfast-relay: {why}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(log: Log) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log {
        Log::Text => builder.with_ansi(false).with_target(false).init(),
        Log::Json => builder.json().with_target(false).init(),
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    let mut limits = Limits::default();
    set_rate(&mut limits.address_rate, arguments.address_rate);
    set_rate(&mut limits.account_rate, arguments.account_rate);
    if arguments.address_rate == Some(0) {
        limits.newcomer_rate = None;
    }
    let config = RelayConfig {
        public_url: arguments.public_url,
        behind_proxy: arguments.behind_proxy,
        ..RelayConfig::in_directory(arguments.data).with_limits(limits)
    };
    let relay = Relay::open(config).map_err(|e| e.to_string())?;
    match arguments.command {
        Some(Command::RestoreMark) => {
            relay.mark_restored().map_err(|e| format!("cannot mark the store: {e}"))?;
            println!("marked: the store starts a new generation");
            Ok(())
        }
        None => attend(Arc::new(relay), arguments.listen),
    }
}

fn set_rate(rate: &mut Option<Rate>, asked: Option<u32>) {
    match asked {
        Some(0) => *rate = None,
        Some(per_second) => {
            *rate = Some(Rate { per_second, burst: per_second.saturating_mul(20) });
        }
        None => {}
    }
}

fn attend(relay: Arc<Relay>, address: SocketAddr) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| format!("cannot start the relay's threads: {e}"))?;
    runtime.block_on(async {
        let listener = holdfast_relay::http::listen(address)
            .map_err(|e| format!("cannot listen on {address}: {e}"))?;
        let bound = listener.local_addr().map_err(|e| format!("cannot listen: {e}"))?;
        let stop = stop_signal().map_err(|e| format!("cannot wait for signals: {e}"))?;
        println!("listening on http://{bound}");
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "started");
        serve(relay, listener, stop).await.map_err(|e| format!("cannot listen any more: {e}"))?;
        tracing::info!("stopped");
        Ok(())
    })
}

#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
