//! Where everything in the test bed is, and the keys that open it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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

/// The OpCon stand-in, as it reports itself.
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
