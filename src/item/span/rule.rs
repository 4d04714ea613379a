//! Recurrence rules (RFC 5545 section 3.3.10).

use super::day::{self, SECONDS};
use super::{Unclear, Work};
use crate::item::time::read_basic;

/// A recurrence rule, completed by what its series' first start says of it.
///
/// Local times are in seconds by the clock of the series: those since 1970-01-01T00:00:00 on it.
#[derive(Debug, Clone)]
pub struct Rule {
    frequency: Frequency,
    interval: i64,
    pub count: Option<u64>,
    pub until: Option<Until>,
    /// The first day of the week, 0 is Monday.
    week_start: i64,
    months: Vec<i64>,
    weeks: Vec<i64>,
    year_days: Vec<i64>,
    month_days: Vec<i64>,
    /// Which of its kind in the month or year (0: all; negative: from the end), and the day, 0 is Monday.
    week_days: Vec<(i64, i64)>,
    hours: Vec<i64>,
    minutes: Vec<i64>,
    /// The times within a day (or the hour, minute or second that recurs), in seconds.
    offsets: Vec<i64>,
    positions: Vec<i64>,
    /// The work of looking at one day.
    weight: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

use Frequency::*;

/// The last moment at which an occurrence may start.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Seconds since 1970-01-01T00:00:00Z.
    Utc(i64),
    /// A local time, or the end of a day.
    Local(i64),
}

impl Rule {
    /// Reads a rule of a series that starts at this local time.
    pub fn read(text: &str, start: i64, work: &Work) -> Result<Self, Unclear> {
        let mut frequency = None;
        let mut rule = Rule {
            frequency: Daily,
            interval: 1,
            count: None,
            until: None,
            week_start: 0,
            months: Vec::new(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Vec::new(),
            week_days: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            offsets: Vec::new(),
            positions: Vec::new(),
            weight: 1,
        };
        let mut seconds = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or(Unclear)?;
            let value = value.trim();
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => frequency = Some(Frequency::read(value)?),
                "INTERVAL" => rule.interval = i64::from(value.parse::<u32>().map_err(|_| Unclear)?),
                "COUNT" => rule.count = Some(value.parse().map_err(|_| Unclear)?),
                "UNTIL" => rule.until = Some(Until::read(value)?),
                "WKST" => rule.week_start = week_day(value)?,
                "BYMONTH" => rule.months = list(value, 1..=12, false)?,
                "BYWEEKNO" => rule.weeks = list(value, 1..=53, true)?,
                "BYYEARDAY" => rule.year_days = list(value, 1..=366, true)?,
                "BYMONTHDAY" => rule.month_days = list(value, 1..=31, true)?,
                "BYDAY" => rule.week_days = week_days(value)?,
                "BYHOUR" => rule.hours = list(value, 0..=23, false)?,
                "BYMINUTE" => rule.minutes = list(value, 0..=59, false)?,
                "BYSECOND" => seconds = list(value, 0..=60, false)?,
                "BYSETPOS" => rule.positions = list(value, 1..=366, true)?,
                "RSCALE" if value.eq_ignore_ascii_case("GREGORIAN") => {}
                "SKIP" if value.eq_ignore_ascii_case("OMIT") => {}
                _ => return Err(Unclear),
            }
        }
        rule.frequency = frequency.ok_or(Unclear)?;
        if rule.interval == 0 || rule.count == Some(0) {
            return Err(Unclear);
        }
        rule.complete(start, seconds, work)?;
        Ok(rule)
    }

    /// What the rule does not say is as in the first start.
    fn complete(&mut self, start: i64, mut seconds: Vec<i64>, work: &Work) -> Result<(), Unclear> {
        let first = start.div_euclid(SECONDS);
        let (_, month, month_day) = day::date(first);
        let time = start.rem_euclid(SECONDS);
        if self.frequency < Monthly || !self.weeks.is_empty() {
            self.week_days.iter_mut().for_each(|(nth, _)| *nth = 0);
        }
        let names_days =
            !self.year_days.is_empty() || !self.month_days.is_empty() || !self.week_days.is_empty();
        match self.frequency {
            Yearly if !self.weeks.is_empty() && !names_days => {
                self.week_days = vec![(0, day::weekday(first))]
            }
            Yearly if !names_days => {
                if self.months.is_empty() {
                    self.months = vec![month];
                }
                self.month_days = vec![month_day];
            }
            Monthly if !names_days => self.month_days = vec![month_day],
            Weekly if !names_days => self.week_days = vec![(0, day::weekday(first))],
            _ => {}
        }
        let none = [0];
        let (second, minute, hour) = ([time % 60], [time / 60 % 60], [time / 3600]);
        seconds.iter_mut().for_each(|second| *second = (*second).min(59));
        let choose = |expands: bool, given: &[i64], own: [i64; 1]| match (expands, given) {
            (false, _) => none.to_vec(),
            (true, []) => own.to_vec(),
            (true, given) => given.to_vec(),
        };
        if self.frequency == Secondly && !seconds.is_empty() {
            return Err(Unclear);
        }
        let hours = choose(self.frequency >= Daily, &self.hours, hour);
        let minutes = choose(self.frequency >= Hourly, &self.minutes, minute);
        let seconds = choose(self.frequency >= Minutely, &seconds, second);
        work.spend(hours.len() * minutes.len() * seconds.len())?;
        for hour in &hours {
            for minute in &minutes {
                self.offsets.extend(seconds.iter().map(|second| hour * 3600 + minute * 60 + second));
            }
        }
        self.offsets.dedup();
        let lists = [&self.months, &self.weeks, &self.year_days, &self.month_days].map(Vec::len);
        self.weight += (lists.iter().sum::<usize>() + self.week_days.len()) / 8;
        Ok(())
    }

    /// Calls `visit` with the starts from `from` up to `to`, in order, until it says that it has seen
    /// enough; returns whether it has. `lasts` says whether UNTIL allows a start.
    pub fn any(
        &self,
        start: i64,
        (from, to): (i64, i64),
        work: &Work,
        lasts: impl Fn(i64) -> bool,
        mut visit: impl FnMut(i64) -> bool,
    ) -> Result<bool, Unclear> {
        let first = self.period_of(start);
        let mut period = first;
        let mut left = self.count.unwrap_or(u64::MAX);
        let mut starts = Vec::new();
        let skipped = (self.period_of(from) - first).max(0) / self.interval;
        if self.count.is_none() {
            period += skipped * self.interval;
        } else if skipped > 0
            && let Some(each) = self.of_every_period()
        {
            self.starts_in(first, &mut starts, work)?;
            let before = starts.iter().filter(|&&at| at < start).count() as u64;
            left = left.saturating_sub(each.saturating_mul(skipped.unsigned_abs()) - before);
            period += skipped * self.interval;
        }
        while left > 0 && self.start_of(period) <= to {
            work.spend(self.weight)?;
            if self.frequency < Daily {
                let today = self.start_of(period).div_euclid(SECONDS);
                if !self.has_day(today) {
                    let tomorrow = self.period_of((today + 1) * SECONDS);
                    let steps = (tomorrow - period + self.interval - 1) / self.interval;
                    period += steps * self.interval;
                    continue;
                }
            }
            self.starts_in(period, &mut starts, work)?;
            for &at in starts.iter().filter(|&&at| at >= start) {
                if left == 0 || at > to || !lasts(at) {
                    return Ok(false);
                }
                left -= 1;
                if at >= from && visit(at) {
                    return Ok(true);
                }
            }
            period += self.interval;
        }
        Ok(false)
    }

    /// How many occurrences every whole period has, where they are as many in each.
    fn of_every_period(&self) -> Option<u64> {
        let limited = !self.months.is_empty()
            || !self.weeks.is_empty()
            || !self.year_days.is_empty()
            || !self.month_days.is_empty()
            || !self.positions.is_empty();
        let days = match self.frequency {
            _ if limited => return None,
            Weekly => self.week_days.len(),
            Daily if self.week_days.is_empty() => 1,
            Hourly | Minutely | Secondly
                if self.week_days.is_empty()
                    && self.hours.is_empty()
                    && (self.frequency == Hourly || self.minutes.is_empty()) =>
            {
                1
            }
            _ => return None,
        };
        Some((days * self.offsets.len()) as u64)
    }

    /// The number of the year, month, week, day … with this local time.
    fn period_of(&self, at: i64) -> i64 {
        let number = at.div_euclid(SECONDS);
        match self.frequency {
            Yearly => day::date(number).0,
            Monthly => {
                let (year, month, _) = day::date(number);
                year * 12 + month - 1
            }
            Weekly => (number + 3 - self.week_start).div_euclid(7),
            Daily => number,
            Hourly => at.div_euclid(3600),
            Minutely => at.div_euclid(60),
            Secondly => at,
        }
    }

    fn start_of(&self, period: i64) -> i64 {
        match self.frequency {
            Yearly => day::number(period, 1, 1) * SECONDS,
            Monthly => day::number(period.div_euclid(12), period.rem_euclid(12) + 1, 1) * SECONDS,
            Weekly => (period * 7 - 3 + self.week_start) * SECONDS,
            Daily => period * SECONDS,
            Hourly => period * 3600,
            Minutely => period * 60,
            Secondly => period,
        }
    }

    /// All starts in a period, in order, also those before the first of the series.
    fn starts_in(&self, period: i64, starts: &mut Vec<i64>, work: &Work) -> Result<(), Unclear> {
        starts.clear();
        let begin = self.start_of(period);
        let number = begin.div_euclid(SECONDS);
        let mut add = |days: std::ops::Range<i64>| {
            work.spend((days.end - days.start) as usize * self.weight)?;
            for day in days.filter(|&day| self.has_day(day)) {
                work.spend(self.offsets.len())?;
                starts.extend(self.offsets.iter().map(|offset| day * SECONDS + offset));
            }
            Ok(())
        };
        match self.frequency {
            Yearly => {
                for month in 1..=12 {
                    if self.months.is_empty() || self.months.contains(&month) {
                        let first = day::number(period, month, 1);
                        add(first..first + day::month_length(period, month))?;
                    }
                }
            }
            Monthly => {
                let (year, month) = (period.div_euclid(12), period.rem_euclid(12) + 1);
                add(number..number + day::month_length(year, month))?;
            }
            Weekly => add(number..number + 7)?,
            Daily => add(number..number + 1)?,
            Hourly | Minutely | Secondly => {
                let time = begin.rem_euclid(SECONDS);
                let has = |list: &[i64], value| list.is_empty() || list.contains(&value);
                if has(&self.hours, time / 3600)
                    && (self.frequency == Hourly || has(&self.minutes, time / 60 % 60))
                {
                    work.spend(self.offsets.len())?;
                    starts.extend(self.offsets.iter().map(|offset| begin + offset));
                }
            }
        }
        if !self.positions.is_empty() {
            work.spend(starts.len() * self.positions.len())?;
            let count = starts.len() as i64;
            let mut nth = 0;
            starts.retain(|_| {
                nth += 1;
                self.positions.contains(&nth) || self.positions.contains(&(nth - 1 - count))
            });
        }
        Ok(())
    }

    /// Whether the rule's parts allow this day.
    fn has_day(&self, number: i64) -> bool {
        /// Whether the list names this one of `length`, counted from 1 or back from -1.
        fn named(list: &[i64], nth: i64, length: i64) -> bool {
            list.contains(&nth) || list.contains(&(nth - 1 - length))
        }
        let week_day = day::weekday(number);
        if !self.week_days.is_empty() && self.week_days.iter().all(|&(_, own)| own != week_day) {
            return false;
        }
        let parts = [&self.months, &self.weeks, &self.year_days, &self.month_days];
        if parts.iter().all(|list| list.is_empty()) && self.week_days.iter().all(|&(nth, _)| nth == 0) {
            return true;
        }
        let (year, month, month_day) = day::date(number);
        let length = day::month_length(year, month);
        if !self.months.is_empty() && !self.months.contains(&month)
            || !self.month_days.is_empty() && !named(&self.month_days, month_day, length)
        {
            return false;
        }
        let of_year = || (number - day::number(year, 1, 1) + 1, 337 + day::month_length(year, 2));
        if !self.year_days.is_empty() {
            let (year_day, length) = of_year();
            if !named(&self.year_days, year_day, length) {
                return false;
            }
        }
        if !self.weeks.is_empty() {
            let (week, weeks) = day::week(number, self.week_start);
            if !named(&self.weeks, week, weeks) {
                return false;
            }
        }
        // "The second Monday" is one of the month, but in a yearly rule without months one of the year.
        let (of, length) = match self.frequency == Yearly && self.months.is_empty() {
            true => of_year(),
            false => (month_day, length),
        };
        self.week_days.is_empty()
            || self.week_days.iter().any(|&(nth, own)| {
                own == week_day && (nth == 0 || nth == (of - 1) / 7 + 1 || nth == -((length - of) / 7 + 1))
            })
    }
}

impl Frequency {
    fn read(value: &str) -> Result<Self, Unclear> {
        Ok(match value.to_ascii_uppercase().as_str() {
            "SECONDLY" => Secondly,
            "MINUTELY" => Minutely,
            "HOURLY" => Hourly,
            "DAILY" => Daily,
            "WEEKLY" => Weekly,
            "MONTHLY" => Monthly,
            "YEARLY" => Yearly,
            _ => return Err(Unclear),
        })
    }
}

impl Until {
    fn read(value: &str) -> Result<Self, Unclear> {
        let (date, time) = read_basic(value).ok_or(Unclear)?;
        let day = super::local(date.to_datetime(jiff::civil::Time::midnight()));
        Ok(match time {
            None => Until::Local(day + SECONDS - 1),
            Some((time, is_utc)) => {
                let at = super::local(date.to_datetime(time));
                if is_utc { Until::Utc(at) } else { Until::Local(at) }
            }
        })
    }
}

/// A list of numbers within these bounds, or their negatives where `signed`; sorted, each once.
fn list(value: &str, bounds: std::ops::RangeInclusive<i64>, signed: bool) -> Result<Vec<i64>, Unclear> {
    let read = |text: &str| {
        let number: i64 = text.trim().parse().map_err(|_| Unclear)?;
        let size = if signed { number.unsigned_abs().cast_signed() } else { number };
        if bounds.contains(&size) { Ok(number) } else { Err(Unclear) }
    };
    let mut numbers = value.split(',').map(read).collect::<Result<Vec<_>, _>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn week_days(value: &str) -> Result<Vec<(i64, i64)>, Unclear> {
    let read = |text: &str| {
        let text = text.trim();
        let (nth, name) = text.split_at_checked(text.len().saturating_sub(2)).ok_or(Unclear)?;
        let nth = if nth.is_empty() { 0 } else { nth.parse().map_err(|_| Unclear)? };
        if (-53..=53).contains(&nth) { Ok((nth, week_day(name)?)) } else { Err(Unclear) }
    };
    let mut days = value.split(',').map(read).collect::<Result<Vec<_>, _>>()?;
    days.sort_unstable();
    days.dedup();
    Ok(days)
}

fn week_day(name: &str) -> Result<i64, Unclear> {
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let nth = names.iter().position(|own| own.eq_ignore_ascii_case(name.trim()));
    nth.map(|nth| nth as i64).ok_or(Unclear)
}
