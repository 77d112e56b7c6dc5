//! Calendly API v2.
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Base, Refusal, Trouble};
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Calendly;
pub(crate) fn stumble(_: &Trouble) -> Reply {
    Reply::empty(500)
}
impl Calendly {
    pub(crate) fn handle(&mut self, base: &mut Base, _: &[String], ask: &Ask) -> Reply {
        Reply::empty(if base.oauth.session(crate::hub::Provider::Calendly, ask.bearer(), base.now()).is_some() { 200 } else { 401 })
    }
    pub(crate) fn act(&mut self, base: &mut Base, what: CalendlyDo) -> Result<Value, Refusal> {
        let CalendlyDo::Account { account, name, zone: _ } = what;
        base.oauth.add_person(crate::hub::Provider::Calendly, &account, &name);
        Ok(Value::Null)
    }
    pub(crate) fn delivered(&mut self, _: &str, _: bool, _: i64, _: i64) -> bool {
        true
    }
    pub(crate) fn user_uri(&self, _: &Base, _: &str) -> String {
        String::new()
    }
    pub(crate) fn organization_uri(&self, _: &Base, _: &str) -> String {
        String::new()
    }
}

/// What users do.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum CalendlyDo {
    /// Makes an account.
    Account {
        account: String,
        name: String,
        #[serde(default)]
        zone: String,
    },
}
impl crate::Sandbox {
    /// Does something as a user.
    ///
    /// # Errors
    /// Never yet.
    pub fn calendly(&self, what: CalendlyDo) -> Result<Value, Refusal> {
        self.act(|world| world.calendly.act(&mut world.base, what))
    }
}
