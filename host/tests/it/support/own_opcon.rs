//! An OpCon stand-in for a single test, which can fail without affecting other tests.

use std::ops::Deref;
use std::sync::mpsc;
use std::thread;

use opcon_stand_in::{Options, StandIn};

/// A running stand-in. A thread serves its connections until the tests end.
pub struct OwnOpCon(StandIn);

impl OwnOpCon {
    /// Starts a stand-in.
    pub fn start() -> Self {
        OwnOpCon::start_with(Options::default())
    }

    /// Starts a stand-in with these options.
    pub fn start_with(options: Options) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                sender.send(StandIn::start(options).await.unwrap()).unwrap();
                std::future::pending::<()>().await;
            });
        });
        OwnOpCon(receiver.recv().unwrap())
    }

    /// The SHA-256 fingerprint of its certificate.
    pub fn fingerprint(&self) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let presented = runtime.block_on(opcon::fetch_certificates(&self.https().to_string())).unwrap();
        presented[0].fingerprint()
    }

    /// A `Connector.config` with this stand-in, without TLS, and without users.
    pub fn config(&self, token: &str) -> String {
        format!("[OPCON API INFORMATION]\nADDRESS={}\nUSING_TLS=False\nTOKEN={token}\n", self.http())
    }
}

impl Deref for OwnOpCon {
    type Target = StandIn;

    fn deref(&self) -> &StandIn {
        &self.0
    }
}
