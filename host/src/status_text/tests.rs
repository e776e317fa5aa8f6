//! Tests the order of the texts with a shell as the agent's tool, which records when it starts and ends.

use std::fs;

use tempfile::TempDir;

use super::*;

/// More time than any machine needs.
const LONG: Duration = Duration::from_secs(120);

/// A tool that ends when the file `go` exists, or its folder is removed, and what it has recorded.
struct Tool {
    folder: TempDir,
    status: StatusText,
}

impl Tool {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let status = StatusText::new(move |text| {
            let script = "echo \"begin $1\" >> seen; while [ ! -e go ] && [ -e seen ]; do sleep 0.01; done; echo \"end $1\" >> seen";
            let mut command = Command::new("sh");
            command.args(["-c", script, "sh", text]).current_dir(&path);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
        });
        Tool { folder, status: status.unwrap() }
    }

    fn let_go(&self) {
        fs::write(self.folder.path().join("go"), "").unwrap();
    }

    fn seen(&self) -> String {
        fs::read_to_string(self.folder.path().join("seen")).unwrap_or_default()
    }

    fn wait_for(&self, line: &str) {
        let end = Instant::now() + LONG;
        while !self.seen().contains(line) {
            assert!(Instant::now() < end, "no `{line}` in {}", self.seen());
            thread::sleep(POLL_INTERVAL);
        }
    }
}

#[test]
fn texts_arrive_one_after_the_other_and_the_last_one_last() {
    let tool = Tool::new();
    tool.let_go();
    (0..50).for_each(|number| tool.status.show(&format!("{number}/50 ready")));
    tool.status.finish_within("succeeded", LONG, LONG);
    let seen = tool.seen();
    let lines: Vec<_> = seen.lines().collect();
    for pair in lines.chunks(2) {
        assert_eq!(pair[0].strip_prefix("begin "), pair[1].strip_prefix("end "), "{seen}");
    }
    let numbers = lines.iter().filter_map(|line| line.strip_prefix("begin ")?.strip_suffix("/50 ready"));
    assert!(numbers.map(|number| number.parse::<u32>().unwrap()).is_sorted(), "{seen}");
    assert!(seen.ends_with("begin succeeded\nend succeeded\n"), "{seen}");
}

#[test]
fn only_the_latest_text_waits_for_the_tool() {
    let tool = Tool::new();
    tool.status.show("first");
    tool.wait_for("begin first");
    ["second", "third", "third"].iter().for_each(|text| tool.status.show(text));
    tool.status.finish_within("third", Duration::ZERO, LONG);
    tool.wait_for("begin third");
    tool.let_go();
    tool.wait_for("end third");
    assert_eq!(tool.seen(), "begin first\nbegin third\nend third\n");
}

#[test]
fn a_job_does_not_wait_for_a_tool_that_hangs_and_its_last_text_is_sent() {
    let tool = Tool::new();
    tool.status.show("waiting");
    tool.wait_for("begin waiting");
    tool.status.finish_within("a text that is longer than OpCon displays", Duration::ZERO, LONG);
    tool.wait_for("begin a text that is longe\n");
    tool.let_go();
}

#[test]
fn a_text_that_is_displayed_is_not_sent_again() {
    let tool = Tool::new();
    tool.let_go();
    tool.status.show("1/2 ready");
    tool.wait_for("end 1/2 ready");
    tool.status.finish_within("1/2 ready", LONG, LONG);
    assert_eq!(tool.seen(), "begin 1/2 ready\nend 1/2 ready\n");
}

#[test]
fn a_tool_that_cannot_be_started_ends_nothing() {
    let status = StatusText::new(|_| Err(io::Error::other("no such program"))).unwrap();
    status.show("1/2 ready");
    status.finish_within("succeeded", LONG, LONG);
}
