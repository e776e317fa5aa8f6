//! The key pair of a launch: found in EC2, or made with its private key kept in a file.

use connector_sdk::ec2::config::retry::RetryConfig;
use connector_sdk::ec2::types::KeyFormat;
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes, ec2};

use crate::arguments::key::{Key, KeyName, KeyType};
use crate::arguments::source::ImageId;
use crate::image;
use crate::private_key::{self, ReservedFile};

/// Makes sure that the key pair exists, and returns its name for the launch: `None` when a dry run would have to make it.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when it would be made of a type that the image does not take; those of EC2, and those of
/// the file for the private key.
pub async fn provide(cx: &Context, key: &Key, image: Option<&ImageId>) -> Result<Option<String>> {
    let name = &key.name;
    if !exists(cx, name).await? {
        refuse_unfit(cx, key, image).await?;
        let path = private_key::path(&key.folder(cx), name)?;
        if cx.dry_run() {
            cx.event(format!("key pair {name}: would be made, its private key in {}", path.display()));
            return Ok(None);
        }
        make(cx, key, ReservedFile::create(path)?).await?;
    }
    Ok(Some(name.as_str().to_owned()))
}

/// Looks at the image before anything is made for it: that it exists, and that it is not one of Windows, which takes no
/// ED25519 keys (AWS: "Create a key pair for your Amazon EC2 instance"). Of an image that is not given by its own id, EC2
/// itself says so at the launch.
async fn refuse_unfit(cx: &Context, key: &Key, image: Option<&ImageId>) -> Result<()> {
    let Some(ImageId::Ami(id)) = image else { return Ok(()) };
    if image::is_windows(cx, id).await? && key.key_type == KeyType::Ed25519 {
        let message = format!("image {id} is one of Windows, which takes no ED25519 keys");
        let error = Error::new(ErrorKind::InvalidInput, message).doing(format!("making key pair {}", key.name));
        return Err(error.hint("leave out --key-type, or give --key-type rsa"));
    }
    Ok(())
}

async fn exists(cx: &Context, name: &KeyName) -> Result<bool> {
    let answer = cx.ec2().describe_key_pairs().key_names(name.as_str()).send().await;
    match answer.doing(|| format!("looking up key pair {name}")) {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some(codes::INVALID_KEY_PAIR_NOT_FOUND) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn make(cx: &Context, key: &Key, file: ReservedFile) -> Result<()> {
    let name = &key.name;
    let key_type = key.key_type.for_ec2();
    // Asked once: a retry after a lost answer would be told that the key pair exists, and its private key would be lost.
    let once = ec2::Config::builder().retry_config(RetryConfig::disabled());
    let request = cx.ec2().create_key_pair().key_name(name.as_str()).key_type(key_type).key_format(KeyFormat::Pem);
    cx.journal().begin(&format!("making key pair {name}, whose private key nobody would have"));
    let answer = request.customize().config_override(once).send().await;
    cx.journal().end();
    match answer.doing(|| format!("making key pair {name}")) {
        Ok(made) => keep(cx, name, file, made.key_material()).await,
        Err(error) if error.code() == Some(codes::INVALID_KEY_PAIR_DUPLICATE) => {
            cx.event(format!("key pair {name}: made by another job meanwhile, used as it is"));
            Ok(())
        }
        Err(error) if error.code() == Some(codes::REQUEST_LIMIT_EXCEEDED) => Err(error),
        Err(error) if error.kind() == ErrorKind::Unavailable => Err(error.hint(format!(
            "if EC2 has a key pair {name} now, delete it before the job runs again: nobody has its private key"
        ))),
        Err(error) => Err(error),
    }
}

/// Stores the private key. If that fails, nobody has it: so the key pair must not stay.
async fn keep(cx: &Context, name: &KeyName, file: ReservedFile, private_key: Option<&str>) -> Result<()> {
    let path = file.path().display().to_string();
    let stored = match private_key {
        Some(private_key) => file.store(private_key),
        None => Err(Error::new(ErrorKind::Service, "EC2 gave no private key").doing(format!("making key pair {name}"))),
    };
    match stored {
        Ok(()) => {
            cx.journal().something_else_changed();
            cx.event(format!("key pair {name}: made, its private key is in {path}"));
            Ok(())
        }
        Err(error) => Err(take_back(cx, name, &error).await),
    }
}

/// Deletes the key pair again because of `error`, and returns what to report of both.
async fn take_back(cx: &Context, name: &KeyName, error: &Error) -> Error {
    let answer = cx.ec2().delete_key_pair().key_name(name.as_str()).send().await;
    match answer.doing(|| format!("deleting key pair {name} again")) {
        Ok(_) => Error::new(ErrorKind::Service, format!("{error}; key pair {name} was deleted again")),
        Err(second) => {
            cx.journal().something_else_changed();
            Error::new(ErrorKind::Service, format!("{error}; {second}"))
                .hint(format!("delete key pair {name} before the job runs again: nobody has its private key"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use connector_sdk::ec2::Client;
    use connector_sdk::ec2::operation::create_key_pair::CreateKeyPairOutput;
    use connector_sdk::ec2::operation::delete_key_pair::DeleteKeyPairOutput;
    use connector_sdk::ec2::operation::describe_images::DescribeImagesOutput;
    use connector_sdk::ec2::operation::describe_key_pairs::DescribeKeyPairsOutput;
    use connector_sdk::ec2::types::{Image, PlatformValues};
    use connector_sdk::testing::{Job, Rule, answer, inputs, mock, refusal};

    use super::*;
    use crate::CreateInstance;

    const PRIVATE_KEY: &str = "a private key that a test made up\n";

    /// A key pair of that name and type with its file in that folder.
    fn key(name: &str, key_type: &str, folder: &Path) -> Key {
        let more = [("key-name", name), ("key-type", key_type), ("key-dir", folder.to_str().unwrap())];
        Key::from_inputs(&inputs(&CreateInstance, &more)).unwrap()
    }

    /// Provides the key pair `web` of type RSA.
    async fn provide_web(job: &Job, folder: &Path) -> Result<Option<String>> {
        provide(&job.cx, &key("web", "rsa", folder), None).await
    }

    fn missing() -> Rule {
        mock!(Client::describe_key_pairs)
            .match_requests(|request| request.key_names() == ["web"])
            .then_http_response(|| refusal("InvalidKeyPair.NotFound", "The key pair 'web' does not exist"))
    }

    fn made() -> CreateKeyPairOutput {
        CreateKeyPairOutput::builder().key_name("web").key_material(PRIVATE_KEY).build()
    }

    fn assert_nothing_leaks(job: &Job) {
        let lines = job.lines().join("\n");
        assert!(!lines.contains(PRIVATE_KEY.trim()), "{lines}");
    }

    #[tokio::test]
    async fn one_that_exists_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let found = mock!(Client::describe_key_pairs).then_output(|| DescribeKeyPairsOutput::builder().build());
        let job = Job::new(&[&found]);
        // It needs no file, so its name need not be that of one.
        let key = key("team/web", "rsa", folder.path());
        assert_eq!(provide(&job.cx, &key, None).await.unwrap().unwrap(), "team/web");
        assert!(job.lines().is_empty());
        assert!(!job.cx.journal().anything_changed());
    }

    #[tokio::test]
    async fn one_that_is_missing_is_made_and_its_private_key_stored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("web.pem");
        let reserved = path.clone();
        let missing = missing();
        let create = mock!(Client::create_key_pair)
            .match_requests(move |request| {
                let as_it_should_be = request.key_name() == Some("web")
                    && request.key_type() == Some(&ec2::types::KeyType::Rsa)
                    && request.key_format() == Some(&KeyFormat::Pem);
                as_it_should_be && reserved.exists()
            })
            .then_output(made);
        let job = Job::new(&[&missing, &create]);
        assert_eq!(provide_web(&job, &folder.path().join("keys")).await.unwrap().unwrap(), "web");
        assert_eq!(fs::read_to_string(&path).unwrap(), PRIVATE_KEY);
        assert_eq!(job.lines(), [format!("key pair web: made, its private key is in {}", path.display())]);
        assert!(job.cx.journal().anything_changed());
        assert_nothing_leaks(&job);
    }

    #[tokio::test]
    async fn a_file_that_is_there_already_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.pem");
        fs::write(&path, "precious").unwrap();
        for job in [Job::new(&[&missing()]), Job::dry_run(&[&missing()])] {
            let error = provide_web(&job, folder.path()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let expected = format!(
                "making key pair web: EC2 has no such key pair, but its file {} is there already",
                path.display()
            );
            assert_eq!(error.to_string(), expected);
            assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        }
    }

    #[tokio::test]
    async fn one_that_another_job_makes_meanwhile_is_used_without_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = missing();
        let create =
            mock!(Client::create_key_pair).then_http_response(|| refusal("InvalidKeyPair.Duplicate", "It exists"));
        let job = Job::new(&[&missing, &create]);
        assert_eq!(provide_web(&job, folder.path()).await.unwrap().unwrap(), "web");
        assert_eq!(job.lines(), ["key pair web: made by another job meanwhile, used as it is"]);
        assert!(!folder.path().join("web.pem").exists());
        assert!(!job.cx.journal().anything_changed());
    }

    #[tokio::test]
    async fn a_refusal_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let missing = missing();
        let create = mock!(Client::create_key_pair).then_http_response(|| refusal("UnauthorizedOperation", "No"));
        let job = Job::new(&[&missing, &create]);
        let error = provide_web(&job, folder.path()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.to_string(), "making key pair web: No (UnauthorizedOperation, request req-1)");
        assert!(!folder.path().join("web.pem").exists());
    }

    #[tokio::test]
    async fn a_refused_look_up_makes_nothing() {
        let refused = mock!(Client::describe_key_pairs).then_http_response(|| refusal("UnauthorizedOperation", "No"));
        let job = Job::new(&[&refused]);
        let error = provide_web(&job, Path::new("unused")).await.unwrap_err();
        assert_eq!(error.to_string(), "looking up key pair web: No (UnauthorizedOperation, request req-1)");
    }

    #[tokio::test(start_paused = true)]
    async fn the_key_pair_is_asked_for_once_because_a_retry_could_lose_its_private_key() {
        let folder = tempfile::tempdir().unwrap();
        let missing = missing();
        let create = mock!(Client::create_key_pair)
            .sequence()
            .http_response(|| {
                answer(503, "<Response><Errors><Error><Code>ServiceUnavailable</Code></Error></Errors></Response>")
            })
            .http_response(|| refusal("InvalidKeyPair.Duplicate", "It exists"))
            .build();
        let job = Job::new(&[&missing, &create]);
        let error = provide_web(&job, folder.path()).await.unwrap_err();
        assert_eq!(create.num_calls(), 1);
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.hint_text().unwrap().contains("if EC2 has a key pair web now, delete it"));
    }

    #[tokio::test]
    async fn a_key_pair_whose_private_key_cannot_be_stored_is_deleted_again() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let (vanishing, missing) = (keys.clone(), missing());
        let create = mock!(Client::create_key_pair).then_output(move || {
            fs::remove_dir_all(&vanishing).unwrap();
            made()
        });
        let delete = mock!(Client::delete_key_pair)
            .match_requests(|request| request.key_name() == Some("web"))
            .then_output(|| DeleteKeyPairOutput::builder().build());
        let job = Job::new(&[&missing, &create, &delete]);
        let error = provide_web(&job, &keys).await.unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("storing a private key in "), "{text}");
        assert!(text.ends_with("; key pair web was deleted again"), "{text}");
        assert!(!job.cx.journal().anything_changed());
        assert!(!text.contains(PRIVATE_KEY.trim()));
        assert_nothing_leaks(&job);
    }

    #[tokio::test]
    async fn a_key_pair_that_cannot_be_deleted_again_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let missing = missing();
        let create = mock!(Client::create_key_pair).then_output(|| CreateKeyPairOutput::builder().build());
        let delete = mock!(Client::delete_key_pair).then_http_response(|| refusal("UnauthorizedOperation", "No"));
        let job = Job::new(&[&missing, &create, &delete]);
        let error = provide_web(&job, folder.path()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "making key pair web: EC2 gave no private key; \
             deleting key pair web again: No (UnauthorizedOperation, request req-1)"
        );
        assert!(error.hint_text().unwrap().starts_with("delete key pair web before"));
        assert!(job.cx.journal().anything_changed());
        assert!(!folder.path().join("web.pem").exists());
    }

    /// DescribeImages of an image with that platform.
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
        let folder = tempfile::tempdir().unwrap();
        let (missing, windows) = (missing(), image(Some(PlatformValues::Windows)));
        let ami = ImageId::Ami("ami-0123abcd".to_owned());
        for job in [Job::new(&[&missing, &windows]), Job::dry_run(&[&missing, &windows])] {
            let error = provide(&job.cx, &key("web", "ed25519", folder.path()), Some(&ami)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert_eq!(
                error.to_string(),
                "making key pair web: image ami-0123abcd is one of Windows, which takes no ED25519 keys"
            );
            assert!(error.hint_text().unwrap().contains("--key-type rsa"));
            assert!(!folder.path().join("web.pem").exists());
        }
    }

    #[tokio::test]
    async fn other_images_take_ed25519_keys() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, linux) = (missing(), image(None));
        let create = mock!(Client::create_key_pair)
            .match_requests(|request| request.key_type() == Some(&ec2::types::KeyType::Ed25519))
            .then_output(made);
        let job = Job::new(&[&missing, &linux, &create]);
        let ami = ImageId::Ami("ami-0123abcd".to_owned());
        provide(&job.cx, &key("web", "ed25519", folder.path()), Some(&ami)).await.unwrap();
        assert_eq!((linux.num_calls(), create.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn an_image_that_cannot_be_looked_up_makes_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let missing = missing();
        let refused =
            mock!(Client::describe_images).then_http_response(|| refusal("InvalidAMIID.NotFound", "No such image"));
        let job = Job::new(&[&missing, &refused]);
        let ami = ImageId::Ami("ami-0123abcd".to_owned());
        let error = provide(&job.cx, &key("web", "rsa", folder.path()), Some(&ami)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "looking up image ami-0123abcd: No such image (InvalidAMIID.NotFound, request req-1)"
        );
    }

    #[tokio::test]
    async fn a_dry_run_makes_neither_key_nor_file() {
        let folder = tempfile::tempdir().unwrap();
        let job = Job::dry_run(&[&missing()]);
        assert_eq!(provide_web(&job, folder.path()).await.unwrap(), None);
        let path = folder.path().join("web.pem");
        assert_eq!(job.lines(), [format!("key pair web: would be made, its private key in {}", path.display())]);
        assert!(!path.exists());
    }
}
