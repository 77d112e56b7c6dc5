//! Expansion of a series: a master with its overrides, overrides alone, or single events.

use super::effort::Effort;
use super::engine::{self, Ended};
use super::key::{Named, Place, key_at, named, place, place_of_key, start_wall, wall_at};
use super::rule::{Frequency, Rule};
use super::written::Written;
use super::zone::{Zone, shift};
use jiff::civil::{Date, Time};
use std::collections::{BTreeMap, HashSet};
use syncline_domain::event::{Event, EventStatus, Recurrence};
use syncline_domain::time::{DAY_MS, InstanceKey, Millis, TimeKind, When, from_naive_ms, naive_ms};

/// Wall time and instant differ by at most this, generously.
const ZONE_MS: Millis = 2 * DAY_MS;

/// What a window holds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// Ordered by start, then key.
    pub instances: Vec<Instance>,
    /// `bad_rule`, `unsupported_calendar`, `start_outside_rule`, `rule_too_frequent`; each at most once.
    pub warnings: Vec<&'static str>,
    /// There would have been more.
    pub truncated: bool,
}

/// One concrete instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Which event of the series gives the content.
    pub event: usize,
    /// The original start, which names the instance.
    pub key: InstanceKey,
    /// How the milliseconds are to be read.
    pub kind: TimeKind,
    /// Its start.
    pub start_ms: Millis,
    /// Its exclusive end; equal to the start for something without length.
    pub end_ms: Millis,
}

/// The instances of a series that overlap `[from_ms, to_ms)`, at most `limit` (the earliest). The window is compared with
/// the milliseconds of each instance's own [`TimeKind`]. Events of several UIDs are expanded each for itself.
#[must_use]
pub fn expand(series: &[Event], from_ms: Millis, to_ms: Millis, limit: usize) -> Expansion {
    expand_within(series, from_ms, to_ms, limit, &Effort::full())
}

/// [`expand`] with a bounded effort: a rule that costs more gives what was found until then, and `rule_too_frequent`.
#[must_use]
pub fn expand_within(series: &[Event], from_ms: Millis, to_ms: Millis, limit: usize, effort: &Effort) -> Expansion {
    let mut found = Expansion::default();
    let window = (from_ms, to_ms);
    if let [event] = series
        && event.recurrence.is_none()
        && event.instance.is_none()
    {
        single(0, event, window, &mut found);
    } else {
        for members in by_uid(series) {
            Series::new(series, &members, effort).expand(window, limit, &mut found);
        }
        found.instances.sort_by(|a, b| (a.start_ms, &a.key).cmp(&(b.start_ms, &b.key)));
    }
    if found.instances.len() > limit {
        found.instances.truncate(limit);
        found.truncated = true;
    }
    found
}

/// The last instant of a series (in the milliseconds of its [`TimeKind`]), cancelled instances left out. `None`: it has no
/// end, or one so far away that nobody counts to it. A series without any instance ends when its first would have.
#[must_use]
pub fn last_end(series: &[Event]) -> Option<Millis> {
    last_end_within(series, &Effort::full())
}

/// [`last_end`] with a bounded effort: `None` also when the search for it costs more.
#[must_use]
pub fn last_end_within(series: &[Event], effort: &Effort) -> Option<Millis> {
    let mut last = Millis::MIN;
    for members in by_uid(series) {
        last = last.max(Series::new(series, &members, effort).last_end()?);
    }
    Some(last)
}

fn by_uid(series: &[Event]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, event) in series.iter().enumerate() {
        groups.entry(&event.uid).or_default().push(index);
    }
    groups.into_values().collect()
}

fn single(index: usize, event: &Event, window: (Millis, Millis), found: &mut Expansion) {
    let (start_ms, end_ms) = span(&event.when);
    if overlaps(start_ms, end_ms, window) {
        let key = event.instance.clone().unwrap_or_else(|| key_at(start_ms, &event.when));
        found.instances.push(Instance { event: index, key, kind: event.when.kind(), start_ms, end_ms });
    }
}

/// Start and end in the milliseconds of the event's kind.
fn span(when: &When) -> (Millis, Millis) {
    let day = |date: &Date| naive_ms(date.to_datetime(Time::midnight()));
    match when {
        When::AllDay { start, end } => (day(start), day(end).max(day(start))),
        When::Timed { start, end } => (start.at, end.at.max(start.at)),
        When::Floating { start, end } => (naive_ms(*start), naive_ms(*end).max(naive_ms(*start))),
    }
}

fn overlaps(start: Millis, end: Millis, (from, to): (Millis, Millis)) -> bool {
    start < to && (end > from || (end == start && start >= from))
}

/// One slot of the series before overrides: where it lies, and how long it is when that differs from the master.
#[derive(Debug, Clone, Copy)]
struct Slot {
    place: Place,
    end: Option<Millis>,
}

struct Series<'a> {
    all: &'a [Event],
    effort: &'a Effort,
    /// The event whose rules count; without one there are only overrides.
    master: Option<usize>,
    /// Events without RECURRENCE-ID beside the master.
    others: Vec<usize>,
    /// Overrides by the place of their instance.
    overrides: Vec<(Place, usize)>,
    /// Overrides that also move what comes after them, ascending.
    movers: Vec<(Place, usize)>,
}

impl<'a> Series<'a> {
    fn new(all: &'a [Event], members: &[usize], effort: &'a Effort) -> Self {
        let plain: Vec<usize> = members.iter().copied().filter(|index| all[*index].instance.is_none()).collect();
        let master = plain.iter().copied().find(|index| all[*index].recurrence.is_some()).or(plain.first().copied());
        let mut overrides: Vec<(Place, usize)> = Vec::new();
        for index in members.iter().copied() {
            let event = &all[index];
            let Some(key) = &event.instance else { continue };
            let frame = master.map_or(&event.when, |master| &all[master].when);
            overrides.push((place_of_key(key, frame).unwrap_or_else(|| span(&event.when).0), index));
        }
        overrides.sort_unstable();
        let movers = overrides.iter().copied().filter(|(_, index)| all[*index].this_and_future).collect();
        let others = plain.into_iter().filter(|index| Some(*index) != master).collect();
        Self { all, effort, master, others, overrides, movers }
    }

    fn expand(&self, window: (Millis, Millis), limit: usize, found: &mut Expansion) {
        for index in &self.others {
            single(*index, &self.all[*index], window, found);
        }
        for (place, index) in &self.overrides {
            let event = &self.all[*index];
            if event.status != EventStatus::Cancelled {
                let before = found.instances.len();
                single(*index, event, window, found);
                if let (Some(master), Some(instance)) = (self.master, found.instances.get_mut(before)) {
                    instance.key = key_at(*place, &self.all[master].when);
                }
            }
        }
        if let Some(master) = self.master {
            self.expand_master(master, window, limit, found);
        }
    }

    fn expand_master(&self, master: usize, window: (Millis, Millis), limit: usize, found: &mut Expansion) {
        let event = &self.all[master];
        let (length, moved) = self.reach(master);
        let taken: HashSet<Place> = self.overrides.iter().map(|(place, _)| *place).collect();
        let out = Excluded::new(event);
        let open = |place: Place| !taken.contains(&place) && !out.holds(place, &event.when);
        // What is moved with all that follows may leave the window, and an EXRULE takes out later: then only the budget counts.
        let exact = self.movers.is_empty() && event.recurrence.as_ref().is_none_or(|rules| rules.except_rules.is_empty());
        let quota = Quota { from: window.0, max: if exact { limit.saturating_add(1) } else { usize::MAX }, counts: &open };
        let from = window.0.saturating_sub(length).saturating_sub(moved);
        let to = window.1.saturating_add(moved);
        for slot in slots(event, (from, to), quota, found, self.effort) {
            if !open(slot.place) {
                continue;
            }
            let Some((index, start_ms, end_ms)) = self.lie(master, slot) else { continue };
            if overlaps(start_ms, end_ms, window) {
                let kind = self.all[index].when.kind();
                found.instances.push(Instance { event: index, key: key_at(slot.place, &event.when), kind, start_ms, end_ms });
            }
        }
    }

    /// How long an instance may be, and how far THISANDFUTURE may move it from its slot.
    fn reach(&self, master: usize) -> (Millis, Millis) {
        let event = &self.all[master];
        let length = |when: &When| span(when).1 - span(when).0;
        let periods = event.recurrence.iter().flat_map(|rules| &rules.dates);
        let periods = periods.filter_map(|date| Some(place(date.end.as_ref()?, &event.when) - place(&date.start, &event.when)));
        let moved =
            self.movers.iter().map(|(at, index)| (span(&self.all[*index].when).0 - at).abs() + length(&self.all[*index].when) + ZONE_MS);
        // Two hours: a nominal length grows when the clocks go back.
        (length(&event.when).max(periods.max().unwrap_or(0)) + 7_200_000, moved.max().unwrap_or(0))
    }

    /// Where a slot of the master takes place, and which event says so; `None` when the rest was cancelled.
    fn lie(&self, master: usize, slot: Slot) -> Option<(usize, Millis, Millis)> {
        let event = &self.all[master];
        let after = self.movers.partition_point(|(from, _)| *from < slot.place);
        let mover = after.checked_sub(1).map(|index| self.movers[index]);
        let Some((from, index)) = mover else {
            let end = slot.end.unwrap_or_else(|| end_of(slot.place, &event.when, event.recurrence.as_ref()));
            return Some((master, slot.place, end.max(slot.place)));
        };
        let moved = &self.all[index];
        if moved.status == EventStatus::Cancelled {
            return None;
        }
        // The shift is one of wall clocks, so that a move from 9:00 to 14:00 stays one beyond the change of the clocks.
        let by = naive_ms(start_wall(&moved.when)) - naive_ms(wall_at(from, &event.when));
        let wall = shift(wall_at(slot.place, &event.when), by);
        let start = match &moved.when {
            When::Timed { start, .. } => Zone::of(start).to_instant(wall),
            When::AllDay { .. } => naive_ms(wall.date().to_datetime(Time::midnight())),
            When::Floating { .. } => naive_ms(wall),
        };
        Some((index, start, end_of(start, &moved.when, None)))
    }

    fn last_end(&self) -> Option<Millis> {
        let mut last = Millis::MIN;
        for (_, index) in &self.overrides {
            if self.all[*index].status != EventStatus::Cancelled {
                last = last.max(span(&self.all[*index].when).1);
            }
        }
        for index in &self.others {
            last = last.max(span(&self.all[*index].when).1);
        }
        let Some(master) = self.master else {
            return Some(if last == Millis::MIN {
                self.overrides.iter().map(|(_, index)| span(&self.all[*index].when).1).max().unwrap_or(last)
            } else {
                last
            });
        };
        let event = &self.all[master];
        let first = span(&event.when).1;
        let Some(rules) = &event.recurrence else { return Some(last.max(first)) };
        let mut bounds = vec![first];
        bounds.extend(rules.dates.iter().map(|date| place(&date.start, &event.when)));
        for rule in rules.rules.iter().filter_map(|text| Rule::parse(text)).filter(|rule| !rule.foreign) {
            if rule.count.is_none() {
                bounds.push(until(&rule, &event.when)?);
            } else {
                let all = (Millis::MIN / 4, Millis::MAX / 4);
                let (places, ended) =
                    occurrences(&rule, event, all, Quota { from: all.0, max: usize::MAX, counts: &|_| true }, self.effort);
                if ended == Ended::Exhausted {
                    return None;
                }
                bounds.extend(places.last());
            }
        }
        // The true end lies at or before the bound: look back from it, further each time.
        let bound = bounds.into_iter().max().unwrap_or(first).saturating_add(ZONE_MS + self.reach(master).0 + self.reach(master).1);
        for days in [40, 800, 8_000, 4_000_000] {
            let mut found = Expansion::default();
            self.expand_master(master, (bound.saturating_sub(days * DAY_MS), bound), usize::MAX / 2, &mut found);
            if found.truncated {
                return None;
            }
            if let Some(end) = found.instances.iter().map(|instance| instance.end_ms).max() {
                return Some(last.max(end));
            }
        }
        Some(if last == Millis::MIN { first } else { last })
    }
}

/// The end of an instance that starts at a place: as far on the wall clock as in the first instance.
fn end_of(start: Millis, when: &When, rules: Option<&Recurrence>) -> Millis {
    match when {
        When::Timed { start: first, end } => {
            if let Some(exact) = rules.and_then(|rules| rules.exact_duration) {
                return start.saturating_add(exact);
            }
            let zone = Zone::of(first);
            let nominal = naive_ms(zone.to_wall(end.at)) - naive_ms(first.wall);
            zone.to_instant(shift(zone.to_wall(start), nominal)).max(start)
        }
        _ => start + span(when).1 - span(when).0,
    }
}

/// What EXDATE and EXRULE take out.
struct Excluded {
    places: HashSet<Place>,
    days: HashSet<Date>,
}

impl Excluded {
    fn new(event: &Event) -> Self {
        let mut out = Self { places: HashSet::new(), days: HashSet::new() };
        for value in event.recurrence.iter().flat_map(|rules| &rules.except_dates) {
            match named(value, &event.when) {
                Named::Place(place) => drop(out.places.insert(place)),
                Named::Day(day) => drop(out.days.insert(day)),
            }
        }
        out
    }

    fn holds(&self, place: Place, master: &When) -> bool {
        self.places.contains(&place) || (!self.days.is_empty() && self.days.contains(&wall_at(place, master).date()))
    }
}

/// How many places a rule may give: so many that count at or after an instant (those before it are few, but come first).
#[derive(Clone, Copy)]
struct Quota<'q> {
    from: Place,
    max: usize,
    /// Not those that an override or an EXDATE takes.
    counts: &'q dyn Fn(Place) -> bool,
}

/// DTSTART, the rules and RDATE, less EXRULE; ascending, each place once.
fn slots(event: &Event, window: (Place, Place), quota: Quota<'_>, found: &mut Expansion, effort: &Effort) -> Vec<Slot> {
    let mut slots: BTreeMap<Place, Option<Millis>> = BTreeMap::new();
    let first = span(&event.when).0;
    slots.insert(first, None);
    let Some(rules) = &event.recurrence else { return vec![Slot { place: first, end: None }] };
    let mut warn = |warning: &'static str| {
        if !found.warnings.contains(&warning) {
            found.warnings.push(warning);
        }
    };
    for text in &rules.rules {
        let Some(rule) = Rule::parse(text) else {
            warn("bad_rule");
            continue;
        };
        let rule = with_start(rule, event, effort, &mut warn);
        let (places, ended) = occurrences(&rule, event, window, quota, effort);
        found.truncated |= ended != Ended::Complete;
        if ended == Ended::Exhausted {
            warn("rule_too_frequent");
        }
        slots.extend(places.into_iter().map(|place| (place, None)));
    }
    for date in &rules.dates {
        let end = date.end.as_ref().map(|end| place(end, &event.when));
        let slot = slots.entry(place(&date.start, &event.when)).or_default();
        *slot = end.or(*slot);
    }
    for text in &rules.except_rules {
        let Some(rule) = Rule::parse(text) else {
            warn("bad_rule");
            continue;
        };
        for place in occurrences(&rule, event, window, Quota { max: usize::MAX, ..quota }, effort).0 {
            slots.remove(&place);
        }
    }
    slots.into_iter().filter(|(place, _)| *place >= window.0 && *place < window.1).map(|(place, end)| Slot { place, end }).collect()
}

/// The rule as it counts beside DTSTART, which is an instance whether the rule produces it or not.
fn with_start(mut rule: Rule, event: &Event, effort: &Effort, warn: &mut impl FnMut(&'static str)) -> Rule {
    let date_only = matches!(event.when, When::AllDay { .. });
    if rule.foreign {
        warn("unsupported_calendar");
    } else if rule.odd || (date_only && rule.freq < Frequency::Daily) {
        warn("bad_rule");
    }
    if !rule.foreign && !engine::matches_start(&rule, start_wall(&event.when), date_only, effort) {
        warn("start_outside_rule");
        rule.count = rule.count.map(|count| count.saturating_sub(1));
    }
    rule
}

/// The last place that UNTIL lets through (inclusive), in every spelling that is seen: UTC, local, or a date.
pub(super) fn until(rule: &Rule, master: &When) -> Option<Place> {
    let until = rule.until?;
    let last_of_day = |date: Date| date.at(23, 59, 59, 999_999_999);
    Some(match (master, until) {
        (When::AllDay { .. }, Written::Date(date)) => naive_ms(date.to_datetime(Time::midnight())),
        (When::AllDay { .. }, Written::Local(at) | Written::Utc(at)) => naive_ms(at.date().to_datetime(Time::midnight())),
        (When::Floating { .. }, Written::Date(date)) => naive_ms(last_of_day(date)),
        (When::Floating { .. }, Written::Local(at) | Written::Utc(at)) => naive_ms(at),
        (When::Timed { start, .. }, Written::Date(date)) => Zone::of(start).to_instant(last_of_day(date)),
        (When::Timed { start, .. }, Written::Local(at)) => Zone::of(start).to_instant(at),
        (When::Timed { .. }, Written::Utc(at)) => naive_ms(at),
    })
}

/// The places of one rule in a window.
fn occurrences(rule: &Rule, event: &Event, (from, to): (Place, Place), quota: Quota<'_>, effort: &Effort) -> (Vec<Place>, Ended) {
    let mut places = Vec::new();
    let to = until(rule, &event.when).map_or(to, |last| to.min(last.saturating_add(1)));
    if to <= from || rule.foreign {
        return (places, Ended::Complete);
    }
    let mut counted = 0;
    let mut keep = |place: Place| {
        if place >= from && place < to {
            places.push(place);
            counted += usize::from(place >= quota.from && (quota.counts)(place));
        }
        counted < quota.max
    };
    let start = start_wall(&event.when);
    let ended = match &event.when {
        When::Timed { start: first, .. } if runs_on_real_time(rule) => {
            let offset = naive_ms(start) - first.at;
            let wall = (from.saturating_add(offset), to.saturating_add(offset));
            engine::search(rule, start, false, wall, effort, |at| keep(at - offset))
        }
        When::Timed { start: first, .. } => {
            let zone = Zone::of(first);
            let wall = (from.saturating_sub(ZONE_MS), to.saturating_add(ZONE_MS));
            engine::search(rule, start, false, wall, effort, |at| keep(zone.to_instant(from_naive_ms(at))))
        }
        When::Floating { .. } => engine::search(rule, start, false, (from, to), effort, keep),
        When::AllDay { .. } => engine::search(rule, start, true, (from, to), effort, keep),
    };
    (places, ended)
}

/// "Every hour" means real hours; "every hour from nine to five" means what the clock shows.
fn runs_on_real_time(rule: &Rule) -> bool {
    rule.freq < Frequency::Daily
        && rule.by_hour.is_empty()
        && rule.by_day.is_empty()
        && rule.by_month.is_empty()
        && rule.by_month_day.is_empty()
        && rule.by_year_day.is_empty()
        && rule.by_week_no.is_empty()
}
