//! The test bed: moto in the place of EC2 and the OpCon stand-in in the place of OpCon, all on 127.0.0.1.

mod connector_config;
mod python;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::process;
use crate::report;
use crate::workspace::Workspace;
use python::Python;
use server::Server;

/// The user id whose keys may do everything in EC2.
pub const USER_ID: &str = "USER1";
/// The user id whose keys may only describe; both moto servers know both users' keys, one of them checks them.
pub const DENIED_USER_ID: &str = "DENIED";
/// The region in which [`Addresses::image_id`] exists.
pub const REGION: &str = "us-east-1";

const MOTO_TIME_LIMIT: Duration = Duration::from_secs(120);
const STAND_IN_TIME_LIMIT: Duration = Duration::from_secs(30);

/// A running test bed. Its servers end and its folder goes away with this value; should the process be killed, the
/// servers end all the same, because each of them ends when its standard input closes.
pub struct TestBed {
    /// Where everything is.
    pub addresses: Addresses,
    // Before the folder: Windows removes no file that a server still has open.
    _servers: [Server; 3],
    folder: TempDir,
}

/// What a test must know of the test bed: the contents of `testbed.json`.
#[derive(Serialize)]
pub struct Addresses {
    /// URL of the moto that accepts any credentials.
    pub ec2_endpoint: String,
    /// The moto that checks signatures and permissions.
    pub ec2_strict: StrictEc2,
    /// The OpCon stand-in.
    pub opcon: OpCon,
    /// The `Connector.config` with both users and the stand-in.
    pub config: PathBuf,
    /// The section of `config` with the allowed user's keys.
    pub user_id: &'static str,
    /// The section of `config` with the denied user's keys.
    pub denied_user_id: &'static str,
    /// The region of the images.
    pub region: &'static str,
    /// A Linux image that moto knows.
    pub image_id: String,
    /// A Windows image that moto knows.
    pub image_id_windows: String,
    /// A subnet of the default VPC, in the moto that accepts any credentials.
    pub subnet_id: String,
    /// An IAM instance profile, in both motos.
    pub instance_profile: String,
}

/// The moto that checks who is asking.
#[derive(Serialize)]
pub struct StrictEc2 {
    /// Its URL.
    pub endpoint: String,
    /// Keys that may do everything in EC2.
    pub allowed: AccessKey,
    /// Keys that may only describe.
    pub denied: AccessKey,
}

/// The keys of an IAM user that exists in moto alone.
#[derive(Serialize, Deserialize)]
pub struct AccessKey {
    /// Its public half.
    pub access_key_id: String,
    /// Its secret half.
    pub secret_access_key: String,
}

/// The OpCon stand-in, in its own words.
#[derive(Serialize, Deserialize)]
pub struct OpCon {
    /// `host:port` without TLS.
    pub http: String,
    /// `host:port` with TLS.
    pub https: String,
    /// The certificate of `https`, as PEM.
    pub ca_file: PathBuf,
    /// The application token it accepts.
    pub token: String,
}

/// What `moto_server.py` says when it is ready.
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
    /// Starts everything, side by side, and returns when all of it is ready.
    pub fn start(workspace: &Workspace) -> Result<Self> {
        let home = workspace.target.join("testbed");
        fs::create_dir_all(&home).with_context(|| format!("making {}", home.display()))?;
        let folder = tempfile::Builder::new()
            .prefix(&format!("run-{}-", std::process::id()))
            .tempdir_in(&home)
            .with_context(|| format!("making a folder in {}", home.display()))?;

        let (moto, stand_in) = thread::scope(|scope| {
            let moto = scope.spawn(|| start_both_motos(workspace, &home, folder.path()));
            let stand_in = start_stand_in(workspace, folder.path());
            (moto.join(), stand_in)
        });
        let ((open, open_server), (strict, strict_server)) =
            moto.map_err(|_| anyhow!("starting moto: the thread panicked"))??;
        let (opcon, stand_in_server) = stand_in?;
        let users = strict.users.context("starting moto with users: it named none")?;

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

    /// The file with [`Addresses`] as JSON.
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
    report::line("starting moto, once open to all and once checking permissions");
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

/// Starts a copy of the stand-in, since Windows replaces no program that is running and the tests build it as well.
fn start_stand_in(workspace: &Workspace, folder: &Path) -> Started<OpCon> {
    let built = workspace.build("opcon-stand-in")?;
    let copy = folder.join(built.file_name().unwrap_or(built.as_os_str()));
    fs::copy(&built, &copy).with_context(|| format!("copying {}", built.display()))?;
    let mut command = Command::new(&copy);
    process::isolate(&mut command).arg("--ca-file").arg(folder.join("opcon.pem"));
    Server::start("the OpCon stand-in", &mut command, &folder.join("opcon.log"), STAND_IN_TIME_LIMIT)
}
