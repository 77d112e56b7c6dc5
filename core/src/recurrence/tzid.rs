//! TZIDs as they are found, to zones that can convert.
//!
//! Order: IANA (any case, old links) → `X-LIC-LOCATION` → Windows → the tail of a prefixed id → display labels → the rules
//! of the VTIMEZONE itself → numeric offsets → the default zone with a warning. A name with one offset all year never
//! stands for a VTIMEZONE that observes daylight saving.

use super::vtimezone::{self, VTimezone};
use super::zone::{Zone, offset_name, offset_seconds};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;
use syncline_domain::time::ZoneName;
use windows_timezones::WindowsTimezone;

/// The names that `windows-timezones` knows; it can not list them itself.
const WINDOWS: &str = "\
    Dateline Standard Time|UTC-11|Aleutian Standard Time|Hawaiian Standard Time|Marquesas Standard Time|\
    Alaskan Standard Time|UTC-09|Pacific Standard Time (Mexico)|UTC-08|Pacific Standard Time|\
    US Mountain Standard Time|Mountain Standard Time (Mexico)|Mountain Standard Time|Yukon Standard Time|\
    Central America Standard Time|Central Standard Time|Easter Island Standard Time|\
    Central Standard Time (Mexico)|Canada Central Standard Time|SA Pacific Standard Time|\
    Eastern Standard Time (Mexico)|Eastern Standard Time|Haiti Standard Time|Cuba Standard Time|\
    US Eastern Standard Time|Turks And Caicos Standard Time|Paraguay Standard Time|Atlantic Standard Time|\
    Venezuela Standard Time|Central Brazilian Standard Time|SA Western Standard Time|Pacific SA Standard Time|\
    Newfoundland Standard Time|Tocantins Standard Time|E. South America Standard Time|SA Eastern Standard Time|\
    Argentina Standard Time|Greenland Standard Time|Montevideo Standard Time|Magallanes Standard Time|\
    Saint Pierre Standard Time|Bahia Standard Time|UTC-02|Azores Standard Time|Cape Verde Standard Time|UTC|\
    GMT Standard Time|Greenwich Standard Time|Sao Tome Standard Time|Morocco Standard Time|\
    W. Europe Standard Time|Central Europe Standard Time|Romance Standard Time|Central European Standard Time|\
    W. Central Africa Standard Time|Jordan Standard Time|GTB Standard Time|Middle East Standard Time|\
    Egypt Standard Time|E. Europe Standard Time|Syria Standard Time|West Bank Standard Time|\
    South Africa Standard Time|FLE Standard Time|Israel Standard Time|South Sudan Standard Time|\
    Kaliningrad Standard Time|Sudan Standard Time|Libya Standard Time|Namibia Standard Time|Arabic Standard Time|\
    Turkey Standard Time|Arab Standard Time|Belarus Standard Time|Russian Standard Time|E. Africa Standard Time|\
    Iran Standard Time|Arabian Standard Time|Astrakhan Standard Time|Azerbaijan Standard Time|Russia Time Zone 3|\
    Mauritius Standard Time|Saratov Standard Time|Georgian Standard Time|Volgograd Standard Time|\
    Caucasus Standard Time|Afghanistan Standard Time|West Asia Standard Time|Ekaterinburg Standard Time|\
    Pakistan Standard Time|Qyzylorda Standard Time|India Standard Time|Sri Lanka Standard Time|\
    Nepal Standard Time|Central Asia Standard Time|Bangladesh Standard Time|Omsk Standard Time|\
    Myanmar Standard Time|SE Asia Standard Time|Altai Standard Time|W. Mongolia Standard Time|\
    North Asia Standard Time|N. Central Asia Standard Time|Tomsk Standard Time|China Standard Time|\
    North Asia East Standard Time|Singapore Standard Time|W. Australia Standard Time|Taipei Standard Time|\
    Ulaanbaatar Standard Time|Aus Central W. Standard Time|Transbaikal Standard Time|Tokyo Standard Time|\
    North Korea Standard Time|Korea Standard Time|Yakutsk Standard Time|Cen. Australia Standard Time|\
    AUS Central Standard Time|E. Australia Standard Time|AUS Eastern Standard Time|West Pacific Standard Time|\
    Tasmania Standard Time|Vladivostok Standard Time|Lord Howe Standard Time|Bougainville Standard Time|\
    Russia Time Zone 10|Magadan Standard Time|Norfolk Standard Time|Sakhalin Standard Time|\
    Central Pacific Standard Time|Russia Time Zone 11|New Zealand Standard Time|UTC+12|Fiji Standard Time|\
    Chatham Islands Standard Time|UTC+13|Tonga Standard Time|Samoa Standard Time|Line Islands Standard Time";

/// Windows names that Microsoft has retired, or that Exchange still writes.
const RETIRED: [(&str, &str); 8] = [
    ("Mid-Atlantic Standard Time", "Atlantic/South_Georgia"),
    ("Kamchatka Standard Time", "Asia/Kamchatka"),
    ("Mexico Standard Time", "America/Mexico_City"),
    ("Mexico Standard Time 2", "America/Chihuahua"),
    ("Armenian Standard Time", "Asia/Yerevan"),
    ("Caucasus Standard Time", "Asia/Yerevan"),
    ("Coordinated Universal Time", "UTC"),
    ("Greenwich Mean Time", "Europe/London"),
];

/// Labels of older systems that no Windows name carries today.
const LABELS: [(&str, &str); 14] = [
    ("pacific time", "America/Los_Angeles"),
    ("pacific time (us & canada); tijuana", "America/Los_Angeles"),
    ("mountain time", "America/Denver"),
    ("central time", "America/Chicago"),
    ("eastern time", "America/New_York"),
    ("atlantic time", "America/Halifax"),
    ("greenwich mean time : dublin, edinburgh, lisbon, london", "Europe/London"),
    ("greenwich mean time; dublin, edinburgh, london", "Europe/London"),
    ("sarajevo, skopje, sofija, vilnius, warsaw, zagreb", "Europe/Warsaw"),
    ("athens, istanbul, minsk", "Europe/Athens"),
    ("athens, bucharest, istanbul", "Europe/Athens"),
    ("helsinki, riga, tallinn", "Europe/Helsinki"),
    ("calcutta, chennai, mumbai, new delhi", "Asia/Kolkata"),
    ("universal coordinated time", "UTC"),
];

/// What `(UTC+01:00) Amsterdam, Berlin, …` stands for, without the offset and in lower case.
static BY_LABEL: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let windows = WINDOWS.split('|').filter_map(|name| name.parse::<WindowsTimezone>().ok());
    let windows = windows.map(|zone| (without_offset(zone.description()).to_lowercase(), zone.tzdb_id()));
    windows.chain(LABELS.iter().map(|(label, zone)| ((*label).to_owned(), *zone))).collect()
});

/// `TZID`s that were resolved, `None` for those that nobody knows.
type Known = HashMap<String, Option<ZoneName>>;

/// The zones that a file describes, with the resolutions made so far.
#[derive(Debug, Default)]
pub struct Timezones {
    zones: Vec<VTimezone>,
    known: RefCell<Known>,
}

impl Timezones {
    /// The zones of a file.
    #[must_use]
    pub fn new(zones: Vec<VTimezone>) -> Self {
        Self { zones, known: RefCell::new(HashMap::new()) }
    }

    /// The zone of a TZID. Nobody knows it: `default_zone`, else UTC, and the warning `unknown_zone`.
    pub fn resolve(&self, tzid: &str, default_zone: Option<&str>) -> (ZoneName, Option<&'static str>) {
        let known = self.known.borrow().get(tzid).cloned();
        let found = known.unwrap_or_else(|| {
            let found = find(tzid, &self.zones);
            self.known.borrow_mut().insert(tzid.to_owned(), found.clone());
            found
        });
        match found {
            Some(zone) => (zone, None),
            None => (default_zone.and_then(|name| find(name, &[])).unwrap_or_else(ZoneName::utc), Some("unknown_zone")),
        }
    }
}

/// The zone of a TZID, beside the VTIMEZONEs of its file (none for other sources). Nobody knows it: `default_zone`, else
/// UTC, and the warning `unknown_zone`. For many lookups in one file use [`Timezones`].
#[must_use]
pub fn resolve(tzid: &str, vtimezones: &[VTimezone], default_zone: Option<&str>) -> (ZoneName, Option<&'static str>) {
    Timezones::new(vtimezones.to_vec()).resolve(tzid, default_zone)
}

/// A name for people: IANA names and offsets as they are, zones of a VTIMEZONE by the name that its calendar gave it.
#[must_use]
pub fn label(zone: &ZoneName) -> String {
    match zone.0.strip_prefix(vtimezone::PREFIX) {
        Some(text) => text.split_once('#').map_or("Custom time zone", |(_, label)| label).to_owned(),
        None => zone.0.clone(),
    }
}

fn find(tzid: &str, zones: &[VTimezone]) -> Option<ZoneName> {
    let tzid = tzid.trim().trim_matches('"').trim();
    let described = zones.iter().find(|zone| zone.tzid == tzid).or_else(|| zones.iter().find(|zone| zone.tzid.eq_ignore_ascii_case(tzid)));
    let location = described.and_then(|zone| zone.location.as_deref());
    let observes = described.is_some_and(VTimezone::observes_daylight);
    let fits = |zone: ZoneName| if observes && has_one_offset(&zone) { None } else { Some(zone) };
    iana(tzid)
        .and_then(fits)
        .or_else(|| location.and_then(iana).and_then(fits))
        .or_else(|| windows(tzid).and_then(fits))
        .or_else(|| tail(tzid).and_then(fits))
        .or_else(|| by_label(tzid).and_then(fits))
        .or_else(|| described.and_then(vtimezone::evaluate))
        .or_else(|| numeric(tzid))
        .or_else(|| by_city(tzid))
}

fn iana(name: &str) -> Option<ZoneName> {
    let name = name.trim();
    if ["UTC", "Z", "GMT", "Etc/UTC", "Etc/GMT", "Etc/UCT", "Etc/Zulu", "UCT", "Zulu", "Universal"]
        .iter()
        .any(|utc| utc.eq_ignore_ascii_case(name))
    {
        return Some(ZoneName::utc());
    }
    // Offsets and zones of our own are no IANA names, though Zone reads them.
    if name.is_empty() || name.starts_with(['+', '-']) || name.contains(':') {
        return None;
    }
    let found = Zone::named(name).or_else(|| name.contains(' ').then(|| Zone::named(&name.replace(' ', "_"))).flatten())?;
    found.iana_name().map(|name| ZoneName(name.to_owned()))
}

fn windows(name: &str) -> Option<ZoneName> {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    let standard =
        [" Daylight Time", " Summer Time"].iter().find_map(|end| plain.strip_suffix(end)).map(|start| format!("{start} Standard Time"));
    for name in [name, plain].into_iter().chain(standard.as_deref()) {
        if let Some((_, zone)) = RETIRED.iter().find(|(retired, _)| retired.eq_ignore_ascii_case(name)) {
            return iana(zone);
        }
        let listed = WINDOWS.split('|').find(|listed| listed.eq_ignore_ascii_case(name));
        if let Some(zone) = listed.and_then(|name| name.parse::<WindowsTimezone>().ok()) {
            return iana(zone.tzdb_id());
        }
    }
    None
}

/// `/mozilla.org/20070129_1/America/Denver`, `/freeassociation.sourceforge.net/Europe/Berlin`, `tzone://Microsoft/Utc`.
fn tail(tzid: &str) -> Option<ZoneName> {
    let parts: Vec<&str> = tzid.split('/').filter(|part| !part.is_empty()).collect();
    (1..=3.min(parts.len().saturating_sub(1))).rev().find_map(|number| iana(&parts[parts.len() - number..].join("/")))
}

fn by_label(tzid: &str) -> Option<ZoneName> {
    let label = without_offset(tzid).to_lowercase();
    BY_LABEL.get(&label).and_then(|zone| iana(zone))
}

/// A label that no table has: the first city in it that names an IANA zone with the offset that the label gives.
fn by_city(tzid: &str) -> Option<ZoneName> {
    let offset = tzid.trim().strip_prefix('(')?.split(')').next().and_then(numeric_seconds)?;
    let cities: Vec<String> = without_offset(tzid).split([',', ';']).map(|city| city.trim().replace(' ', "_")).collect();
    let fits = |name: &str| {
        let zone = Zone::named(name)?;
        let winter = [1_736_899_200_000, 1_752_537_600_000].iter().map(|at| zone.offset_ms(*at)).min()?;
        (winter == i64::from(offset) * 1000).then(|| ZoneName(name.to_owned()))
    };
    let areas = ["Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian"];
    cities.iter().filter(|city| !city.is_empty()).find_map(|city| areas.iter().find_map(|area| fits(&format!("{area}/{city}"))))
}

/// `(UTC-07:00) Mountain Time (US & Canada)` without its offset.
fn without_offset(label: &str) -> &str {
    let label = label.trim();
    let rest = label.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    match rest {
        Some((offset, rest)) if offset.starts_with("UTC") || offset.starts_with("GMT") => rest.trim(),
        _ => label,
    }
}

/// `+0100`, `UTC+01:00`, `GMT-5`.
fn numeric(tzid: &str) -> Option<ZoneName> {
    numeric_seconds(tzid).map(offset_name)
}

fn numeric_seconds(text: &str) -> Option<i32> {
    let text = text.trim();
    let bare = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text).trim();
    if bare.is_empty() {
        return (bare.len() < text.len()).then_some(0);
    }
    let padded = match bare.len() {
        2 => format!("{}0{}", bare.get(..1)?, bare.get(1..)?),
        5 if bare.as_bytes().get(2) == Some(&b':') => format!("{}0{}", bare.get(..1)?, bare.get(1..)?),
        _ => bare.to_owned(),
    };
    offset_seconds(&padded)
}

/// Neither winter nor summer changes its offset, in a year when others changed theirs.
fn has_one_offset(zone: &ZoneName) -> bool {
    let Some(zone) = Zone::from_name(zone) else { return false };
    let months = [1_736_899_200_000, 1_744_675_200_000, 1_752_537_600_000, 1_760_486_400_000];
    months.iter().all(|at| zone.offset_ms(*at) == zone.offset_ms(months[0]))
}
