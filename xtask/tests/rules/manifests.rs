//! Rules about who may depend on whom. The picture is in ARCHITECTURE.md.

use crate::report;
use crate::sources::{read, root};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// For every crate of the workspace: which others it may use outside of tests.
const LAYERS: [(&str, &[&str]); 7] = [
    ("syncline-domain", &[]),
    ("syncline-core", &["syncline-domain"]),
    ("app", &["syncline-core", "syncline-domain"]),
    ("frontend", &["app"]),
    ("server", &["app", "syncline-core", "syncline-domain", "syncline-sandbox"]),
    ("syncline-sandbox", &[]),
    ("xtask", &[]),
];

/// Crates that only these may use outside of tests.
const RESERVED: [(&str, &[&str]); 2] = [("sqlx", &["syncline-core"]), ("reqwest", &["syncline-core"])];

/// What the pure model must do without.
const NOT_IN_DOMAIN: [&str; 8] = ["tokio", "sqlx", "reqwest", "leptos", "axum", "futures", "tracing", "getrandom"];

/// What would ship to the browser if it were not optional in `app`.
const SERVER_SIDE: [&str; 8] = ["axum", "leptos_axum", "syncline-core", "tokio", "tower", "tower-http", "tracing", "tokio-stream"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_default_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    dependencies: Vec<Dependency>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    optional: bool,
    features: Vec<String>,
}

fn metadata() -> Metadata {
    let output =
        Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

impl Package {
    /// What the crate uses outside of tests.
    fn uses(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"))
    }
}

#[test]
fn crates_use_only_the_layers_below_them() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let packages = metadata().packages;
    let names: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in &packages {
        let Some(below) = layers.get(package.name.as_str()) else {
            findings.push(format!("{} is in no layer", package.name));
            continue;
        };
        let wrong = package.uses().filter(|used| names.contains(used.name.as_str()) && !below.contains(&used.name.as_str()));
        findings.extend(wrong.map(|used| format!("{} uses {}", package.name, used.name)));
    }
    report(
        &findings,
        "move the code to the layer where it belongs; a new crate gets its line in LAYERS (xtask/tests/rules/manifests.rs) and in ARCHITECTURE.md.",
    );
}

#[test]
fn only_the_core_knows_the_databases_and_the_http_client() {
    let mut findings = Vec::new();
    for package in metadata().packages {
        for (reserved, owners) in RESERVED {
            if !owners.contains(&package.name.as_str()) && package.uses().any(|used| used.name == reserved) {
                findings.push(format!("{} uses {reserved}", package.name));
            }
        }
    }
    report(&findings, "ask the core's facade instead; tests may list the crate under [dev-dependencies].");
}

#[test]
fn the_domain_does_no_input_and_output() {
    let package = metadata().packages.into_iter().find(|package| package.name == "syncline-domain").expect("the domain is there");
    let findings: Vec<String> = package
        .uses()
        .filter(|used| NOT_IN_DOMAIN.contains(&used.name.as_str()))
        .map(|used| format!("syncline-domain uses {}", used.name))
        .collect();
    report(&findings, "the domain is pure and compiles to wasm32: whatever does I/O lives in the core.");
}

#[test]
fn nothing_of_the_server_ships_to_the_browser() {
    let package = metadata().packages.into_iter().find(|package| package.name == "app").expect("the app is there");
    let mut findings: Vec<String> = package
        .uses()
        .filter(|used| SERVER_SIDE.contains(&used.name.as_str()) && !used.optional)
        .map(|used| format!("app always uses {}", used.name))
        .collect();
    let hydrate = package.features.get("hydrate").expect("the feature `hydrate`");
    let wrong =
        hydrate.iter().filter(|enabled| SERVER_SIDE.iter().any(|name| **enabled == format!("dep:{name}")) || enabled.ends_with("/ssr"));
    findings.extend(wrong.map(|enabled| format!("the feature `hydrate` of app enables {enabled}")));
    report(&findings, "make the dependency optional and list it under the feature `ssr`.");
}

#[test]
fn only_the_app_has_the_features_ssr_and_hydrate_and_never_both() {
    let metadata = metadata();
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let has = ["ssr", "hydrate"].into_iter().filter(|feature| package.features.contains_key(*feature)).collect::<Vec<_>>();
        if package.name != "app" && !has.is_empty() {
            findings.push(format!("{} has the feature {}", package.name, has.join(" and ")));
        }
        if package.features.get("default").is_some_and(|default| default.iter().any(|feature| feature == "ssr" || feature == "hydrate")) {
            findings.push(format!("{} has `ssr` or `hydrate` as a default", package.name));
        }
        for used in package.uses().filter(|used| used.name == "app") {
            let (wanted, unwanted) = if package.name == "frontend" { ("hydrate", "ssr") } else { ("ssr", "hydrate") };
            let on = |feature: &str| used.features.iter().any(|enabled| enabled == feature);
            if !on(wanted) || on(unwanted) {
                findings.push(format!("{} uses app with {:?}", package.name, used.features));
            }
        }
    }
    let frontend = metadata.packages.iter().find(|package| package.name == "frontend").expect("the frontend is there");
    if metadata.workspace_default_members.contains(&frontend.id) {
        findings.push("frontend is a default member".to_owned());
    }
    report(&findings, "`ssr` is for the server, `hydrate` for the page; a build with both is neither.");
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let findings: Vec<String> = entries(&read(&root().join("Cargo.toml")), "workspace.dependencies")
        .into_iter()
        .filter(|(_, entry)| !entry.contains("path = ") && !entry.rsplit('\n').next().is_some_and(|last| last.contains("# ")))
        .map(|(line, entry)| format!("Cargo.toml:{line}: {entry}"))
        .collect();
    report(&findings, "end the line with `# ` and the reason.");
}

#[test]
fn versions_are_named_in_the_workspace_alone() {
    let mut findings = Vec::new();
    for folder in ["app", "core", "domain", "frontend", "sandbox", "server", "xtask"] {
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let wrong = entries(&manifest, section)
                .into_iter()
                .filter(|(_, entry)| !entry.contains("workspace = true") && !entry.contains("path = \".\""));
            findings.extend(wrong.map(|(line, entry)| format!("{folder}/Cargo.toml:{line}: {entry}")));
        }
    }
    report(&findings, "name the dependency with its version and reason in the root Cargo.toml, and write `name.workspace = true` here.");
}

/// The entries of a section with their line (from 1); an entry whose brackets are open goes on in the next line.
fn entries(manifest: &str, section: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut inside, mut open) = (false, 0_i32);
    for (index, line) in manifest.lines().enumerate() {
        if open == 0 && line.starts_with('[') {
            inside = line.trim() == format!("[{section}]");
            continue;
        }
        if !inside || (open == 0 && (line.trim().is_empty() || line.starts_with('#'))) {
            continue;
        }
        match found.last_mut() {
            Some((_, entry)) if open > 0 => {
                entry.push('\n');
                entry.push_str(line);
            }
            _ => found.push((index + 1, line.to_owned())),
        }
        let code = line.split(" # ").next().unwrap_or(line);
        open += i32::try_from(code.matches(['[', '{']).count()).expect("a line")
            - i32::try_from(code.matches([']', '}']).count()).expect("a line");
    }
    found
}

#[test]
fn entries_of_a_manifest_are_found_over_several_lines() {
    let manifest = "[a]\nx = 1\n[dependencies]\n# why\nb = \"1\" # reason\nc = { features = [\n  \"d\",\n] } # reason\n\n[e]\nf = 1\n";
    assert_eq!(
        entries(manifest, "dependencies"),
        [(5, "b = \"1\" # reason".to_owned()), (6, "c = { features = [\n  \"d\",\n] } # reason".to_owned())]
    );
}
