//! Days of the Gregorian calendar as numbers: 0 is 1970-01-01.

pub const SECONDS: i64 = 86_400;

/// The number of a day. `month` is from 1 to 12; `day` may lie outside the month.
pub fn number(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let year = if month > 2 { year } else { year - 1 };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + of_year - 719_468
}

/// Year, month (from 1) and day (from 1) of a numbered day.
pub fn date(number: i64) -> (i64, i64, i64) {
    const ERA: i64 = 146_097;
    let shifted = number + 719_468;
    let era = shifted.div_euclid(ERA);
    let of_era = shifted.rem_euclid(ERA);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// 0 is Monday.
pub fn weekday(number: i64) -> i64 {
    (number + 3).rem_euclid(7)
}

pub fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)),
        _ => 31,
    }
}

/// The week with this day, of the weeks that begin on `first` (0 is Monday), and the number of weeks in
/// its year. Week 1 is the first with at least four days in the year (RFC 5545 section 3.3.10).
pub fn week(day: i64, first: i64) -> (i64, i64) {
    let middle = |day| day - (weekday(day) - first).rem_euclid(7) + 3;
    let (year, ..) = date(middle(day));
    let new_year = number(year, 1, 1);
    let nth = |middle| (middle - new_year) / 7 + 1;
    (nth(middle(day)), nth(middle(number(year, 12, 28))))
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date as civil;

    use super::*;

    #[test]
    fn agrees_with_the_calendar() {
        for shift in (-800_000..2_900_000).step_by(97).chain(-800..800) {
            let day = civil(1970, 1, 1) + shift.days();
            let (year, month, of_month) = date(shift);
            assert_eq!(
                (year, month, of_month),
                (i64::from(day.year()), i64::from(day.month()), i64::from(day.day()))
            );
            assert_eq!(number(year, month, of_month), shift);
            assert_eq!(weekday(shift), i64::from(day.weekday().to_monday_zero_offset()));
            assert_eq!(month_length(year, month), i64::from(day.days_in_month()));
            assert_eq!(week(shift, 0).0, i64::from(day.iso_week_date().week()));
            assert_eq!(week(shift, 0).1, i64::from(day.iso_week_date().weeks_in_year()));
        }
    }
}
