//! Tests of the key pair: found, created, and cleaned up after a lost answer or private key.

mod lost;
mod world;

use std::fs;
use std::path::Path;

use connector_sdk::ArgValue as _;
use connector_sdk::client_token::ClientToken;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::create_key_pair::CreateKeyPairOutput;
use connector_sdk::ec2::operation::describe_images::DescribeImagesOutput;
use connector_sdk::ec2::operation::describe_key_pairs::DescribeKeyPairsOutput;
use connector_sdk::ec2::types::{self, Image, KeyFormat, KeyPairInfo, PlatformValues, Tag};
use connector_sdk::testing::{Job, Rule, args, mock, refusal};

use self::world::{CreateAnswer, World};
use super::*;
use crate::CreateInstance;

const PRIVATE_KEY: &str = "a private key that a test made up\n";

fn run_tags() -> RunTags {
    RunTags::new(&ClientToken::parse("T").unwrap()).unwrap()
}

/// A key pair with this name and type, and its file in this folder.
fn key(name: &str, key_type: &str, folder: &Path) -> Key {
    let more = [("key-name", name), ("key-type", key_type), ("key-dir", folder.to_str().unwrap())];
    let all = [&[("launch-template", "web")], &more[..]].concat();
    args(&CreateInstance, &all).unwrap().launch.key.unwrap()
}

fn assert_nothing_leaks(job: &Job) {
    let lines = job.lines().join("\n");
    assert!(!lines.contains(PRIVATE_KEY.trim()), "{lines}");
}

#[tokio::test]
async fn an_existing_key_pair_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let found = mock!(Client::describe_key_pairs).then_output(|| {
        DescribeKeyPairsOutput::builder().key_pairs(KeyPairInfo::builder().key_name("team/web").build()).build()
    });
    let job = Job::new(&[&found]);
    // It needs no file, so its name need not be a valid file name.
    let key = key("team/web", "rsa", folder.path());
    assert_eq!(ensure(&job.cx, &key, None, &run_tags()).await.unwrap().unwrap(), "team/web");
    assert!(job.lines().is_empty());
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test]
async fn a_missing_key_pair_is_created_and_its_private_key_stored() {
    let world = World::new(&[]);
    let path = world.folder.path().join("keys").join("web.pem");
    let reserved = path.clone();
    let create = mock!(Client::create_key_pair)
        .match_requests(move |request| {
            let tags = request.tag_specifications();
            let tagged = tags.len() == 1 && tags[0].resource_type() == Some(&types::ResourceType::KeyPair);
            let token = Tag::builder().key("awsec2:client-token").value("T").build();
            let as_it_should_be = request.key_name() == Some("web")
                && request.key_type() == Some(&types::KeyType::Rsa)
                && request.key_format() == Some(&KeyFormat::Pem);
            as_it_should_be && reserved.exists() && tagged && tags[0].tags().contains(&token)
        })
        .then_output(|| CreateKeyPairOutput::builder().key_material(PRIVATE_KEY).build());
    let job = Job::new(&[&world.rules[0], &create]);
    let key = key("web", "rsa", path.parent().unwrap());
    assert_eq!(ensure(&job.cx, &key, None, &run_tags()).await.unwrap().unwrap(), "web");
    assert_eq!(fs::read_to_string(&path).unwrap(), PRIVATE_KEY);
    assert_eq!(job.lines(), [format!("key pair web: created, its private key is in {}", path.display())]);
    assert!(job.cx.journal().anything_changed() && !job.cx.journal().anything_unknown());
    assert_nothing_leaks(&job);
}

#[tokio::test(start_paused = true)]
async fn an_existing_file_is_not_changed() {
    let world = World::new(&[]);
    fs::write(world.path(), "precious").unwrap();
    for job in [world.job(), Job::dry_run(&world.rules.each_ref())] {
        let error = world.ensure(&job).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let path = world.path();
        let expected = format!(
            "creating key pair web: the key pair does not exist, but its private key file {} exists",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(world.file().unwrap(), "precious");
        assert_eq!(world.creations(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_key_pair_of_a_new_file_may_be_shown_late() {
    let world = World::new(&[]);
    fs::write(world.path(), PRIVATE_KEY).unwrap();
    world.ec2().create_pair(vec![]);
    world.ec2().hidden = 2;
    assert_eq!(world.ensure(&world.job()).await.unwrap().unwrap(), "web");
}

#[tokio::test]
async fn the_empty_file_of_a_job_that_was_ended_is_used_again() {
    let world = World::new(&[]);
    ReservedFile::create(world.path()).unwrap().unwrap().keep_if_empty(true);
    world.ensure(&world.job()).await.unwrap();
    assert_eq!(world.file().unwrap(), PRIVATE_KEY);
}

#[tokio::test]
async fn an_empty_file_beside_a_key_pair_in_ec2_is_an_error_that_names_both() {
    let world = World::new(&[]);
    ReservedFile::create(world.path()).unwrap().unwrap().keep_if_empty(true);
    world.ec2().create_pair(vec![]);
    for job in [world.job(), Job::dry_run(&world.rules.each_ref())] {
        let error = world.ensure(&job).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let begin = format!(
            "looking up key pair web: the key pair exists, but its private key file {} is empty",
            world.path().display()
        );
        assert!(error.to_string().starts_with(&begin), "{error}");
        assert_eq!(world.file().unwrap(), "");
    }
}

#[tokio::test(start_paused = true)]
async fn another_run_that_is_creating_the_key_pair_is_waited_for() {
    for stored in [true, false] {
        let world = World::new(&[]);
        let mut other = ReservedFile::create(world.path()).unwrap().unwrap();
        let job = world.job();
        let other_run = async {
            tokio::time::sleep(std::time::Duration::from_secs(10)).await;
            if stored {
                world.ec2().create_pair(vec![]);
                other.store("the other run's").unwrap();
            }
            drop(other);
        };
        let (provided, ()) = tokio::join!(world.ensure(&job), other_run);
        assert_eq!(provided.unwrap().unwrap(), "web");
        assert_eq!(world.creations(), usize::from(!stored));
        assert_eq!(world.file().unwrap(), if stored { "the other run's\n" } else { PRIVATE_KEY });
        assert_eq!(job.lines()[0], "key pair web: waiting for another job that is creating it");
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_another_run_has_a_limit() {
    let world = World::new(&[]);
    let _other = ReservedFile::create(world.path()).unwrap().unwrap();
    assert_eq!(world.ensure(&world.job()).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    world.ec2().create_pair(vec![]);
    assert_eq!(world.ensure(&world.job()).await.unwrap().unwrap(), "web");
}

#[tokio::test]
async fn a_key_pair_that_another_job_creates_meanwhile_is_used_without_a_file() {
    let world = World::new(&[CreateAnswer::CreatedByOther]);
    let job = world.job();
    assert_eq!(world.ensure(&job).await.unwrap().unwrap(), "web");
    assert_eq!(job.lines(), ["key pair web: created by another job in the meantime, used as is"]);
    assert_eq!(world.file(), None);
    assert_eq!(world.ec2().deleted, [""; 0]);
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test]
async fn a_refusal_leaves_no_file() {
    let world = World::new(&[CreateAnswer::Refused("UnauthorizedOperation"); 2]);
    let error = world.ensure(&world.job()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.to_string(), "creating key pair web: No (UnauthorizedOperation, request req-1)");
    assert_eq!(world.file(), None);
}

#[tokio::test]
async fn a_refused_look_up_creates_nothing() {
    let refused = mock!(Client::describe_key_pairs).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&refused]);
    let error = ensure(&job.cx, &key("web", "rsa", Path::new("unused")), None, &run_tags()).await.unwrap_err();
    assert_eq!(error.to_string(), "looking up key pair web: No (UnauthorizedOperation, request req-1)");
}

/// DescribeImages of an image with this platform.
fn image(platform: Option<PlatformValues>) -> Rule {
    mock!(Client::describe_images).match_requests(|request| request.image_ids() == ["ami-0123abcd"]).then_output(
        move || {
            let image = Image::builder().set_platform(platform.clone()).build();
            DescribeImagesOutput::builder().images(image).build()
        },
    )
}

#[tokio::test]
async fn windows_takes_no_ed25519_keys() {
    let (world, windows) = (World::new(&[]), image(Some(PlatformValues::Windows)));
    let ami = ImageId::Ami("ami-0123abcd".to_owned());
    let missing = &world.rules[0];
    for job in [Job::new(&[missing, &windows]), Job::dry_run(&[missing, &windows])] {
        let key = key("web", "ed25519", world.folder.path());
        let error = ensure(&job.cx, &key, Some(&ami), &run_tags()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            "creating key pair web: image ami-0123abcd is a Windows image, which does not support ED25519 keys"
        );
        assert!(error.hint_text().unwrap().contains("--key-type rsa"));
        assert_eq!(world.file(), None);
    }
}

#[tokio::test]
async fn other_images_take_ed25519_keys() {
    let (world, linux) = (World::new(&[]), image(None));
    let create = mock!(Client::create_key_pair)
        .match_requests(|request| request.key_type() == Some(&types::KeyType::Ed25519))
        .then_output(|| CreateKeyPairOutput::builder().key_material(PRIVATE_KEY).build());
    let job = Job::new(&[&world.rules[0], &linux, &create]);
    let ami = ImageId::Ami("ami-0123abcd".to_owned());
    ensure(&job.cx, &key("web", "ed25519", world.folder.path()), Some(&ami), &run_tags()).await.unwrap();
    assert_eq!((linux.num_calls(), create.num_calls()), (1, 1));
}

#[tokio::test]
async fn an_image_that_cannot_be_looked_up_creates_no_key() {
    let world = World::new(&[]);
    let refused =
        mock!(Client::describe_images).then_http_response(|| refusal("InvalidAMIID.NotFound", "No such image"));
    let job = Job::new(&[&world.rules[0], &refused]);
    let ami = ImageId::Ami("ami-0123abcd".to_owned());
    let error = ensure(&job.cx, &key("web", "rsa", world.folder.path()), Some(&ami), &run_tags()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "looking up image ami-0123abcd: No such image (InvalidAMIID.NotFound, request req-1)"
    );
}

#[tokio::test]
async fn a_dry_run_creates_neither_key_nor_file() {
    let world = World::new(&[]);
    let job = Job::dry_run(&world.rules.each_ref());
    assert_eq!(world.ensure(&job).await.unwrap(), None);
    let path = world.path();
    assert_eq!(job.lines(), [format!("key pair web: would be created, its private key in {}", path.display())]);
    assert_eq!(world.file(), None);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn an_empty_file_that_this_program_did_not_reserve_beside_a_key_pair_in_ec2_is_an_error_too() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(&[]);
    std::fs::write(world.path(), "").unwrap();
    std::fs::set_permissions(world.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    world.ec2().create_pair(vec![]);
    let error = world.ensure(&world.job()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().starts_with("looking up key pair web: the key pair exists, but"), "{error}");
}
