//! The components of a file: what is inside which VCALENDAR, and where in the text it stands.
//!
//! This is the seam behind which the syntax lives: everything after it works on [`Component`]s, so another parser could
//! take its place by building the same.

use super::lex::{Line, Lines, Span};

/// Deeper than any real calendar; what lies below is skipped.
const MAX_DEPTH: usize = 32;

/// Which components matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Calendar,
    Event,
    Zone,
    Standard,
    Daylight,
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        const KINDS: [(&str, Kind); 5] = [
            ("VEVENT", Kind::Event),
            ("VCALENDAR", Kind::Calendar),
            ("VTIMEZONE", Kind::Zone),
            ("STANDARD", Kind::Standard),
            ("DAYLIGHT", Kind::Daylight),
        ];
        KINDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(Kind::Other, |(_, kind)| *kind)
    }
}

/// A VEVENT, VTIMEZONE, STANDARD or DAYLIGHT with its own lines (not those of components inside it).
#[derive(Debug)]
pub(super) struct Component<'a> {
    pub(super) kind: Kind,
    pub(super) lines: Vec<Line<'a>>,
    /// STANDARD and DAYLIGHT of a VTIMEZONE.
    pub(super) parts: Vec<Component<'a>>,
    /// Where it stands in the text, from `BEGIN` to the end of its `END` line.
    pub(super) span: Span,
    /// The file ended inside it.
    pub(super) truncated: bool,
    /// Which VCALENDAR of the file it belongs to.
    pub(super) calendar: usize,
}

impl<'a> Component<'a> {
    fn new(kind: Kind, start: usize, calendar: usize) -> Self {
        Self { kind, lines: Vec::with_capacity(16), parts: Vec::new(), span: (start, start), truncated: true, calendar }
    }

    /// The first line with a name.
    pub(super) fn line(&self, name: &str) -> Option<&Line<'a>> {
        self.lines.iter().find(|line| line.name().eq_ignore_ascii_case(name))
    }
}

/// A parsed file.
#[derive(Debug, Default)]
pub(super) struct File<'a> {
    /// How many `BEGIN:VCALENDAR` there were.
    pub(super) calendars: usize,
    /// The properties of the VCALENDARs themselves, with the index of theirs.
    pub(super) head: Vec<(usize, Line<'a>)>,
    pub(super) events: Vec<Component<'a>>,
    pub(super) zones: Vec<Component<'a>>,
    /// Every VCALENDAR was closed and nothing follows the last.
    pub(super) complete: bool,
    /// Components whose END was missing, though the file went on.
    pub(super) unclosed: usize,
}

impl<'a> File<'a> {
    /// The first property of any VCALENDAR with a name.
    pub(super) fn property(&self, name: &str) -> Option<&Line<'a>> {
        self.head.iter().find(|(_, line)| line.name().eq_ignore_ascii_case(name)).map(|(_, line)| line)
    }
}

/// Reads a text into its components. Never fails: what it does not understand it leaves out.
pub(super) fn parse(text: &str) -> File<'_> {
    let mut reader = Reader { file: File::default(), open: Vec::new(), skipped: 0, after_end: false };
    for (line, span) in Lines::new(text) {
        reader.line(line, span);
    }
    reader.file.complete = reader.after_end && reader.open.is_empty() && reader.file.calendars > 0;
    let end = text.len();
    while let Some((component, _)) = reader.open.pop() {
        reader.keep(component, end, true);
    }
    reader.file
}

struct Reader<'a> {
    file: File<'a>,
    /// What is open, with its name for the kinds that are not told apart.
    open: Vec<(Component<'a>, String)>,
    /// Levels below [`MAX_DEPTH`].
    skipped: usize,
    after_end: bool,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: Line<'a>, span: Span) {
        let name = line.name();
        if name.eq_ignore_ascii_case("BEGIN") {
            self.begin(line.value().trim(), span.0);
        } else if name.eq_ignore_ascii_case("END") {
            self.end(line.value().trim(), span);
        } else if let Some((component, _)) = self.open.last_mut() {
            match component.kind {
                Kind::Calendar => self.file.head.push((component.calendar, line)),
                Kind::Other => {}
                _ => component.lines.push(line),
            }
        } else {
            self.after_end = false;
        }
    }

    fn begin(&mut self, name: &str, at: usize) {
        let kind = Kind::of(name);
        if matches!(kind, Kind::Calendar | Kind::Event) {
            // An event never holds another one: its END is missing.
            self.skipped = 0;
            let unclosed = self.open.iter().position(|(open, _)| open.kind == Kind::Event || kind == Kind::Calendar);
            self.close_to(unclosed.unwrap_or(self.open.len()), at, true);
        }
        if kind == Kind::Calendar {
            self.file.calendars += 1;
        }
        self.after_end = false;
        if self.open.len() >= MAX_DEPTH {
            self.skipped += 1;
            return;
        }
        let name = if kind == Kind::Other { name.to_ascii_uppercase() } else { String::new() };
        self.open.push((Component::new(kind, at, self.file.calendars.saturating_sub(1)), name));
    }

    fn end(&mut self, name: &str, span: Span) {
        if self.skipped > 0 && Kind::of(name) == Kind::Other {
            self.skipped -= 1;
            return;
        }
        let kind = Kind::of(name);
        let found =
            self.open.iter().rposition(|(open, other)| open.kind == kind && (kind != Kind::Other || other.eq_ignore_ascii_case(name)));
        let Some(found) = found else { return };
        self.skipped = 0;
        self.close_to(found + 1, span.0, true);
        self.close_to(found, span.1, false);
        self.after_end = kind == Kind::Calendar;
    }

    /// Closes open components until `depth` are left.
    fn close_to(&mut self, depth: usize, at: usize, unclosed: bool) {
        while self.open.len() > depth {
            if let Some((component, _)) = self.open.pop() {
                self.file.unclosed += usize::from(unclosed);
                self.keep(component, at, false);
            }
        }
    }

    fn keep(&mut self, mut component: Component<'a>, end: usize, truncated: bool) {
        component.span.1 = end;
        component.truncated = truncated;
        match component.kind {
            Kind::Event => self.file.events.push(component),
            Kind::Zone => self.file.zones.push(component),
            Kind::Standard | Kind::Daylight => {
                if let Some((zone, _)) = self.open.iter_mut().rev().find(|(open, _)| open.kind == Kind::Zone) {
                    zone.parts.push(component);
                }
            }
            Kind::Calendar | Kind::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uids(file: &File<'_>) -> Vec<String> {
        file.events.iter().map(|event| event.line("uid").map_or(String::new(), |line| line.value().to_owned())).collect()
    }

    #[test]
    fn alarms_inside_an_event_do_not_lend_it_their_lines() {
        let file =
            parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nBEGIN:VALARM\nUID:alarm\nEND:VALARM\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n");
        assert_eq!(uids(&file), ["1"]);
        assert_eq!(file.events[0].lines.len(), 2);
        assert!(file.complete);
    }

    #[test]
    fn an_event_without_its_end_is_closed_by_what_follows() {
        let file = parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nBEGIN:VEVENT\nUID:2\nEND:VCALENDAR\n");
        assert_eq!(uids(&file), ["1", "2"]);
        assert!(file.complete && file.unclosed == 2 && file.events.iter().all(|event| !event.truncated));
    }

    #[test]
    fn a_file_that_stops_inside_an_event_is_incomplete_and_the_event_is_marked() {
        let file = parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nSUMM");
        assert_eq!(uids(&file), ["1", "2"]);
        assert!(!file.complete && !file.events[0].truncated && file.events[1].truncated);
    }

    #[test]
    fn a_file_that_goes_on_after_its_last_end_is_incomplete() {
        assert!(parse("BEGIN:VCALENDAR\nEND:VCALENDAR\n\n").complete);
        assert!(!parse("BEGIN:VCALENDAR\nEND:VCALENDAR\n<html>").complete);
        assert!(!parse("BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\n").complete);
        assert!(!parse("").complete);
    }

    #[test]
    fn a_tower_of_components_costs_nothing() {
        let tower = "BEGIN:A\n".repeat(200_000) + &"END:B\n".repeat(200_000);
        assert_eq!(parse(&tower).events.len(), 0);
    }
}
