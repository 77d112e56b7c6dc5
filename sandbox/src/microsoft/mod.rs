//! Microsoft Graph v1.0.
use crate::hub::wire::{Ask, Reply};
use crate::hub::{Answer, Base, Refusal, Trouble};
use serde_json::Value;

#[derive(Default)]
pub(crate) struct Microsoft;
pub(crate) struct Pending;
pub(crate) enum Step {
    Done(Reply),
    Validate(Pending),
}
pub(crate) fn stumble(_: &mut Base, _: &Trouble) -> Reply {
    Reply::empty(500)
}
pub(crate) fn crowded(_: &mut Base) -> Reply {
    Reply::empty(429)
}
impl Pending {
    pub(crate) fn urls(&self) -> Vec<String> {
        Vec::new()
    }
    pub(crate) fn validation_url(&self, _: &str) -> String {
        String::new()
    }
    pub(crate) fn accepts(&self, _: &Base, _: Option<Answer>) -> Result<(), Reply> {
        Ok(())
    }
}
impl Microsoft {
    pub(crate) fn handle(&mut self, base: &mut Base, _: &[String], ask: &Ask) -> Step {
        Step::Done(Reply::empty(if base.oauth.session(crate::hub::Provider::Microsoft, ask.bearer(), base.now()).is_some() {
            200
        } else {
            401
        }))
    }
    pub(crate) fn act(&mut self, base: &mut Base, what: MicrosoftDo) -> Result<Value, Refusal> {
        let MicrosoftDo::Account { account, name, zone: _ } = what;
        base.oauth.add_person(crate::hub::Provider::Microsoft, &account, &name);
        Ok(Value::Null)
    }
    pub(crate) fn subscribe(&mut self, _: &mut Base, _: Pending) -> Reply {
        Reply::empty(404)
    }
    pub(crate) fn enter(&mut self, _: &str, _: u32) -> bool {
        true
    }
    pub(crate) fn leave(&mut self, _: &str) {}
}

/// What users do.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum MicrosoftDo {
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
    pub fn microsoft(&self, what: MicrosoftDo) -> Result<Value, Refusal> {
        self.act(|world| world.microsoft.act(&mut world.base, what))
    }
}
