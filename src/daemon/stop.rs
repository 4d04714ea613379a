//! How the system tells the daemon to end: a signal, or the end of the session.

/// Waits until the system wants the daemon to end.
#[cfg(unix)]
pub async fn told() {
    use tokio::signal::unix::{Signal, SignalKind, signal};
    let listen = |kind| {
        signal(kind).inspect_err(|error| tracing::warn!("a signal cannot be listened to: {error}")).ok()
    };
    let wait = async |signal: Option<Signal>| match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    };
    let hangup = if is_hangup_ignored() { None } else { listen(SignalKind::hangup()) };
    tokio::select! {
        () = wait(listen(SignalKind::terminate())) => {}
        () = wait(listen(SignalKind::interrupt())) => {}
        () = wait(hangup) => {}
    }
}

/// Whoever started it wants it to outlive its terminal (`nohup`), as far as the system tells.
#[cfg(unix)]
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}

/// Waits until the system wants the daemon to end.
#[cfg(windows)]
pub async fn told() {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
    macro_rules! wait {
        ($listen:expr) => {
            async {
                match $listen {
                    Ok(mut signal) => drop(signal.recv().await),
                    Err(_) => std::future::pending().await,
                }
            }
        };
    }
    tokio::select! {
        () = wait!(ctrl_c()) => {}
        () = wait!(ctrl_break()) => {}
        () = wait!(ctrl_close()) => {}
        () = wait!(ctrl_logoff()) => {}
        () = wait!(ctrl_shutdown()) => {}
    }
}
