//! The pages behind `cancel_url` and `reschedule_url`: what an invitee sees and does.

use super::Calendly;
use super::errors::Try;
use super::gate::utc;
use crate::hub::Base;
use crate::hub::time::micros;
use crate::hub::wire::{Ask, Reply, value};

const HEAD: &str =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Your booking</title></head><body><main><h1>Your booking</h1>";

impl Calendly {
    /// Shows a form, or does what it says.
    pub(super) fn page(&mut self, base: &mut Base, page: &str, invitee: &str, ask: &Ask) -> Reply {
        let done: Try<()> = match (ask.method.as_str(), page) {
            ("POST", "cancellations") => {
                let form = ask.form().unwrap_or_default();
                self.cancel_invitee(base, invitee, value(&form, "reason").filter(|reason| !reason.is_empty()))
            }
            ("POST", _) => {
                let form = ask.form().unwrap_or_default();
                let start = utc("start_time", value(&form, "start_time").unwrap_or_default());
                start.and_then(|start| self.reschedule(base, invitee, start)).map(drop)
            }
            _ => {
                return match self.event_of(invitee) {
                    Ok(event) => Reply::html(200, form(page, &micros(event.start))),
                    Err(_) => Reply::html(404, format!("{HEAD}<p>There is no such booking.</p></main></body></html>")),
                };
            }
        };
        match done {
            Ok(()) => Reply::html(200, format!("{HEAD}<p>Done.</p></main></body></html>")),
            Err(_) => Reply::html(400, format!("{HEAD}<p>That is not possible any more.</p></main></body></html>")),
        }
    }
}

fn form(page: &str, start: &str) -> String {
    let (field, action) = if page == "cancellations" {
        ("<label>Reason <input name=\"reason\"></label>".to_owned(), "Cancel the booking")
    } else {
        (format!("<label>New start (UTC) <input name=\"start_time\" value=\"{start}\" required></label>"), "Move the booking")
    };
    format!("{HEAD}<p>It begins at {start}.</p><form method=\"post\">{field} <button>{action}</button></form></main></body></html>")
}
