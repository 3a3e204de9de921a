//! The time, and which process works since when.

use std::time::{SystemTime, UNIX_EPOCH};

/// The holder of a folder: its command, its process id, and since when.
pub(super) fn holder(command: &str) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let host = host.map_or_else(|_| String::new(), |host| format!(" on {}", host.trim()));
    let process = std::process::id();
    format!(
        "`outcrop {command}` (process {process}{host}, since {})",
        now()
    )
}

fn seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// The current time, UTC, as `YYYY-MM-DD hh:mm:ss UTC`.
fn now() -> String {
    let of_day = seconds() % 86400;
    let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{} {hours:02}:{minutes:02}:{seconds:02} UTC", today())
}

/// A time in seconds since 1970, UTC, as `YYYYMMDD_hhmmss`.
pub(super) fn compact(time: f64) -> String {
    let time = time as u64;
    let (year, month, day) = civil(time / 86400);
    let (hours, minutes, seconds) = (time / 3600 % 24, time / 60 % 60, time % 60);
    format!("{year:04}{month:02}{day:02}_{hours:02}{minutes:02}{seconds:02}")
}

/// Today, UTC, as `YYYY-MM-DD`.
pub(super) fn today() -> String {
    day(SystemTime::now())
}

/// The day of a time, UTC, as `YYYY-MM-DD`.
pub(super) fn day(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH);
    let (year, month, day) = civil(since.map_or(0, |since| since.as_secs() / 86400));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Year, month and day of a number of days since 1970-01-01 (Howard Hinnant, "chrono-compatible
/// low-level date algorithms"): years begin in March, so that a leap day is the last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + 400 * era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (19_782, (2024, 2, 29)),
            (20_453, (2025, 12, 31)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
