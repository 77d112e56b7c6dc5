//! The occurrences of one rule on the wall clock: dates and times without zones.
//!
//! A rule is a row of periods (years, months, … seconds), each with a set of days and times that pass the BYxxx parts.
//! Without COUNT the search begins at the period before the window, so its cost is that of the window, not that of the
//! years since DTSTART; with COUNT it must count from the start. [`BUDGET`] bounds both, and bounds rules that never match.
//!
//! The crate `rrule` is the oracle of the tests, not the engine: a search of it for something that never comes (30
//! February) can not be stopped at the end of a window, it begins at DTSTART whatever the window, and it reads
//! `BYDAY=1MO,WE` as nothing.

use super::effort::Effort;
use super::rule::{Frequency, Rule, Skip};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Span, ToSpan};
use syncline_domain::time::{DAY_MS, Millis, from_naive_ms, naive_ms};

/// How many periods one search may look at.
const BUDGET: usize = 100_000;

/// How many times one period may hold: all minutes of two months, but not all seconds of a year.
const CROWD: usize = 100_000;

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// At the end of the window or of the rule.
    Complete,
    /// The caller had enough.
    Stopped,
    /// The budget ran out: there may be more.
    Exhausted,
}

/// Visits the occurrences of `rule` in `[from, to)`, none before `start`, as wall time milliseconds ([`naive_ms`]) in
/// ascending order and each once, until `visit` answers `false`. UNTIL is the caller's business. `date_only`: DTSTART is a
/// date, so that times of day mean nothing (RFC 5545 §3.3.10).
pub(super) fn search(
    rule: &Rule,
    start: DateTime,
    date_only: bool,
    (from, to): (Millis, Millis),
    effort: &Effort,
    mut visit: impl FnMut(Millis) -> bool,
) -> Ended {
    if date_only && rule.freq < Frequency::Daily {
        return Ended::Complete;
    }
    let periods = Periods::new(rule, start, date_only);
    let first = naive_ms(start);
    let mut left = rule.count.map_or(u64::MAX, u64::from);
    let mut index = periods.before(from.max(first));
    match rule.count {
        None => {}
        // One in every period: no need to count them.
        Some(_) if periods.one_each() => left = left.saturating_sub(index.unsigned_abs()),
        Some(_) => index = 0,
    }
    let mut last = Millis::MIN;
    let mut cost = 0;
    for _ in 0..BUDGET {
        let Some(begin) = periods.begin(index) else { return Ended::Complete };
        if begin >= to || left == 0 {
            return Ended::Complete;
        }
        let (set, next) = periods.set(index, begin);
        if !effort.spend(&mut cost, periods.cost() + set.len() as u64) {
            return Ended::Exhausted;
        }
        let crowded = set.len() >= CROWD;
        for at in set {
            if at < first || at <= last {
                continue;
            }
            if at >= to || left == 0 {
                return Ended::Complete;
            }
            (last, left) = (at, left - 1);
            if at >= from && !visit(at) {
                return Ended::Stopped;
            }
        }
        if crowded {
            return Ended::Exhausted;
        }
        index = next;
    }
    Ended::Exhausted
}

/// Whether the rule itself produces its start (RFC 5545 wants it to; not everybody does).
pub(super) fn matches_start(rule: &Rule, start: DateTime, date_only: bool, effort: &Effort) -> bool {
    let first = naive_ms(start);
    let rule = Rule { count: None, ..rule.clone() };
    let mut found = false;
    search(&rule, start, date_only, (first, first + 1), effort, |_| {
        found = true;
        false
    });
    found
}

struct Periods<'r> {
    rule: &'r Rule,
    start: DateTime,
    by_month: Vec<i8>,
    by_month_day: Vec<i8>,
    by_day: Vec<(i16, Weekday)>,
    /// Milliseconds to add to a day (or, below DAILY, to the beginning of the period).
    times: Vec<Millis>,
    /// The period with index 0.
    base: Millis,
}

impl<'r> Periods<'r> {
    fn new(rule: &'r Rule, start: DateTime, date_only: bool) -> Self {
        let mut by_month = rule.by_month.clone();
        let mut by_month_day = rule.by_month_day.clone();
        let mut by_day = rule.by_day.clone();
        // What the rule does not say comes from DTSTART.
        if by_month_day.is_empty() && by_day.is_empty() && rule.by_year_day.is_empty() {
            match rule.freq {
                Frequency::Yearly if !rule.by_week_no.is_empty() => by_day.push((0, start.weekday())),
                Frequency::Yearly => {
                    if by_month.is_empty() {
                        by_month.push(start.month());
                    }
                    by_month_day.push(start.day());
                }
                Frequency::Monthly => by_month_day.push(start.day()),
                Frequency::Weekly => by_day.push((0, start.weekday())),
                _ => {}
            }
        }
        let midnight = naive_ms(start.date().to_datetime(Time::midnight()));
        let base = match rule.freq {
            Frequency::Weekly => midnight - DAY_MS * i64::from(start.weekday().since(rule.week_start)),
            Frequency::Hourly => midnight + i64::from(start.hour()) * 3_600_000,
            Frequency::Minutely => midnight + i64::from(start.hour()) * 3_600_000 + i64::from(start.minute()) * 60_000,
            Frequency::Secondly => naive_ms(start),
            _ => midnight,
        };
        Self { times: times(rule, start, date_only), rule, start, by_month, by_month_day, by_day, base }
    }

    /// Every period holds exactly one occurrence: nothing but FREQ, INTERVAL and at most the day of the start.
    fn one_each(&self) -> bool {
        let rule = self.rule;
        let weekday = self.by_day.as_slice() == [(0, self.start.weekday())];
        let days = if rule.freq == Frequency::Weekly { weekday } else { self.by_day.is_empty() };
        self.step().is_some()
            && days
            && self.times.len() == 1
            && self.by_month.is_empty()
            && self.by_month_day.is_empty()
            && rule.by_year_day.is_empty()
            && rule.by_week_no.is_empty()
            && rule.by_set_pos.is_empty()
            && (rule.freq >= Frequency::Daily || (rule.by_hour.is_empty() && rule.by_minute.is_empty() && rule.by_second.is_empty()))
            && (self.base + self.times[0] + DAY_MS * self.past_week_start() == naive_ms(self.start) || rule.freq < Frequency::Daily)
    }

    /// What looking at one period costs.
    fn cost(&self) -> u64 {
        8 + match self.rule.freq {
            Frequency::Yearly => 365,
            Frequency::Monthly => 31,
            Frequency::Weekly => 7,
            _ => 1,
        }
    }

    fn past_week_start(&self) -> i64 {
        if self.rule.freq == Frequency::Weekly { i64::from(self.start.weekday().since(self.rule.week_start)) } else { 0 }
    }

    /// Milliseconds from one period to the next, for those that have a fixed length.
    fn step(&self) -> Option<Millis> {
        let unit = match self.rule.freq {
            Frequency::Yearly | Frequency::Monthly => return None,
            Frequency::Weekly => 7 * DAY_MS,
            Frequency::Daily => DAY_MS,
            Frequency::Hourly => 3_600_000,
            Frequency::Minutely => 60_000,
            Frequency::Secondly => 1_000,
        };
        // Thirty thousand years: longer than time, and far from overflow.
        Some(unit * self.rule.interval.min(1_000_000_000_000_000 / unit))
    }

    fn months(&self) -> i64 {
        self.rule.interval.min(120_000) * if self.rule.freq == Frequency::Yearly { 12 } else { 1 }
    }

    fn month_index(&self) -> i64 {
        let month = if self.rule.freq == Frequency::Yearly { 0 } else { i64::from(self.start.month()) - 1 };
        i64::from(self.start.year()) * 12 + month
    }

    /// The index of a period that begins safely before an instant.
    fn before(&self, at: Millis) -> i64 {
        let index = match self.step() {
            Some(step) => (at - self.base).div_euclid(step),
            None => {
                let at = from_naive_ms(at);
                (i64::from(at.year()) * 12 + i64::from(at.month()) - 1 - self.month_index()).div_euclid(self.months())
            }
        };
        (index - 1).max(0)
    }

    /// Where a period begins; `None` beyond the end of time.
    fn begin(&self, index: i64) -> Option<Millis> {
        match self.step() {
            Some(step) => {
                let at = self.base.checked_add(step.checked_mul(index)?)?;
                (at <= naive_ms(DateTime::MAX) - 8 * DAY_MS).then_some(at)
            }
            None => {
                let month = self.month_index().checked_add(self.months().checked_mul(index)?)?;
                let date = Date::new(i16::try_from(month.div_euclid(12)).ok()?, i8::try_from(month.rem_euclid(12)).ok()? + 1, 1).ok()?;
                (date.year() < 9999).then(|| naive_ms(date.to_datetime(Time::midnight())))
            }
        }
    }

    /// The times of a period in ascending order, and the index of the next period worth looking at.
    fn set(&self, index: i64, begin: Millis) -> (Vec<Millis>, i64) {
        let first = from_naive_ms(begin);
        let next = index + 1;
        if self.rule.freq < Frequency::Daily {
            return match self.miss(first) {
                Some(target) => {
                    let step = self.step().unwrap_or(1);
                    (Vec::new(), next.max((target - self.base + step - 1).div_euclid(step)))
                }
                None => (self.pick(self.times.iter().map(|time| begin + time).collect()), next),
            };
        }
        let first = first.date();
        let length = match self.rule.freq {
            Frequency::Yearly => i64::from(first.days_in_year()),
            Frequency::Monthly => i64::from(first.days_in_month()),
            Frequency::Weekly => 7,
            _ => 1,
        };
        let mut set = Vec::new();
        let mut day = first;
        for number in 0..length {
            if set.len() >= CROWD {
                break;
            }
            if self.day_passes(day) {
                set.extend(self.times.iter().map(|time| begin + number * DAY_MS + time));
            }
            day = match day.tomorrow() {
                Ok(day) => day,
                Err(_) => break,
            };
        }
        if self.rule.skip != Skip::Omit && self.rule.freq >= Frequency::Monthly {
            self.skipped(first, &mut set);
            set.sort_unstable();
            set.dedup();
        }
        (self.pick(set), next)
    }

    /// Below DAILY: where to look next when a period does not pass.
    fn miss(&self, at: DateTime) -> Option<Millis> {
        let rule = self.rule;
        let round_up = |unit: Millis| Some((naive_ms(at).div_euclid(unit) + 1) * unit);
        if !self.day_passes(at.date()) {
            return round_up(DAY_MS);
        }
        if !rule.by_hour.is_empty() && !rule.by_hour.contains(&at.hour()) {
            return round_up(3_600_000);
        }
        if rule.freq < Frequency::Hourly && !rule.by_minute.is_empty() && !rule.by_minute.contains(&at.minute()) {
            return round_up(60_000);
        }
        if rule.freq == Frequency::Secondly && !rule.by_second.is_empty() && !rule.by_second.contains(&at.second()) {
            return round_up(1_000);
        }
        None
    }

    fn day_passes(&self, day: Date) -> bool {
        let rule = self.rule;
        (self.by_month.is_empty() || self.by_month.contains(&day.month()))
            && (self.by_month_day.is_empty()
                || self.by_month_day.contains(&day.day())
                || self.by_month_day.contains(&(day.day() - day.days_in_month() - 1)))
            && (rule.by_year_day.is_empty()
                || rule.by_year_day.contains(&day.day_of_year())
                || rule.by_year_day.contains(&(day.day_of_year() - day.days_in_year() - 1)))
            && self.weekday_passes(day)
            && (rule.by_week_no.is_empty() || week_passes(day, rule))
    }

    fn weekday_passes(&self, day: Date) -> bool {
        let weekday = day.weekday();
        self.by_day.is_empty()
            || self.by_day.iter().any(|(number, wanted)| {
                if *wanted != weekday {
                    return false;
                }
                let by_month = self.rule.freq == Frequency::Monthly || !self.by_month.is_empty();
                // A number means something in months and years only.
                if *number == 0 || self.rule.freq < Frequency::Monthly || !self.rule.by_week_no.is_empty() {
                    return true;
                }
                let (day, length) =
                    if by_month { (i16::from(day.day()), i16::from(day.days_in_month())) } else { (day.day_of_year(), day.days_in_year()) };
                *number == (day - 1) / 7 + 1 || *number == -((length - day) / 7 + 1)
            })
    }

    /// RFC 7529 §4.1: days that a month does not have move to its last day, or to the first of the next month.
    fn skipped(&self, first: Date, set: &mut Vec<Millis>) {
        let months: i8 = if self.rule.freq == Frequency::Yearly { 12 } else { 1 };
        for month in 0..months {
            let Ok(first) = first.checked_add(Span::new().months(month)) else { return };
            let length = first.days_in_month();
            let wanted = self.by_month.is_empty() || self.by_month.contains(&first.month());
            if !wanted || !self.by_month_day.iter().any(|day| *day > length) {
                continue;
            }
            let day = if self.rule.skip == Skip::Backward { Ok(first.last_of_month()) } else { first.checked_add(1.month()) };
            let Ok(day) = day else { continue };
            if self.weekday_passes(day) {
                let midnight = naive_ms(day.to_datetime(Time::midnight()));
                set.extend(self.times.iter().map(|time| midnight + time));
            }
        }
    }

    /// BYSETPOS.
    fn pick(&self, set: Vec<Millis>) -> Vec<Millis> {
        if self.rule.by_set_pos.is_empty() {
            return set;
        }
        let mut picked: Vec<Millis> = self
            .rule
            .by_set_pos
            .iter()
            .filter_map(|position| {
                let distance = usize::try_from(position.unsigned_abs()).ok()?;
                let at = if *position > 0 { distance.checked_sub(1)? } else { set.len().checked_sub(distance)? };
                set.get(at).copied()
            })
            .collect();
        picked.sort_unstable();
        picked.dedup();
        picked
    }
}

fn times(rule: &Rule, start: DateTime, date_only: bool) -> Vec<Millis> {
    if date_only {
        return vec![0];
    }
    let or = |given: &[i8], own: i8, fixed: bool| match (fixed, given.is_empty()) {
        (true, _) => vec![0],
        (false, true) => vec![own],
        (false, false) => given.to_vec(),
    };
    let hours = or(&rule.by_hour, start.hour(), rule.freq < Frequency::Daily);
    let minutes = or(&rule.by_minute, start.minute(), rule.freq < Frequency::Hourly);
    let seconds = or(&rule.by_second, start.second(), rule.freq < Frequency::Minutely);
    let mut times = Vec::with_capacity(hours.len() * minutes.len() * seconds.len());
    for hour in &hours {
        for minute in &minutes {
            times.extend(
                seconds.iter().map(|second| i64::from(*hour) * 3_600_000 + i64::from(*minute) * 60_000 + i64::from(*second) * 1_000),
            );
        }
    }
    times
}

/// BYWEEKNO: weeks begin at WKST, and week 1 is the first with at least four days of the year.
fn week_passes(day: Date, rule: &Rule) -> bool {
    let into_week = i64::from(day.weekday().since(rule.week_start));
    let week = |day: Date| (day.day_of_year() - 1) / 7 + 1;
    let Ok(middle) = day.checked_add(Span::new().days(3 - into_week)) else { return false };
    // 28 December always lies in the last week of its year.
    let end = Date::constant(middle.year(), 12, 28);
    let end = end.checked_add(Span::new().days(3 - i64::from(end.weekday().since(rule.week_start))));
    let (number, weeks) = (week(middle), end.map_or(52, week));
    rule.by_week_no.iter().any(|wanted| i16::from(*wanted) == number || i16::from(*wanted) == number - weeks - 1)
}
