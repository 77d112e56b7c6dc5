//! Puts a demo up: sandbox, hub, accounts, connections, first sync.

use super::{Demo, IDLE, Inside};
use crate::config::WebArgs;
use crate::router;
use crate::state::AppState;
use anyhow::{Context as _, anyhow};
use axum::body::Body;
use axum::http::{Request, header};
use secrecy::{ExposeSecret as _, SecretString};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use syncline_core::hub::{BeginConsent, ConsentAnswer, NewSession, Scope, SyncOptions};
use syncline_core::net::OutboundPolicy;
use syncline_core::oauth::guide::redirect_uri;
use syncline_core::oauth::{OAuthSettings, ServiceSettings};
use syncline_core::{Config, Hub};
use syncline_domain::ids::UserId;
use syncline_domain::sync::{Mode, ProviderKind, Trigger};
use syncline_sandbox::{ClientApp, Consent, Provider, Sandbox, SandboxClock, sample};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower::ServiceExt as _;
use url::Url;

/// Who looks around.
const VISITOR: &str = "mira@sample.example";
/// The first sync is over before the page is shown; if it is not by then, it goes on behind it.
const PATIENCE: Duration = Duration::from_secs(20);
const NAME: &str = "syncline-demo";

const PROVIDERS: [(Provider, ProviderKind, &str); 3] = [
    (Provider::Google, ProviderKind::Google, sample::GOOGLE),
    (Provider::Microsoft, ProviderKind::Microsoft, sample::MICROSOFT),
    (Provider::Calendly, ProviderKind::Calendly, sample::CALENDLY),
];

/// Puts one up for a visitor whose browser sees this server at `base`. Gives it, the time, and the visitor's session.
pub(super) async fn up(main: &AppState, base: &str) -> anyhow::Result<(Demo, i64, NewSession)> {
    let sandbox = Sandbox::new(SandboxClock::system());
    let near = async || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port");
    let listener = near().await?;
    let stand_ins = listener.local_addr()?;
    sandbox.serve(listener);
    sandbox.fill_with_samples().map_err(|refusal| anyhow!("{refusal}"))?;
    let secret = token();
    for (provider, kind, _) in PROVIDERS {
        sandbox.register(ClientApp::new(provider, NAME, secret.expose_secret(), &redirect_uri(base, kind)));
    }
    // Where the stand-ins send their webhooks: to this demo alone.
    let listener = near().await?;
    let hub = Hub::open(config(&sandbox, stand_ins, &secret, listener.local_addr()?)).await?;
    let session = hub.create_first_user(VISITOR, &token()).await?;
    let user = hub.user_by_email(VISITOR).await?.context("the visitor")?.id;

    let inside = Inside {
        sandbox,
        number: Arc::new(AtomicU32::new(0)),
        used: Arc::new(Mutex::new(Instant::now())),
        end: main.shutdown.child_token(),
    };
    let web = WebArgs { public_url: None, ..(*main.web).clone() };
    let state = AppState::new(hub.clone(), web, inside.end.clone()).of_demo(inside.clone());
    tokio::spawn(run(listener, state.clone(), inside.clone()));
    if let Err(error) = connect(&hub, &user, &inside.sandbox, base, &session).await {
        inside.end.cancel();
        return Err(error);
    }
    let token = SecretString::from(session.token.expose_secret());
    Ok((Demo { session: token, router: router::router(&state), inside }, hub.now(), session))
}

fn config(sandbox: &Sandbox, stand_ins: SocketAddr, secret: &SecretString, hooks: SocketAddr) -> Config {
    let service = |provider: Provider| ServiceSettings {
        api_base: Some(sandbox.api_base(provider)),
        oauth_base: Some(sandbox.oauth_base(provider)),
        client_id: Some(NAME.to_owned()),
        client_secret: Some(secret.clone()),
        ..ServiceSettings::default()
    };
    Config {
        database_url: Some("sqlite::memory:".to_owned()),
        oauth: OAuthSettings {
            google: service(Provider::Google),
            microsoft: service(Provider::Microsoft),
            calendly: service(Provider::Calendly),
        },
        // Of all addresses that are not public, only the stand-ins' own.
        outbound: OutboundPolicy { private_sockets: vec![stand_ins], ..OutboundPolicy::default() },
        public_url: Some(format!("http://{hooks}")),
        // Nothing is written there: the database and its key are in memory.
        ..Config::in_dir(PathBuf::new())
    }
}

/// Connects the three accounts, as a browser does it, and syncs them.
async fn connect(hub: &Hub, user: &UserId, sandbox: &Sandbox, base: &str, session: &NewSession) -> anyhow::Result<()> {
    for (provider, kind, account) in PROVIDERS {
        sandbox.consent(provider, Consent::Allow { account: account.to_owned(), untick: Vec::new() });
        let own = SecretString::from(session.token.expose_secret());
        let begin = BeginConsent { provider: kind, redirect_uri: redirect_uri(base, kind), session: own.clone(), mend: None };
        let page = Url::parse(&hub.begin_consent(user, begin).await?)?;
        let answer = sandbox.router().oneshot(Request::get(&page[url::Position::BeforePath..]).body(Body::empty())?).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let back = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).context("the consent page did not lead back")?;
        let back = Url::parse(back)?;
        let part = |name: &str| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let answer = ConsentAnswer {
            provider: kind,
            session: own,
            state: part("state").unwrap_or_default(),
            code: part("code").map(SecretString::from),
            error: part("error"),
        };
        hub.finish_consent(user, answer).await?;
        sandbox.consent(provider, Consent::Page);
    }
    let options = SyncOptions { mode: Mode::Auto, trigger: Trigger::Manual };
    let run = hub.start_sync(user, Scope::Everything, options).await?.run_id;
    if tokio::time::timeout(PATIENCE, hub.wait_for(user, &run)).await.is_err() {
        tracing::info!("the first sync of the demo goes on behind the page");
    }
    Ok(())
}

/// Takes the stand-ins' webhooks and runs the background tasks, until the visitor leaves or has gone.
async fn run(listener: TcpListener, state: AppState, inside: Inside) {
    let hub = state.hub.clone();
    let hooks = router::webhooks(&state).into_make_service_with_connect_info::<SocketAddr>();
    let idle = async {
        loop {
            let left = IDLE.saturating_sub(inside.used().elapsed());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left).await;
        }
    };
    tokio::select! {
        served = axum::serve(listener, hooks).into_future() => tracing::warn!(?served, "a demo takes no webhooks any more"),
        () = hub.run_tasks() => {}
        () = idle => {}
        () = inside.end.cancelled() => {}
    }
    inside.end.cancel();
    hub.close().await;
}

/// What nobody knows.
fn token() -> SecretString {
    SecretString::from(crate::web::headers::CspNonce::fresh().0)
}
