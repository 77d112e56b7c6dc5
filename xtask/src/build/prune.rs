//! Takes out of the page's WASM what can not be called.
//!
//! Leptos keeps, in a table for every kind of view, how it is hydrated while parts of the page are still on their way
//! (`hydrate_async`). This page is hydrated as a whole (`hydrate_body` in `frontend`), but what stands in a table is never
//! dropped by a linker: a twelfth of the page. The same holds for streams of bodies (`wasm_streams`), which the library of
//! server functions exports and no server function here uses. The bodies of these functions are replaced by a trap, and what
//! only they called goes with them when wasm-bindgen collects.
//!
//! A function is known by its name. The compiler may merge functions of the same body under the name of one; that happens to
//! short glue, so only bodies of some length are taken, and only where the name is the function's own, not an argument in it.
//! The browser tests run this page, not the development one.

use anyhow::{Result, ensure};
use walrus::{FunctionKind, Module};

/// Shorter bodies may be shared with something that is called.
const LONG: u64 = 16;

/// Replaces the bodies. That there are none is an error: then the names are not what this expects, and the page would quietly grow.
pub(super) fn prune(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(wasm)?;
    let mut pruned = 0;
    for function in module.funcs.iter_mut() {
        let Some(name) = &function.name else { continue };
        let dead = is_dead(&format!("{:#}", rustc_demangle::demangle(name)));
        if let FunctionKind::Local(local) = &mut function.kind
            && dead
            && local.size() >= LONG
        {
            let mut body = local.builder_mut().func_body();
            body.instrs_mut().clear();
            body.unreachable();
            pruned += 1;
        }
    }
    ensure!(pruned > 0, "no function is known by name as never called: look at is_dead in xtask/src/build/prune.rs");
    Ok(module.emit_wasm())
}

/// Whether a function of this name is never called.
fn is_dead(name: &str) -> bool {
    let exported = name.trim_start_matches("__wbg_").starts_with("intounderlying");
    match own_name(name) {
        "hydrate_async" => true,
        // wasm-bindgen runs these to learn what types there are.
        "describe" => false,
        _ => exported || name.trim_start_matches('<').starts_with("wasm_streams"),
    }
}

/// The last segment of a function's path, without its arguments and the closures in it.
fn own_name(name: &str) -> &str {
    let mut rest = name;
    loop {
        rest = match rest.as_bytes() {
            [.., b'}'] => &rest[..rest.rfind("::{").unwrap_or(0)],
            [.., b'>'] => &rest[..opening(rest)],
            [.., b':'] => rest.trim_end_matches(':'),
            _ => return rest.rsplit("::").next().unwrap_or(rest),
        };
    }
}

/// Where the bracket opens that is closed at the end of `name`.
fn opening(name: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in name.char_indices().rev() {
        match letter {
            // Not the arrow of a function's type.
            '>' if !name[..at].ends_with('-') => depth += 1,
            '<' => depth -= 1,
            _ => {}
        }
        if depth == 0 && letter == '<' {
            return at;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_its_own_name() {
        for dead in [
            "<_ as tachys::view::any_view::IntoAny>::into_any::hydrate_async::<tachys::view::Vec<fn() -> u8>>::{closure#0}",
            "<tachys::html::HtmlElement<A, B> as tachys::view::RenderHtml>::hydrate_async::{closure#0}",
            "<T as tachys::view::RenderHtml>::hydrate_async::{{closure}}",
            "intounderlyingsource_pull",
            "__wbg_intounderlyingsink_free",
            "<wasm_streams::readable::IntoUnderlyingSource>::pull::{closure#0}",
        ] {
            assert!(is_dead(dead), "{dead}");
        }
        for alive in [
            "core::ptr::drop_in_place::<<T as tachys::view::RenderHtml>::hydrate_async::{closure#0}>",
            "<alloc::boxed::Box<<T as tachys::view::RenderHtml>::hydrate_async::{closure#0}> as core::future::Future>::poll",
            "<_ as tachys::view::any_view::IntoAny>::into_any::hydrate_from_server::<alloc::vec::Vec<u8>>",
            "app::hydrate_async_like",
            "core::ptr::drop_in_place::<wasm_streams::readable::ReadableStream>",
            "<wasm_streams::readable::sys::ReadableStreamExt as wasm_bindgen::describe::WasmDescribe>::describe",
            "hydrate",
        ] {
            assert!(!is_dead(alive), "{alive}: {:?}", own_name(alive));
        }
    }
}
