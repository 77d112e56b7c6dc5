//! The WASM entry point: takes over the document that the server rendered.

// The pages are deep types; see the same line in `app`.
#![recursion_limit = "512"]

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the document once the module is loaded. From then on `<html>` carries `data-hydrated`: clicks are the page's own.
#[wasm_bindgen]
pub fn hydrate() {
    // The small page has no words for a panic: see `xtask/src/build/wasm.rs`.
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    if let Some(html) = leptos::prelude::document().document_element() {
        // The style sheet shows what needs scripts, and tests wait for it; a document that refuses it still works.
        let _ = html.set_attribute("data-hydrated", "");
    }
}
