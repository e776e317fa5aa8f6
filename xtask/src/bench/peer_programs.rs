//! Finds or builds the programs to which `awsec2` is compared, and reports missing ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::program::{KEY, REGION, SECRET, with_keys};
use super::server::Call;
use crate::process;
use crate::workspace::Workspace;

/// The folder of Debian's Go library packages.
const DEBIAN_GOPATH: &str = "/usr/share/gocode";
const SDK: &str = "src/github.com/aws/aws-sdk-go-v2/service/ec2";
/// The first curl version with `--aws-sigv4` (its change log).
const MIN_CURL: (u32, u32) = (7, 75);

/// A program to which `awsec2` is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// `xtask/bench/peer.go`, on the AWS SDK for Go.
    Go,
    /// `curl`, which sends the recorded requests and prints the raw responses.
    Curl,
}

impl Peer {
    /// All of them.
    pub const ALL: [Peer; 2] = [Peer::Go, Peer::Curl];

    /// Its name on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Go => "go",
            Peer::Curl => "curl",
        }
    }
}

/// One sentence for each missing requirement of these peers.
pub fn missing(peers: &[Peer]) -> Vec<String> {
    let mut missing = Vec::new();
    if peers.contains(&Peer::Go) {
        if stdout_of("go", &["version"]).is_none() {
            missing.push("Go does not run (Debian: apt-get install golang-go)".to_owned());
        }
        if !Path::new(DEBIAN_GOPATH).join(SDK).is_dir() {
            missing.push(format!(
                "the AWS SDK for Go is not in {DEBIAN_GOPATH} (Debian: apt-get install \
                 golang-github-aws-aws-sdk-go-v2-dev)"
            ));
        }
    }
    if peers.contains(&Peer::Curl) && !stdout_of("curl", &["--version"]).is_some_and(|text| signs(&text)) {
        let (major, minor) = MIN_CURL;
        missing.push(format!("curl {major}.{minor} or newer does not run (Debian: apt-get install curl)"));
    }
    missing
}

/// Fails with all sentences if a requirement is missing.
pub fn ensure_found(missing: &[String]) -> Result<()> {
    ensure!(
        missing.is_empty(),
        "finding the programs to compare with: {}; use `--without` to leave one out",
        missing.join("; ")
    );
    Ok(())
}

/// The output of the program, or `None` if it does not run.
fn stdout_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether the curl with this version output can sign requests for AWS.
fn signs(description: &str) -> bool {
    let version = description.split_whitespace().nth(1).unwrap_or_default();
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= MIN_CURL
}

/// Builds the Go program from Debian's packages, offline, and returns its path.
pub fn build_go(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("bench");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let program = folder.join("go-peer");
    let mut go = Command::new("go");
    go.args(["build", "-o"])
        .arg(&program)
        .arg(workspace.root.join("xtask").join("bench").join("peer.go"))
        .env("GOPATH", DEBIAN_GOPATH)
        .env("GOCACHE", folder.join("go-cache"))
        .envs([("GO111MODULE", "off"), ("GOFLAGS", ""), ("GOPROXY", "off"), ("CGO_ENABLED", "0")]);
    process::run(&mut go)?;
    Ok(program)
}

/// A job of the Go program.
pub fn go_job(program: &Path, job: &str, endpoint: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    with_keys(&mut command).args([job, endpoint]).args(arguments);
    command
}

/// A single curl that sends these requests in order on one connection.
pub fn curl_job(calls: &[Call], endpoint: &str) -> Command {
    let mut curl = Command::new("curl");
    for (index, call) in calls.iter().enumerate() {
        if index > 0 {
            curl.arg("--next");
        }
        curl.args(["--silent", "--show-error", "--fail", "--aws-sigv4", &format!("aws:amz:{REGION}:ec2")])
            .args(["--user", &format!("{KEY}:{SECRET}"), "--data-binary"])
            .arg(String::from_utf8_lossy(&call.body).as_ref())
            .arg(endpoint);
    }
    curl
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curl_that_cannot_sign_is_missing() {
        assert!(signs("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1"));
        assert!(signs("curl 8.5.0 (x86_64-pc-linux-gnu)"));
        assert!(!signs("curl 7.74.0 (x86_64-pc-linux-gnu)"));
        assert!(!signs("something else"));
    }

    #[test]
    fn what_is_missing_is_an_error_that_names_it() {
        assert!(ensure_found(&[]).is_ok());
        let error = ensure_found(&["Go does not run".to_owned()]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "finding the programs to compare with: Go does not run; use `--without` to leave one out"
        );
    }

    #[test]
    fn curl_sends_every_request_in_one_process() {
        let call = |body: &'static str| Call { action: String::new(), body: body.into() };
        let curl = curl_job(&[call("Action=A"), call("Action=B")], "http://127.0.0.1:1");
        let words: Vec<_> = curl.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(words.iter().filter(|word| *word == "--next").count(), 1);
        assert!(words.iter().any(|word| word == "Action=A") && words.iter().any(|word| word == "Action=B"));
    }
}
