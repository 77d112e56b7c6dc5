//! The four views: which days they show, how one steps through them, and what they are called.

use super::days::{add, add_months, number, week_number, week_of};
use super::month;
use super::words::{day_long, month_name, month_short, weekday_short};
use crate::view::WeekStart;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How many days the agenda shows at once.
const AGENDA_DAYS: i32 = 42;

/// A way to look at the calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Up to six weeks.
    #[default]
    Month,
    /// Seven days by the hour.
    Week,
    /// One day by the hour.
    Day,
    /// A list by day.
    Agenda,
}

/// Days from `from` up to but without `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First day.
    #[serde(with = "crate::civil::date")]
    pub from: Date,
    /// Day after the last.
    #[serde(with = "crate::civil::date")]
    pub to: Date,
}

impl Span {
    /// Whether a day lies in it.
    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        (self.from..self.to).contains(&day)
    }

    /// How many days.
    #[must_use]
    pub fn days(self) -> i32 {
        number(self.to) - number(self.from)
    }
}

/// What a period is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// "16 – 22 November 2026".
    pub long: String,
    /// For narrow screens: "16 – 22 Nov 2026".
    pub short: String,
    /// The ISO week, where the view shows one week.
    pub week: Option<u8>,
}

impl View {
    /// All of them, in the order of the switch.
    pub const ALL: [Self; 4] = [Self::Month, Self::Week, Self::Day, Self::Agenda];

    /// As addresses have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Agenda => "agenda",
        }
    }

    /// Reads [`View::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.as_str() == text)
    }

    /// On the switch.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Month => "Month",
            Self::Week => "Week",
            Self::Day => "Day",
            Self::Agenda => "Agenda",
        }
    }

    /// The days that it shows around `day`.
    #[must_use]
    pub fn span(self, day: Date, start: WeekStart) -> Span {
        match self {
            Self::Month => month::span(day, start),
            Self::Week => {
                let from = week_of(day, start);
                Span { from, to: add(from, 7) }
            }
            Self::Day => Span { from: day, to: add(day, 1) },
            Self::Agenda => Span { from: day, to: add(day, AGENDA_DAYS) },
        }
    }

    /// The day to look at after going `steps` forward (or back, when negative).
    #[must_use]
    pub fn step(self, day: Date, steps: i32) -> Date {
        match self {
            Self::Month => add_months(day, steps),
            Self::Week => add(day, 7 * steps),
            Self::Day => add(day, steps),
            Self::Agenda => add(day, AGENDA_DAYS * steps),
        }
    }

    /// What the period around `day` is called.
    #[must_use]
    pub fn title(self, day: Date, start: WeekStart) -> Title {
        match self {
            Self::Month => Title {
                long: format!("{} {}", month_name(day), day.year()),
                short: format!("{} {}", month_short(day), day.year()),
                week: None,
            },
            Self::Week => {
                let Span { from, to } = self.span(day, start);
                let last = add(to, -1);
                Title { long: range(from, last, month_name), short: range(from, last, month_short), week: Some(week_number(from)) }
            }
            Self::Day => Title {
                long: day_long(day),
                short: format!("{} {} {} {}", weekday_short(day), day.day(), month_short(day), day.year()),
                week: None,
            },
            Self::Agenda => {
                let Span { from, to } = self.span(day, start);
                let last = add(to, -1);
                Title { long: range(from, last, month_name), short: range(from, last, month_short), week: None }
            }
        }
    }
}

/// "16 – 22 November 2026", "30 November – 6 December 2026", "28 December 2026 – 3 January 2027".
fn range(first: Date, last: Date, month: fn(Date) -> &'static str) -> String {
    let end = format!("{} {} {}", last.day(), month(last), last.year());
    if first.year() != last.year() {
        format!("{} {} {} – {end}", first.day(), month(first), first.year())
    } else if first.month() != last.month() {
        format!("{} {} – {end}", first.day(), month(first))
    } else {
        format!("{} – {end}", first.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn titles_say_no_month_or_year_twice() {
        let title = |view: View, day| view.title(day, WeekStart::Monday).long;
        assert_eq!(title(View::Month, date(2026, 11, 20)), "November 2026");
        assert_eq!(title(View::Week, date(2026, 11, 20)), "16 – 22 November 2026");
        assert_eq!(title(View::Week, date(2026, 12, 1)), "30 November – 6 December 2026");
        assert_eq!(title(View::Week, date(2027, 1, 1)), "28 December 2026 – 3 January 2027");
        assert_eq!(title(View::Day, date(2026, 11, 20)), "Friday, 20 November 2026");
        assert_eq!(title(View::Agenda, date(2026, 11, 20)), "20 November – 31 December 2026");
        assert_eq!(View::Week.title(date(2026, 11, 20), WeekStart::Sunday).short, "15 – 21 Nov 2026");
    }

    #[test]
    fn a_week_says_its_number_whatever_day_it_begins_with() {
        for start in [WeekStart::Monday, WeekStart::Sunday, WeekStart::Saturday] {
            assert_eq!(View::Week.title(date(2026, 11, 18), start).week, Some(47), "{start:?}");
        }
    }

    #[test]
    fn stepping_forth_and_back_meets_the_neighbouring_period() {
        for view in View::ALL {
            let day = date(2026, 11, 18);
            let here = view.span(day, WeekStart::Monday);
            let next = view.span(view.step(day, 1), WeekStart::Monday);
            assert!(next.from <= here.to && next.to > here.to, "{view:?} leaves no gap");
            assert_eq!(view.step(view.step(day, 1), -1), day);
        }
    }

    #[test]
    fn views_round_trip_through_the_address() {
        for view in View::ALL {
            assert_eq!(View::parse(view.as_str()), Some(view));
        }
        assert_eq!(View::parse("year"), None);
    }
}
