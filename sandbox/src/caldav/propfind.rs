//! PROPFIND: who we are, where the calendars are, what they look like, what is in them.

use super::ask::{APPLE, CALDAV, CS, DAV, Name};
use super::data::Collection;
use super::quirks::Signs;
use super::serve::{Question, Reply};
use super::xml::{Multistatus, escape};
use super::{CONTEXT, HOME, Inner, PRINCIPAL, SECOND_HOME};

/// A property with its value as XML, or nothing.
type Found = Option<String>;

impl Inner {
    pub(super) fn propfind(&self, question: &Question) -> Reply {
        let mut out = Multistatus::new(&self.quirks);
        let path = question.path.as_str();
        match path {
            CONTEXT | PRINCIPAL => self.row(&mut out, path, question, |name| self.account(&out_name(name), path)),
            HOME | SECOND_HOME => {
                self.row(&mut out, path, question, |name| self.account(&out_name(name), path));
                if question.depth == Some(1) {
                    for (path, collection) in self.collections.iter().filter(|(at, _)| at.starts_with(path)) {
                        self.row(&mut out, path, question, |name| self.calendar(&out_name(name), collection));
                    }
                }
            }
            _ => {
                let (collection, object) = match self.collections.get_key_value(path) {
                    Some((_, collection)) => (collection, None),
                    None => match self.split(path).and_then(|(at, name)| Some((self.collections.get(at)?, Some(name)))) {
                        Some(found) => found,
                        None => return Reply::status(404),
                    },
                };
                if let Some(name) = object {
                    let Some(object) = collection.objects.get(name) else { return Reply::status(404) };
                    self.row(&mut out, path, question, |asked| self.object(&out_name(asked), object.version, &object.data));
                    return Reply::xml(207, out.finish(None));
                }
                self.row(&mut out, path, question, |name| {
                    self.calendar(&out_name(name), collection).or_else(|| self.account(&out_name(name), path))
                });
                if question.depth == Some(1) {
                    for (name, object) in &collection.objects {
                        let path = format!("{path}{name}");
                        self.row(&mut out, &path, question, |asked| self.object(&out_name(asked), object.version, &object.data));
                    }
                }
            }
        }
        Reply::xml(207, out.finish(None))
    }

    fn row(&self, out: &mut Multistatus<'_>, path: &str, question: &Question, value: impl Fn(&Name) -> Found) {
        let (mut found, mut missing, mut forbidden) = (Vec::new(), Vec::new(), Vec::new());
        for name in &question.body.props {
            let is_forbidden = self.quirks.forbids_properties && matches!(name.1.as_str(), "getctag" | "calendar-color");
            match value(name) {
                Some(_) if is_forbidden => forbidden.push(name.clone()),
                Some(content) => found.push(out.element(&name.0, &name.1, &Self::restyle(&content, out))),
                None => missing.push(name.clone()),
            }
        }
        out.row(path, &found, &missing, &forbidden);
    }

    /// Values are written with the usual prefixes and take on the document's.
    fn restyle(content: &str, out: &Multistatus<'_>) -> String {
        let mut text = content.to_owned();
        for (usual, namespace) in [("d:", DAV), ("cal:", CALDAV), ("cs:", CS)] {
            let real = out.name(namespace, "");
            text = text.replace(&format!("<{usual}"), &format!("<{real}")).replace(&format!("</{usual}"), &format!("</{real}"));
        }
        text
    }

    fn account(&self, name: &(&str, &str), path: &str) -> Found {
        let link = |path: &str| format!("<d:href>{}</d:href>", escape(&super::xml::href(path, self.quirks.hrefs)));
        match *name {
            (DAV, "current-user-principal") if !self.quirks.no_principal => Some(link(PRINCIPAL)),
            (CALDAV, "calendar-home-set") if path == PRINCIPAL => {
                let mut homes = match &self.quirks.home_origin {
                    Some(origin) => format!("<d:href>{origin}{HOME}</d:href>"),
                    None => link(HOME),
                };
                if self.quirks.second_home {
                    homes += &link(SECOND_HOME);
                }
                Some(homes)
            }
            (CALDAV, "calendar-user-address-set") if path == PRINCIPAL => {
                Some(format!("<d:href>mailto:Me@Example.org</d:href>{}", link(PRINCIPAL)))
            }
            (DAV, "displayname") => Some("Me".to_owned()),
            (DAV, "resourcetype") if path == PRINCIPAL => Some("<d:collection/><d:principal/>".to_owned()),
            (DAV, "resourcetype") => Some("<d:collection/>".to_owned()),
            _ => None,
        }
    }

    fn calendar(&self, name: &(&str, &str), collection: &Collection) -> Found {
        let signs = self.quirks.signs;
        match *name {
            (DAV, "resourcetype") => Some(match collection.special {
                Some("subscribed") => "<d:collection/><cal:calendar/><cs:subscribed/>".to_owned(),
                Some(kind) => format!("<d:collection/><cal:{kind}/>"),
                None => "<d:collection/><cal:calendar/>".to_owned(),
            }),
            (DAV, "displayname") => Some(escape(&collection.name)),
            (CALDAV, "supported-calendar-component-set") => {
                Some(collection.components.iter().map(|name| format!("<cal:comp name=\"{name}\"/>")).collect())
            }
            (DAV, "current-user-privilege-set") => {
                let write = if collection.read_only { "" } else { "<d:privilege><d:write/></d:privilege>" };
                Some(format!("<d:privilege><d:read/></d:privilege>{write}"))
            }
            (DAV, "sync-token") if matches!(signs, Signs::Tokens | Signs::TokensOnly) => Some(escape(&collection.token())),
            (CS, "getctag") if matches!(signs, Signs::Tokens | Signs::CtagOnly) => Some(escape(&collection.ctag())),
            (APPLE, "calendar-color") => collection.color.as_deref().map(escape),
            (CALDAV, "calendar-timezone") => collection
                .zone
                .as_deref()
                .map(|zone| escape(&format!("BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:{zone}\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"))),
            _ => None,
        }
    }

    fn object(&self, name: &(&str, &str), version: u64, data: &str) -> Found {
        match *name {
            (DAV, "getetag") => Some(escape(&self.etag(version))),
            (DAV, "getcontenttype") => {
                let component = if data.contains("BEGIN:VTODO") { "vtodo" } else { "vevent" };
                Some(format!("text/calendar; charset=utf-8; component={component}"))
            }
            (DAV, "resourcetype") => Some(String::new()),
            _ => None,
        }
    }
}

fn out_name(name: &Name) -> (&str, &str) {
    (name.0.as_str(), name.1.as_str())
}
