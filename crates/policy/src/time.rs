//! Instants and windows that come again. Source: policy language §5.
//!
//! Time zones are those of the data base that is built in: no machine decides differently for having another.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

use crate::lexer::shorten;
use crate::value::Instant;

const SECOND: i128 = 1_000_000_000;
/// Hours that clocks are put back by at most: an hour that occurs twice fires the first time, so that a later local time
/// may have been earlier.
const LONGEST_SHIFT: i64 = 3;
/// Longest window, in seconds.
const LONGEST: i64 = 7 * 24 * 3_600;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Reads `2026-03-01T00:00:00Z` and its like: RFC 3339 §5.6 without an offset.
pub(crate) fn parse_timestamp(text: &str) -> Result<Instant, &'static str> {
    const SHAPE: &str = "expected a date and time such as 2026-03-01T00:00:00Z";
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = text.get(from..to)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let has = |place: usize, any: &[u8]| bytes.get(place).is_some_and(|byte| any.contains(byte));
    if !(has(4, b"-") && has(7, b"-") && has(10, b"Tt") && has(13, b":") && has(16, b":")) {
        return Err(SHAPE);
    }
    let parts =
        (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
    let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = parts else {
        return Err(SHAPE);
    };
    let rest = text.get(19..).ok_or(SHAPE)?;
    let (fraction, offset) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let offset = rest.trim_start_matches(|character: char| character.is_ascii_digit());
            (rest.strip_suffix(offset).unwrap_or_default(), offset)
        }
    };
    if rest.starts_with('.') && (fraction.is_empty() || fraction.len() > 9) {
        return Err("a fraction of a second has one to nine digits");
    }
    if !matches!(offset, "Z" | "z" | "+00:00" | "-00:00") {
        return Err("the offset is Z");
    }
    let small = |number: i16| i8::try_from(number).map_err(|_| SHAPE);
    let at = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    )
    .map_err(|_| "no such date or time")?;
    let at = TimeZone::UTC.to_timestamp(at).map_err(|_| "no such date or time")?;
    let seconds = at.as_second();
    let nanoseconds: i128 = format!("{fraction:0<9}").parse().map_err(|_| SHAPE)?;
    Ok(Instant(i128::from(seconds) * SECOND + nanoseconds))
}

/// `CronSpan('m h dom mon dow', 'duration', 'zone')`.
#[derive(Clone, Debug)]
pub(crate) struct CronSpan {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    seconds: i64,
    zone: TimeZone,
}

/// The numbers that a field of a cron expression names.
#[derive(Clone, Copy, Debug)]
struct Field {
    numbers: u64,
    /// Whether it names some only: it is not `*`.
    is_restricted: bool,
}

impl Field {
    /// Reads numbers, ascending ranges and lists of both, or `*`.
    fn parse(text: &str, least: u8, most: u8) -> Result<Self, String> {
        if text == "*" {
            let numbers = (least..=most).fold(0, |all, number| all | 1 << number);
            return Ok(Self { numbers, is_restricted: false });
        }
        let number = |text: &str| -> Result<u8, String> {
            let is_plain =
                (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse()
                .ok()
                .filter(|number| is_plain && (least..=most).contains(number))
                .ok_or_else(|| {
                    format!("'{}' is not a number from {least} to {most}", shorten(text))
                })
        };
        let mut numbers = 0;
        for part in text.split(',') {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            let (from, to) = (number(from)?, number(to)?);
            if from > to {
                return Err(format!("range '{part}' descends"));
            }
            numbers = (from..=to).fold(numbers, |all, number| all | 1 << number);
        }
        Ok(Self { numbers, is_restricted: true })
    }

    fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.numbers >> number & 1 == 1)
    }

    /// The numbers, the greatest first.
    fn descending(self) -> impl Iterator<Item = i8> {
        (0..60).rev().filter(move |number| self.has(*number))
    }
}

impl CronSpan {
    /// Reads all three parts.
    pub(crate) fn parse(fires: &str, lasts: &str, zone: &str) -> Result<Self, String> {
        let fields: Vec<&str> = fires.split_ascii_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err("expected five fields: minute, hour, day, month, weekday".to_owned());
        };
        Ok(Self {
            minutes: Field::parse(minutes, 0, 59)?,
            hours: Field::parse(hours, 0, 23)?,
            days: Field::parse(days, 1, 31)?,
            months: Field::parse(months, 1, 12)?,
            weekdays: Field::parse(weekdays, 0, 6)?,
            seconds: parse_duration(lasts)?,
            zone: find_zone(zone)?,
        })
    }

    /// Whether an instant lies in the window that opened last before it. Those that opened earlier have
    /// closed earlier.
    pub(crate) fn contains(&self, now: Instant) -> bool {
        let seconds = now.0.div_euclid(SECOND);
        let Some(now) = i64::try_from(seconds).ok().and_then(|at| Timestamp::from_second(at).ok())
        else {
            return false;
        };
        let Ok(latest) = self.zone.to_datetime(now).checked_add(LONGEST_SHIFT.hours()) else {
            return false;
        };
        let opened_after = now.as_second() - self.seconds;
        let mut day = latest.date();
        // The longest window and a day of changing clocks.
        for _ in 0..=LONGEST / 86_400 + 2 {
            if self.is_day(day) {
                for hour in self.hours.descending() {
                    for minute in self.minutes.descending() {
                        let local = day.at(hour, minute, 0, 0);
                        if local > latest {
                            continue;
                        }
                        let Some(fire) = self.fire(local) else { continue };
                        if fire <= now {
                            return fire.as_second() > opened_after;
                        }
                    }
                }
            }
            let Ok(before) = day.yesterday() else { return false };
            day = before;
        }
        false
    }

    /// With both day fields restricted, either is enough.
    fn is_day(&self, day: Date) -> bool {
        let by_date = self.days.has(day.day());
        let by_weekday = self.weekdays.has(day.weekday().to_sunday_zero_offset());
        let is_either = self.days.is_restricted && self.weekdays.is_restricted;
        self.months.has(day.month())
            && if is_either { by_date || by_weekday } else { by_date && by_weekday }
    }

    /// When a local time is; the first time where it occurs twice, never where it is skipped.
    fn fire(&self, local: DateTime) -> Option<Timestamp> {
        let found = self.zone.to_ambiguous_timestamp(local);
        match found.offset() {
            AmbiguousOffset::Gap { .. } => None,
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                found.earlier().ok()
            }
        }
    }
}

fn find_zone(name: &str) -> Result<TimeZone, String> {
    let found = ZONES.get(name).ok().filter(|zone| !zone.is_unknown());
    found.ok_or_else(|| format!("no time zone '{}'", shorten(name)))
}

/// Reads whole days, hours and minutes, in that order, each at most once: seconds.
fn parse_duration(text: &str) -> Result<i64, String> {
    let refusal = || format!("'{}' is not a duration such as 1d, 8h30m, at most 7d", shorten(text));
    let mut rest = text;
    let mut total: i64 = 0;
    for (unit, seconds) in [('d', 86_400), ('h', 3_600), ('m', 60)] {
        let digits =
            rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits).ok_or_else(refusal)?;
        if let Some(after) = after.strip_prefix(unit) {
            let number: i64 = number.parse().map_err(|_| refusal())?;
            let part = number.checked_mul(seconds).ok_or_else(refusal)?;
            total = total.checked_add(part).ok_or_else(refusal)?;
            rest = after;
        }
    }
    if rest.is_empty() && (1..=LONGEST).contains(&total) { Ok(total) } else { Err(refusal()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        parse_timestamp(text).unwrap()
    }

    #[test]
    fn reads_instants_and_refuses_what_is_none() {
        assert_eq!(at("1970-01-01T00:00:00Z"), Instant(0));
        assert_eq!(at("1970-01-01t00:00:01.5z"), Instant(1_500_000_000));
        assert_eq!(at("1969-12-31T23:59:59+00:00"), Instant(-1_000_000_000));
        for wrong in [
            "2026-02-29T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00+01:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "2026-1-01T00:00:00Z",
            "",
        ] {
            assert!(parse_timestamp(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_window_is_open_from_its_fire_for_as_long_as_it_lasts() {
        let window = CronSpan::parse("0 9 * * 1-5", "8h", "Europe/Berlin").unwrap();
        for (instant, is_open) in [
            ("2026-01-05T08:00:00Z", true),
            ("2026-01-05T07:59:59Z", false),
            ("2026-01-05T15:59:59Z", true),
            ("2026-01-05T16:00:00Z", false),
            ("2026-01-04T10:00:00Z", false),
            ("2026-07-06T07:00:00Z", true),
        ] {
            assert_eq!(window.contains(at(instant)), is_open, "{instant}");
        }
    }

    #[test]
    fn a_time_that_is_skipped_does_not_fire_and_one_that_occurs_twice_fires_the_first_time() {
        let skipped = CronSpan::parse("30 2 29 3 *", "1h", "Europe/Berlin").unwrap();
        assert!(!skipped.contains(at("2026-03-29T01:30:00Z")));
        let twice = CronSpan::parse("30 2 25 10 *", "30m", "Europe/Berlin").unwrap();
        assert!(twice.contains(at("2026-10-25T00:30:00Z")));
        assert!(!twice.contains(at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn either_day_is_enough_where_both_are_restricted() {
        let window = CronSpan::parse("0 0 13 * 5", "1d", "UTC").unwrap();
        assert!(window.contains(at("2026-01-13T12:00:00Z")));
        assert!(window.contains(at("2026-01-16T12:00:00Z")));
        assert!(!window.contains(at("2026-01-15T12:00:00Z")));
    }

    #[test]
    fn refuses_what_cron_has_and_this_has_not() {
        for (fires, lasts, zone) in [
            ("*/5 * * * *", "1h", "UTC"),
            ("0 9 * * MON", "1h", "UTC"),
            ("0 9 * * 7", "1h", "UTC"),
            ("0 9 * * 5-1", "1h", "UTC"),
            ("0 9 * *", "1h", "UTC"),
            ("@daily", "1h", "UTC"),
            ("0 9 * * *", "0m", "UTC"),
            ("0 9 * * *", "8d", "UTC"),
            ("0 9 * * *", "30m1h", "UTC"),
            ("0 9 * * *", "1h1h", "UTC"),
            ("0 9 * * *", "", "UTC"),
            ("0 9 * * *", "1h", "Mars/Olympus"),
        ] {
            assert!(CronSpan::parse(fires, lasts, zone).is_err(), "{fires} {lasts} {zone}");
        }
        assert_eq!(parse_duration("1d2h3m"), Ok(86_400 + 7_200 + 180));
    }
}
