//! Recurrence rules as far as Google and Outlook let a user make them: daily to yearly, with days, positions, count and end. The
//! stand-ins refuse what goes beyond, so that no test relies on a guess.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

/// More periods are never looked at.
const MOST: i32 = 20_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// Where a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Never,
    /// So many instances.
    Count(u32),
    /// The last instance starts at or before this instant.
    Until(Timestamp),
    /// The last instance starts on or before this day.
    UntilDay(Date),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: i32,
    /// Days, with their position in the month; 0 for each.
    pub(crate) days: Vec<(i8, Weekday)>,
    pub(crate) month_days: Vec<i8>,
    pub(crate) months: Vec<i8>,
    pub(crate) position: Option<i8>,
    pub(crate) week_start: Weekday,
    pub(crate) end: End,
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(read).collect()
}

fn position(text: &str) -> Option<(i8, Weekday)> {
    let (number, day) = text.split_at_checked(text.len().checked_sub(2)?)?;
    Some((if number.is_empty() { 0 } else { number.parse().ok()? }, weekday(day)?))
}

fn until(text: &str) -> Option<End> {
    if text.len() == 8 {
        return Date::strptime("%Y%m%d", text).ok().map(End::UntilDay);
    }
    let local = DateTime::strptime("%Y%m%dT%H%M%S", text.strip_suffix('Z')?).ok()?;
    Some(End::Until(local.to_zoned(TimeZone::UTC).ok()?.timestamp()))
}

impl Rule {
    pub(crate) fn new(frequency: Frequency) -> Self {
        let (days, month_days, months) = (Vec::new(), Vec::new(), Vec::new());
        Self { frequency, interval: 1, days, month_days, months, position: None, week_start: Weekday::Monday, end: End::Never }
    }

    /// Reads the value of an RRULE; `None` for what is not understood.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut rule = Self::new(Frequency::Daily);
        let mut frequency = None;
        for part in text.split(';') {
            let (name, value) = part.split_once('=')?;
            match name {
                "FREQ" => {
                    frequency = Some(match value {
                        "DAILY" => Frequency::Daily,
                        "WEEKLY" => Frequency::Weekly,
                        "MONTHLY" => Frequency::Monthly,
                        "YEARLY" => Frequency::Yearly,
                        _ => return None,
                    });
                }
                "INTERVAL" => rule.interval = value.parse().ok().filter(|interval| *interval > 0)?,
                "COUNT" if rule.end == End::Never => rule.end = End::Count(value.parse().ok().filter(|count| *count > 0)?),
                "UNTIL" if rule.end == End::Never => rule.end = until(value)?,
                "BYDAY" => rule.days = list(value, position)?,
                "BYMONTHDAY" => rule.month_days = list(value, |day| day.parse().ok())?,
                "BYMONTH" => rule.months = list(value, |month| month.parse().ok().filter(|month| (1..=12).contains(month)))?,
                "BYSETPOS" => rule.position = Some(value.parse().ok()?),
                "WKST" => rule.week_start = weekday(value)?,
                _ => return None,
            }
        }
        rule.frequency = frequency?;
        Some(rule)
    }

    /// The starts of the instances in the zone of the series, up to and including an instant.
    pub(crate) fn starts(&self, first: DateTime, zone: &TimeZone, last: i64) -> Vec<(DateTime, i64)> {
        let mut found = Vec::new();
        for period in 0..MOST {
            let Some(dates) = self.dates(first.date(), period) else { break };
            for date in dates.into_iter().filter(|date| *date >= first.date()) {
                let local = date.to_datetime(first.time());
                let Ok(zoned) = zone.to_ambiguous_zoned(local).compatible() else { return found };
                let at = zoned.timestamp();
                let over = match self.end {
                    End::Never => false,
                    End::Count(count) => found.len() >= usize::try_from(count).unwrap_or(usize::MAX),
                    End::Until(end) => at > end,
                    End::UntilDay(end) => date > end,
                };
                if over || at.as_millisecond() > last {
                    return found;
                }
                found.push((local, at.as_millisecond()));
            }
        }
        found
    }

    /// The days of the period with this number, in order; `None` beyond the calendar.
    fn dates(&self, first: Date, period: i32) -> Option<Vec<Date>> {
        let steps = i64::from(period) * i64::from(self.interval);
        let add = |span: Span, from: Date| from.checked_add(span).ok();
        let mut dates = match self.frequency {
            Frequency::Daily => {
                let date = add(Span::new().try_days(steps).ok()?, first)?;
                let day = self.days.is_empty() || self.days.iter().any(|(_, day)| *day == date.weekday());
                let month = self.months.is_empty() || self.months.contains(&date.month());
                if day && month { vec![date] } else { Vec::new() }
            }
            Frequency::Weekly => {
                let back = i64::from(self.week_start.until(first.weekday()));
                let monday = add(Span::new().try_days(steps * 7 - back).ok()?, first)?;
                let wanted = |date: &Date| match self.days.as_slice() {
                    [] => date.weekday() == first.weekday(),
                    days => days.iter().any(|(_, day)| *day == date.weekday()),
                };
                (0..7_i64).filter_map(|day| add(day.days(), monday)).filter(wanted).collect()
            }
            Frequency::Monthly => self.of_month(add(Span::new().try_months(steps).ok()?, first.first_of_month())?, first),
            Frequency::Yearly => {
                let year = add(Span::new().try_years(steps).ok()?, first.first_of_year())?;
                let months = if self.months.is_empty() { vec![first.month()] } else { self.months.clone() };
                let firsts = months.into_iter().filter_map(|month| Date::new(year.year(), month, 1).ok());
                firsts.flat_map(|month| self.of_month(month, first)).collect()
            }
        };
        dates.sort_unstable();
        if let Some(position) = self.position {
            let at = if position > 0 {
                usize::try_from(position - 1).ok()
            } else {
                dates.len().checked_sub(usize::from(position.unsigned_abs()))
            };
            dates = at.and_then(|at| dates.get(at).copied()).into_iter().collect();
        }
        Some(dates)
    }

    fn of_month(&self, month: Date, first: Date) -> Vec<Date> {
        let day = |day: i8| Date::new(month.year(), month.month(), day).ok();
        if !self.days.is_empty() {
            let each = |weekday: Weekday| (1..=month.days_in_month()).filter_map(day).filter(move |date| date.weekday() == weekday);
            let of = |(nth, weekday): &(i8, Weekday)| match nth {
                0 => each(*weekday).collect::<Vec<_>>(),
                nth => month.nth_weekday_of_month(*nth, *weekday).into_iter().collect(),
            };
            return self.days.iter().flat_map(of).collect();
        }
        if self.month_days.is_empty() {
            return day(first.day()).into_iter().collect();
        }
        let from_end = |wanted: i8| if wanted < 0 { month.days_in_month() + wanted + 1 } else { wanted };
        self.month_days.iter().filter_map(|wanted| day(from_end(*wanted))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    fn days(rule: &str, year: i16, month: i8, day: i8) -> Vec<String> {
        let rule = Rule::parse(rule).expect("a rule");
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let starts = rule.starts(date(year, month, day).at(9, 0, 0, 0), &zone, i64::MAX / 2_000_000);
        starts.into_iter().take(5).map(|(start, _)| start.date().to_string()).collect()
    }

    #[test]
    fn rules_of_each_frequency_give_the_days_of_rfc_5545() {
        assert_eq!(days("FREQ=DAILY;INTERVAL=2;COUNT=3", 2026, 3, 9), ["2026-03-09", "2026-03-11", "2026-03-13"]);
        assert_eq!(days("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", 2026, 3, 9), ["2026-03-09", "2026-03-11", "2026-03-16"]);
        assert_eq!(days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU;COUNT=3", 1997, 8, 5), ["1997-08-05", "1997-08-17", "1997-08-19"]);
        assert_eq!(days("FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", 2026, 1, 31), ["2026-01-31", "2026-03-31", "2026-05-31"]);
        assert_eq!(days("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", 2026, 3, 27), ["2026-03-27", "2026-04-24"]);
        assert_eq!(days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2", 2026, 1, 30), ["2026-01-30", "2026-02-27"]);
        assert_eq!(days("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=2", 2024, 2, 29), ["2024-02-29", "2028-02-29"]);
    }

    #[test]
    fn the_end_is_inclusive_and_counts_in_utc() {
        assert_eq!(days("FREQ=WEEKLY;UNTIL=20260316T080000Z", 2026, 3, 9), ["2026-03-09", "2026-03-16"]);
        assert_eq!(days("FREQ=WEEKLY;UNTIL=20260316T075959Z", 2026, 3, 9), ["2026-03-09"]);
        assert_eq!(days("FREQ=DAILY;UNTIL=20260310", 2026, 3, 9), ["2026-03-09", "2026-03-10"]);
    }

    #[test]
    fn what_is_not_understood_is_no_rule() {
        for text in [
            "FREQ=SECONDLY",
            "FREQ=DAILY;INTERVAL=0",
            "BYDAY=MO",
            "FREQ=DAILY;BYHOUR=9",
            "FREQ=DAILY;COUNT=2;UNTIL=20260101",
            "FREQ=DAILY;UNTIL=20260101T090000",
        ] {
            assert_eq!(Rule::parse(text), None, "{text}");
        }
    }
}
