//! Days as a person says them.

use jiff::civil::{Date, DateTime, Weekday};
use tr::tr;

/// "1 May 2026".
pub fn day(date: Date) -> String {
    tr!("{day} {month} {year}", day = date.day(), month = month(date), year = date.year())
}

/// "1 May 2026, 10:00".
pub fn minute(time: DateTime) -> String {
    let (date, clock) = (time.date(), time.strftime("%H:%M"));
    tr!("{day} {month} {year}, {clock}", day = date.day(), month = month(date), year = date.year(), clock)
}

/// "1 May".
pub fn day_of_year(date: Date) -> String {
    tr!("{day} {month}", day = date.day(), month = month(date))
}

pub fn weekday(day: Weekday) -> String {
    match day {
        Weekday::Monday => tr!("Monday"),
        Weekday::Tuesday => tr!("Tuesday"),
        Weekday::Wednesday => tr!("Wednesday"),
        Weekday::Thursday => tr!("Thursday"),
        Weekday::Friday => tr!("Friday"),
        Weekday::Saturday => tr!("Saturday"),
        Weekday::Sunday => tr!("Sunday"),
    }
}

/// A month's name, as it stands within a date.
fn month(date: Date) -> String {
    match date.month() {
        1 => tr!("January"),
        2 => tr!("February"),
        3 => tr!("March"),
        4 => tr!("April"),
        5 => tr!("May"),
        6 => tr!("June"),
        7 => tr!("July"),
        8 => tr!("August"),
        9 => tr!("September"),
        10 => tr!("October"),
        11 => tr!("November"),
        _ => tr!("December"),
    }
}
