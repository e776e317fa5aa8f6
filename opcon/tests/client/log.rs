//! Tests of the lines about calls in the log.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use opcon_stand_in::{Answer, DEFAULT_TOKEN};
use tracing_subscriber::fmt::MakeWriter;

use crate::site::{Site, free_address, name, value};

/// The lines of the log that this thread has written. The log is that of the process, because a log of one thread misses
/// what another thread has come across first.
#[derive(Clone)]
struct Lines {
    thread: ThreadId,
    text: Arc<Mutex<Vec<u8>>>,
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if thread::current().id() == self.thread {
            self.text.lock().unwrap().extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

impl Lines {
    /// Takes the lines of the OpCon client so far.
    fn take(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.text.lock().unwrap())).unwrap();
        text.lines()
            .filter_map(|line| line.strip_prefix(" INFO opcon::client::connection: "))
            .map(str::to_owned)
            .collect()
    }
}

#[tokio::test]
async fn every_call_is_one_line_without_secrets() {
    let lines = Lines { thread: thread::current().id(), text: Arc::default() };
    let log = tracing_subscriber::fmt().with_writer(lines.clone()).without_time().with_ansi(false).finish();
    tracing::subscriber::set_global_default(log).unwrap();
    let site = Site::start().await;
    let client = site.plain_client();

    client.check().await.unwrap();
    assert_eq!(
        lines.take(),
        ["OpCon GET /api/version: HTTP 200 (attempt 1)", "OpCon GET /api/tokens: HTTP 200 (attempt 1)"]
    );

    site.fail(1, Answer::text(503, "a busy body"));
    site.fail(1, Answer::CLOSE);
    client.save_property(&name("MF_ID"), &value("a value")).await.unwrap();
    let saving = lines.take();
    assert_eq!(saving[0], "OpCon GET /api/globalproperties: HTTP 200 (attempt 1)");
    assert_eq!(saving[1], "OpCon POST /api/propertyExpression: HTTP 503 (attempt 1)");
    assert!(saving[2].starts_with("OpCon POST /api/propertyExpression: the OpCon server closed the connection: "));
    assert!(saving[2].ends_with(" (attempt 2)"), "{}", saving[2]);
    assert_eq!(
        saving[3..],
        [
            "OpCon POST /api/propertyExpression: HTTP 200 (attempt 3)",
            "OpCon POST /api/propertyExpression: HTTP 200 (attempt 1)"
        ]
    );

    site.impatient_client(free_address(), "USING_TLS=False").check().await.unwrap_err();
    let unreachable = lines.take();
    assert!(
        unreachable[0].starts_with("OpCon GET /api/version: no connection to the OpCon server: "),
        "{unreachable:?}"
    );

    let all = [saving, unreachable].concat().concat();
    for secret in [DEFAULT_TOKEN, "a value", "a busy body"] {
        assert!(!all.contains(secret), "{all}");
    }
}
