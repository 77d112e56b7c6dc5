//! A recurrence in plain English words.

use super::key::wall_at;
use super::rule::{Frequency, Rule, Skip};
use super::series::until;
use jiff::civil::{Date, DateTime, Weekday};
use syncline_domain::event::Recurrence;
use syncline_domain::time::When;

const CUSTOM: &str = "Repeats (custom rule)";

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// The recurrence as a person would say it: "Every 2 weeks on Monday and Wednesday until 29 June 2026". What has no short
/// words is "Repeats (custom rule)". Removed, moved and added instances are not told.
#[must_use]
pub fn describe(recurrence: &Recurrence, when: &When) -> String {
    let [text] = recurrence.rules.as_slice() else { return CUSTOM.to_owned() };
    let Some(rule) = Rule::parse(text) else { return CUSTOM.to_owned() };
    let start = super::key::start_wall(when);
    let Some(pattern) = pattern(&rule, start) else { return CUSTOM.to_owned() };
    match (rule.count, until(&rule, when)) {
        (Some(1), _) => format!("{pattern}, once"),
        (Some(count), _) => format!("{pattern}, {count} times"),
        (None, Some(last)) => format!("{pattern} until {}", full_date(wall_at(last, when).date())),
        (None, None) => pattern,
    }
}

fn pattern(rule: &Rule, start: DateTime) -> Option<String> {
    let own = |given: &[i8], own: i8| given.is_empty() || given == [own];
    let clock = own(&rule.by_hour, start.hour()) && own(&rule.by_minute, start.minute()) && own(&rule.by_second, start.second());
    if !clock || rule.foreign || rule.skip != Skip::Omit || !rule.by_week_no.is_empty() || !rule.by_year_day.is_empty() {
        return None;
    }
    let bare = rule.by_day.is_empty() && rule.by_month_day.is_empty() && rule.by_set_pos.is_empty();
    match rule.freq {
        Frequency::Weekly => weekly(rule, start),
        Frequency::Monthly => Some(format!("{}{}{}", every(rule), on_days(rule, start)?, in_months(rule))),
        Frequency::Yearly => yearly(rule, start),
        // "Every day, on Mondays and Fridays" is said in weeks.
        Frequency::Daily if !bare => {
            (rule.interval == 1).then(|| weekly(&Rule { freq: Frequency::Weekly, ..rule.clone() }, start)).flatten()
        }
        _ => bare.then(|| format!("{}{}", every(rule), in_months(rule))),
    }
}

fn weekly(rule: &Rule, start: DateTime) -> Option<String> {
    if !rule.by_month_day.is_empty() || !rule.by_set_pos.is_empty() {
        return None;
    }
    let mut days: Vec<Weekday> = rule.by_day.iter().map(|(_, day)| *day).collect();
    days.dedup();
    if days.is_empty() {
        days.push(start.weekday());
    }
    let first = rule.week_start;
    days.sort_by_key(|day| day.since(first));
    let pattern = match (rule.interval, days.len()) {
        (1, 7) => "Every day".to_owned(),
        (1, 5) if is_working_week(&days) => "Every weekday".to_owned(),
        _ => format!("{} on {}", every(rule), list(days.into_iter().map(weekday))),
    };
    Some(pattern + &in_months(rule))
}

fn yearly(rule: &Rule, start: DateTime) -> Option<String> {
    let months = if rule.by_month.is_empty() { vec![start.month()] } else { rule.by_month.clone() };
    if rule.by_day.is_empty() {
        if !rule.by_set_pos.is_empty() {
            return None;
        }
        let days = if rule.by_month_day.is_empty() { vec![start.day()] } else { rule.by_month_day.clone() };
        if days.iter().any(|day| *day < 1) || days.len() * months.len() > 4 {
            return None;
        }
        let dates = months.iter().flat_map(|month| days.iter().map(move |day| format!("{day} {}", name(*month))));
        return Some(format!("{} on {}", every(rule), list(dates)));
    }
    if rule.by_month.is_empty() {
        return None;
    }
    Some(format!("{}{} of {}", every(rule), on_days(rule, start)?, list(months.into_iter().map(|month| name(month).to_owned()))))
}

/// " on the 9th", " on the last Friday", " on the first weekday".
fn on_days(rule: &Rule, start: DateTime) -> Option<String> {
    let parts: Vec<String> = match (rule.by_month_day.as_slice(), rule.by_day.as_slice(), rule.by_set_pos.as_slice()) {
        ([], [], []) => vec![format!("the {}", numeral(start.day()))],
        (days, [], []) => {
            // Days from the end are said after the others.
            let (last, first): (Vec<i8>, Vec<i8>) = days.iter().partition(|day| **day < 0);
            let last = last.into_iter().map(|day| position(i32::from(day)).map(|place| format!("the {place} day")));
            first.into_iter().map(|day| Some(format!("the {}", numeral(day)))).chain(last).collect::<Option<_>>()?
        }
        ([], days, []) => days
            .iter()
            .map(|(number, day)| position(i32::from(*number)).map(|place| format!("the {place} {}", weekday(*day))))
            .collect::<Option<_>>()?,
        ([], days, [at]) if days.iter().all(|(number, _)| *number == 0) => {
            let days: Vec<Weekday> = days.iter().map(|(_, day)| *day).collect();
            let what = match days.as_slice() {
                [day] => weekday(*day),
                [Weekday::Saturday, Weekday::Sunday] => "weekend day".to_owned(),
                _ if days.len() == 7 => "day".to_owned(),
                _ if is_working_week(&days) => "weekday".to_owned(),
                _ => return None,
            };
            vec![format!("the {} {what}", position(*at)?)]
        }
        _ => return None,
    };
    (parts.len() <= 5).then(|| format!(" on {}", list(parts)))
}

fn is_working_week(days: &[Weekday]) -> bool {
    days.len() == 5 && !days.contains(&Weekday::Saturday) && !days.contains(&Weekday::Sunday)
}

fn every(rule: &Rule) -> String {
    let unit = match rule.freq {
        Frequency::Secondly => "second",
        Frequency::Minutely => "minute",
        Frequency::Hourly => "hour",
        Frequency::Daily => "day",
        Frequency::Weekly => "week",
        Frequency::Monthly => "month",
        Frequency::Yearly => "year",
    };
    if rule.interval == 1 { format!("Every {unit}") } else { format!("Every {} {unit}s", rule.interval) }
}

fn in_months(rule: &Rule) -> String {
    if rule.by_month.is_empty() {
        String::new()
    } else {
        format!(" in {}", list(rule.by_month.iter().map(|month| name(*month).to_owned())))
    }
}

fn name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

fn weekday(day: Weekday) -> String {
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
        [usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)]
    .to_owned()
}

fn full_date(date: Date) -> String {
    format!("{} {} {}", date.day(), name(date.month()), date.year())
}

/// "first", "second to last"; `None` for what nobody says.
fn position(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "first",
        2 => "second",
        3 => "third",
        4 => "fourth",
        5 => "fifth",
        -1 => "last",
        -2 => "second to last",
        -3 => "third to last",
        _ => return None,
    })
}

/// "1st", "22nd", "13th".
fn numeral(day: i8) -> String {
    let ending = match (day % 10, day / 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

/// "a", "a and b", "a, b and c".
fn list(parts: impl IntoIterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.into_iter().collect();
    match (parts.pop(), parts.is_empty()) {
        (Some(last), false) => format!("{} and {last}", parts.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recurrence::Zone;
    use syncline_domain::time::ZoneName;

    fn words(rule: &str) -> String {
        let name = ZoneName("Europe/Berlin".into());
        let start = Zone::from_name(&name).expect("bundled").moment(jiff::civil::datetime(2026, 3, 9, 9, 0, 0, 0), &name);
        let recurrence = Recurrence { rules: vec![rule.to_owned()], ..Recurrence::default() };
        describe(&recurrence, &When::Timed { end: start.clone(), start })
    }

    #[test]
    fn rules_are_said_in_plain_words() {
        for (rule, expected) in [
            ("FREQ=DAILY", "Every day"),
            ("FREQ=DAILY;INTERVAL=3;COUNT=5", "Every 3 days, 5 times"),
            ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "Every weekday"),
            ("FREQ=WEEKLY", "Every week on Monday"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,MO;UNTIL=20260629T070000Z", "Every 2 weeks on Monday and Wednesday until 29 June 2026"),
            ("FREQ=WEEKLY;WKST=SU;BYDAY=MO,WE,SU", "Every week on Sunday, Monday and Wednesday"),
            ("FREQ=WEEKLY;BYDAY=FR,MO,TU,WE,TH;UNTIL=20260629", "Every weekday until 29 June 2026"),
            ("FREQ=MONTHLY", "Every month on the 9th"),
            ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=10", "Every month on the last Friday, 10 times"),
            ("FREQ=MONTHLY;BYDAY=1MO,3MO", "Every month on the first Monday and the third Monday"),
            ("FREQ=MONTHLY;BYMONTHDAY=1,22,-1", "Every month on the 1st, the 22nd and the last day"),
            ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "Every month on the last weekday"),
            ("FREQ=MONTHLY;INTERVAL=3;BYDAY=TU;BYSETPOS=2", "Every 3 months on the second Tuesday"),
            ("FREQ=MONTHLY;BYMONTH=1,7;BYMONTHDAY=13", "Every month on the 13th in January and July"),
            ("FREQ=YEARLY", "Every year on 9 March"),
            ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "Every year on 24 December"),
            ("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "Every year on the last Sunday of October"),
            ("FREQ=HOURLY;INTERVAL=6", "Every 6 hours"),
            ("FREQ=WEEKLY;COUNT=1", "Every week on Monday, once"),
        ] {
            assert_eq!(words(rule), expected, "{rule}");
        }
    }

    #[test]
    fn what_has_no_short_words_is_a_custom_rule() {
        for rule in [
            "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
            "FREQ=DAILY;BYHOUR=9,12",
            "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
            "RSCALE=CHINESE;FREQ=YEARLY",
            "FREQ=MONTHLY;BYDAY=MO,FR",
            "nonsense",
        ] {
            assert_eq!(words(rule), "Repeats (custom rule)", "{rule}");
        }
    }
}
