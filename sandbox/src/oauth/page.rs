//! The pages that the user sees: plain HTML forms, no scripts.

use super::authorize::Request;
use crate::hub::wire::Reply;
use crate::hub::{Base, Provider};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1f2328;background:#fff}\
    fieldset{border:1px solid #8c959f;border-radius:.5rem;margin:1rem 0}label{display:block;padding:.25rem 0}\
    button{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem;border-radius:.5rem;border:1px solid #1f2328;background:#fff;color:#1f2328}\
    button[value=allow]{background:#0b57d0;border-color:#0b57d0;color:#fff}";

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn title(provider: Provider) -> &'static str {
    match provider {
        Provider::Google => "Google",
        Provider::Microsoft => "Microsoft",
        Provider::Calendly => "Calendly",
    }
}

fn page(heading: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{heading}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body><main><h1>{heading}</h1>{body}</main></body></html>"
    )
}

/// The consent page: account, a check box for each scope, Allow and Deny.
pub(super) fn consent(base: &Base, provider: Provider, request: &Request) -> Reply {
    let sealed = base.seal.close("consent", request);
    let people = base.oauth.people.iter().filter(|((of, _), _)| *of == provider);
    let accounts: String = people
        .map(|((_, account), name)| {
            let chosen = if request.hint.as_deref() == Some(account) { " selected" } else { "" };
            format!("<option value=\"{0}\"{chosen}>{1} ({0})</option>", escape(account), escape(name))
        })
        .collect();
    let scopes: String = request
        .scopes
        .iter()
        .map(|scope| format!("<label><input type=\"checkbox\" name=\"scope\" value=\"{0}\" checked> {0}</label>", escape(scope)))
        .collect();
    let testing = base.oauth.client(provider, &request.client).is_some_and(|client| client.testing);
    let warning = if testing { "<p>Google hasn’t verified this app.</p>" } else { "" };
    let body = format!(
        "<p>This is a stand-in, not the real service.</p>{warning}\
         <form method=\"post\" action=\"/{}/oauth/consent\"><input type=\"hidden\" name=\"request\" value=\"{sealed}\">\
         <label>Account <select name=\"account\">{accounts}</select></label>\
         <fieldset><legend>{} wants to</legend>{scopes}</fieldset>\
         <button name=\"decision\" value=\"allow\">Allow</button><button name=\"decision\" value=\"deny\">Deny</button></form>",
        provider.name(),
        escape(&request.client),
    );
    Reply::html(200, page(&format!("Sign in with {}", title(provider)), &body))
}

/// What is told to the user, as the client's address cannot be trusted.
pub(super) fn error(provider: Provider, code: &str, why: &str) -> Reply {
    let status = if code == "invalid_client" { 401 } else { 400 };
    let aad = match (provider, code) {
        (Provider::Microsoft, "invalid_client") => "AADSTS700016: ",
        (Provider::Microsoft, "redirect_uri_mismatch") => "AADSTS50011: ",
        _ => "",
    };
    Reply::html(status, page("Access blocked", &format!("<p>Error {status}: {}</p><p>{aad}{}</p>", escape(code), escape(why))))
}
