//! The stand-ins as a program of their own, for browser tests and for trying things out: `syncline-sandbox 127.0.0.1:4000`.
//! It follows the machine's clock; `POST /_admin/…` does what users do (see the documentation of the library).

use std::process::ExitCode;
use syncline_sandbox::{Sandbox, SandboxClock};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = match TcpListener::bind(&address).await {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("syncline-sandbox: can not listen on {address}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let sandbox = Sandbox::new(SandboxClock::system());
    sandbox.serve(listener);
    println!("The stand-ins listen on {}", sandbox.origin());
    std::future::pending::<()>().await;
    ExitCode::SUCCESS
}
