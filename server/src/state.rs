//! What every handler can reach.

use crate::config::WebArgs;
use crate::throttle::Throttle;
use crate::web::assets::Assets;
use app::session::SessionCookie;
use app::ui::demo::DemoPart;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use syncline_core::Hub;
use tokio_util::sync::CancellationToken;

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The facade.
    pub hub: Hub,
    /// How the server is reached.
    pub web: Arc<WebArgs>,
    /// How the session cookie is written.
    pub cookie: SessionCookie,
    /// Sign-in attempts.
    pub throttle: Arc<Throttle>,
    /// The built page.
    pub assets: Assets,
    /// Cancelled when the server shuts down: streams end, waits return.
    pub shutdown: CancellationToken,
    /// The first account exists (it never goes away again, so this is asked until it is true).
    pub has_account: Arc<AtomicBool>,
    /// The demos beside this instance; `None` inside of one.
    #[cfg(feature = "demo")]
    pub demos: Option<Arc<crate::demo::Demos>>,
    /// This is a demo.
    #[cfg(feature = "demo")]
    pub demo: Option<crate::demo::Inside>,
    leptos: LeptosOptions,
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(hub: Hub, web: WebArgs, shutdown: CancellationToken) -> Self {
        let leptos = LeptosOptions::builder().output_name("syncline").site_root("target/site").site_pkg_dir("pkg").build();
        Self {
            hub,
            cookie: SessionCookie { secure: web.is_https(), demo: false },
            throttle: Arc::new(Throttle::new()),
            assets: Assets::new(web.site_dir.clone()),
            web: Arc::new(web),
            shutdown,
            has_account: Arc::new(AtomicBool::new(false)),
            #[cfg(feature = "demo")]
            demos: Some(Arc::default()),
            #[cfg(feature = "demo")]
            demo: None,
            leptos,
        }
    }

    /// The same for a demo: it has its own cookie, and no demos beside it.
    #[cfg(feature = "demo")]
    #[must_use]
    pub fn of_demo(self, inside: crate::demo::Inside) -> Self {
        Self { cookie: self.cookie.of_demo(), demos: None, demo: Some(inside), ..self }
    }

    /// What the page shows of demos.
    #[must_use]
    pub fn demo_part(&self) -> DemoPart {
        #[cfg(feature = "demo")]
        return match (&self.demo, self.web.demo) {
            (Some(_), _) => DemoPart::Running,
            (None, always) => DemoPart::Offered { always },
        };
        #[cfg(not(feature = "demo"))]
        DemoPart::Nowhere
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}
