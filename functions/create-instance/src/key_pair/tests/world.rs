//! A mocked EC2 with one key pair and given answers to its creation.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use connector_sdk::Result;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::create_key_pair::{CreateKeyPairError, CreateKeyPairInput, CreateKeyPairOutput};
use connector_sdk::ec2::operation::delete_key_pair::DeleteKeyPairOutput;
use connector_sdk::ec2::operation::describe_key_pairs::DescribeKeyPairsOutput;
use connector_sdk::ec2::types::{KeyPairInfo, Tag};
use connector_sdk::testing::{Job, MockResponse, Rule, answer, mock, refusal};
use tempfile::TempDir;

use super::{PRIVATE_KEY, key, run_tags};
use crate::key_pair::ensure;

/// The answer of EC2 to a request to create the key pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateAnswer {
    /// It creates the key pair, or reports that it exists.
    Complete,
    /// As above, but the answer has no private key.
    WithoutKey,
    /// As above, but the answer is lost.
    Lost,
    /// It does not receive the request, and the answer is lost.
    NotReceived,
    /// It refuses with this code.
    Refused(&'static str),
    /// It refuses tags.
    RefusesTags,
    /// Another run creates the key pair just before.
    CreatedByOther,
}

/// The mocked EC2 and the folder for the key file.
pub struct World {
    pub ec2: Arc<Mutex<Ec2>>,
    pub rules: [Rule; 3],
    pub folder: TempDir,
}

#[derive(Default)]
pub struct Ec2 {
    pub answers: VecDeque<CreateAnswer>,
    pub pair: Option<KeyPairInfo>,
    /// The number of further look-ups that do not return the key pair.
    pub hidden: usize,
    pub refuses_deletions: bool,
    pub created: usize,
    pub deleted: Vec<String>,
    /// What somebody does to the private key file during the creation.
    pub tampering: Option<fn(&Path)>,
}

impl Ec2 {
    pub fn create_pair(&mut self, tags: Vec<Tag>) {
        self.created += 1;
        let id = format!("key-{}", self.created);
        self.pair = Some(KeyPairInfo::builder().key_name("web").key_pair_id(id).set_tags(Some(tags)).build());
    }

    pub fn create(&mut self, request: &CreateKeyPairInput) -> MockResponse<CreateKeyPairOutput, CreateKeyPairError> {
        let reply = self.answers.pop_front().unwrap_or(CreateAnswer::Complete);
        let tags: Vec<Tag> = request.tag_specifications().iter().flat_map(|tags| tags.tags().to_vec()).collect();
        let lost = || {
            let body = "<Response><Errors><Error><Code>ServiceUnavailable</Code></Error></Errors></Response>";
            MockResponse::Http(answer(503, body))
        };
        match reply {
            CreateAnswer::NotReceived => return lost(),
            CreateAnswer::Refused(code) => return MockResponse::Http(refusal(code, "No")),
            CreateAnswer::RefusesTags if !tags.is_empty() => {
                self.answers.push_front(CreateAnswer::RefusesTags);
                return MockResponse::Http(refusal(
                    "UnauthorizedOperation",
                    "not authorized to perform: ec2:CreateTags",
                ));
            }
            CreateAnswer::CreatedByOther => self.create_pair(vec![]),
            _ => {}
        }
        let exists = self.pair.is_some();
        if !exists {
            self.create_pair(tags);
        }
        if reply == CreateAnswer::Lost {
            return lost();
        }
        if exists {
            return MockResponse::Http(refusal("InvalidKeyPair.Duplicate", "It exists"));
        }
        let created = CreateKeyPairOutput::builder().key_name("web");
        let key = (reply != CreateAnswer::WithoutKey).then(|| PRIVATE_KEY.to_owned());
        MockResponse::Output(created.set_key_material(key).build())
    }
}

impl World {
    /// Starts without the key pair; requests to create it get these answers in turn, and then complete ones.
    pub fn new(answers: &[CreateAnswer]) -> Self {
        let ec2 = Arc::new(Mutex::new(Ec2 { answers: answers.iter().copied().collect(), ..Ec2::default() }));
        let [shown, created, deleted] = [(); 3].map(|()| ec2.clone());
        let describe = mock!(Client::describe_key_pairs).then_compute_response(move |request| {
            let mut ec2 = shown.lock().unwrap();
            assert_eq!(request.key_names(), ["web"]);
            let hidden = ec2.pair.is_some() && ec2.hidden > 0;
            ec2.hidden -= usize::from(hidden);
            match ec2.pair.clone().filter(|_| !hidden) {
                Some(pair) => MockResponse::Output(DescribeKeyPairsOutput::builder().key_pairs(pair).build()),
                None => MockResponse::Http(refusal("InvalidKeyPair.NotFound", "The key pair 'web' does not exist")),
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.pem");
        let create = mock!(Client::create_key_pair).then_compute_response(move |request| {
            let mut ec2 = created.lock().unwrap();
            ec2.tampering.iter().for_each(|tamper| tamper(&path));
            ec2.create(request)
        });
        let delete = mock!(Client::delete_key_pair).then_compute_response(move |request| {
            let mut ec2 = deleted.lock().unwrap();
            let id = request.key_pair_id().expect("an id").to_owned();
            if ec2.refuses_deletions {
                return MockResponse::Http(refusal("UnauthorizedOperation", "No"));
            }
            assert_eq!(ec2.pair.take().and_then(|pair| pair.key_pair_id), Some(id.clone()));
            ec2.deleted.push(id);
            MockResponse::Output(DeleteKeyPairOutput::builder().build())
        });
        World { ec2, rules: [describe, create, delete], folder }
    }

    pub fn ec2(&self) -> MutexGuard<'_, Ec2> {
        self.ec2.lock().unwrap()
    }

    pub fn job(&self) -> Job {
        Job::new(&self.rules.each_ref())
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("web.pem")
    }

    /// The contents of the file; `None` without one.
    pub fn file(&self) -> Option<String> {
        fs::read_to_string(self.path()).ok()
    }

    pub async fn ensure(&self, job: &Job) -> Result<Option<String>> {
        ensure(&job.cx, &key("web", "rsa", self.folder.path()), None, &run_tags()).await
    }

    pub fn creations(&self) -> usize {
        self.rules[1].num_calls()
    }
}
