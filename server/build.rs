//! A release build embeds `target/site`, so it is built anew when a file appears there. Other builds read it at run time.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../target/site");
    }
}
