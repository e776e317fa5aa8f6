//! The test bed: moto as EC2 and the OpCon stand-in as OpCon, all on 127.0.0.1.

mod addresses;
mod connector_config;
mod placeholders;
mod python;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use tempfile::TempDir;

use crate::process;
use crate::report;
use crate::workspace::Workspace;
use addresses::{AccessKey, OpCon, StrictEc2};
use python::Python;
use server::Server;

pub use addresses::Addresses;
pub use placeholders::Resources;

/// The user ID with full access to EC2.
pub const USER_ID: &str = "USER1";
/// The user ID with read access only. Both moto servers know the keys of both users; one of them checks them.
pub const DENIED_USER_ID: &str = "DENIED";
/// The region of [`Addresses::image_id`].
pub const REGION: &str = "us-east-1";

const MOTO_TIME_LIMIT: Duration = Duration::from_secs(120);
const STAND_IN_TIME_LIMIT: Duration = Duration::from_secs(30);

/// A running test bed. Its servers and its folder are removed when it is dropped. If the process is killed, the servers
/// exit because their standard input closes.
pub struct TestBed {
    /// The addresses of the servers.
    pub addresses: Addresses,
    // Dropped before the folder, because Windows does not remove open files.
    _servers: [Server; 3],
    folder: TempDir,
}

/// The output of `moto_server.py` when it is ready.
#[derive(Deserialize)]
struct Moto {
    endpoint: String,
    image_id: String,
    image_id_windows: String,
    subnet_id: String,
    instance_profile: String,
    users: Option<Users>,
}

#[derive(Deserialize)]
struct Users {
    allowed: AccessKey,
    denied: AccessKey,
}

impl TestBed {
    /// Starts all servers in parallel, and returns when all are ready.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let home = workspace.target.join("testbed");
        fs::create_dir_all(&home).with_context(|| format!("creating {}", home.display()))?;
        let folder = tempfile::Builder::new()
            .prefix(&format!("run-{}-", std::process::id()))
            .tempdir_in(&home)
            .with_context(|| format!("creating a folder in {}", home.display()))?;

        let (moto, stand_in) = thread::scope(|scope| {
            let moto = scope.spawn(|| start_both_motos(workspace, &home, folder.path()));
            let stand_in = start_stand_in(workspace, folder.path());
            (moto.join(), stand_in)
        });
        let ((open, open_server), (strict, strict_server)) =
            moto.map_err(|_| anyhow!("starting moto: the thread panicked"))??;
        let (opcon, stand_in_server) = stand_in?;
        let users = strict.users.context("starting moto with users: its output has no users")?;

        let config = folder.path().join("Connector.config");
        let sections = [(USER_ID, &users.allowed), (DENIED_USER_ID, &users.denied)];
        fs::write(&config, connector_config::contents(&sections, &opcon))
            .with_context(|| format!("writing {}", config.display()))?;
        let addresses = Addresses {
            ec2_endpoint: open.endpoint,
            ec2_strict: StrictEc2 { endpoint: strict.endpoint, allowed: users.allowed, denied: users.denied },
            opcon,
            config,
            user_id: USER_ID,
            denied_user_id: DENIED_USER_ID,
            region: REGION,
            image_id: open.image_id,
            image_id_windows: open.image_id_windows,
            subnet_id: open.subnet_id,
            instance_profile: open.instance_profile,
        };
        let bed = Self { addresses, _servers: [open_server, strict_server, stand_in_server], folder };
        let text = serde_json::to_string_pretty(&bed.addresses).context("writing testbed.json")?;
        fs::write(bed.file(), text).with_context(|| format!("writing {}", bed.file().display()))?;
        Ok(bed)
    }

    /// The path of the file with [`Addresses`] as JSON.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("testbed.json")
    }

    /// The folder of this run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

type Started<T> = Result<(T, Server)>;

fn start_both_motos(workspace: &Workspace, home: &Path, folder: &Path) -> Result<((Moto, Server), (Moto, Server))> {
    let python = Python::with_moto(workspace, home)?;
    report::line("starting moto twice, without and with permission checks");
    thread::scope(|scope| {
        let strict = scope.spawn(|| start_moto(&python, &["--users"], &folder.join("moto-strict.log")));
        let open = start_moto(&python, &[], &folder.join("moto.log"))?;
        let strict = strict.join().map_err(|_| anyhow!("starting moto: the thread panicked"))??;
        Ok((open, strict))
    })
}

fn start_moto(python: &Python, options: &[&str], log: &Path) -> Started<Moto> {
    Server::start("moto", python.moto_server().args(options), log, MOTO_TIME_LIMIT)
}

/// Starts a copy of the stand-in, because Windows cannot replace a running program and the tests build it, too.
fn start_stand_in(workspace: &Workspace, folder: &Path) -> Started<OpCon> {
    let built = workspace.build("opcon-stand-in")?;
    let copy = folder.join(built.file_name().unwrap_or(built.as_os_str()));
    fs::copy(&built, &copy).with_context(|| format!("copying {}", built.display()))?;
    let mut command = Command::new(&copy);
    process::isolate(&mut command).arg("--ca-file").arg(folder.join("opcon.pem"));
    Server::start("the OpCon stand-in", &mut command, &folder.join("opcon.log"), STAND_IN_TIME_LIMIT)
}
