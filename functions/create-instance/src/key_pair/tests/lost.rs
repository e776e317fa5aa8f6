//! Tests of a creation whose answer or private key is lost, or whose private key cannot be stored.

use super::*;

/// Ensures the key pair with these answers of EC2, and asserts that the private key is in the file.
async fn provided(answers: &[CreateAnswer]) -> (World, Job) {
    let world = World::new(answers);
    let job = world.job();
    assert_eq!(world.ensure(&job).await.unwrap().unwrap(), "web");
    assert_eq!(world.file().unwrap(), PRIVATE_KEY);
    assert!(job.cx.journal().anything_changed() && !job.cx.journal().anything_unknown());
    assert_nothing_leaks(&job);
    (world, job)
}

/// The error with these answers of EC2, and whether the empty file exists.
async fn failed(world: &World) -> (Error, bool) {
    let job = world.job();
    let error = world.ensure(&job).await.unwrap_err();
    assert_eq!(job.cx.journal().anything_unknown(), error.kind() == ErrorKind::Unknown);
    assert_nothing_leaks(&job);
    let file = world.file();
    assert!(file.as_deref().is_none_or(str::is_empty));
    (error, file.is_some())
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_whose_private_key_is_lost_is_deleted_by_its_id_and_created_again() {
    for lost in [CreateAnswer::Lost, CreateAnswer::WithoutKey] {
        let (world, job) = provided(&[lost]).await;
        assert_eq!(world.ec2().deleted, ["key-1"]);
        assert_eq!(world.creations(), 2);
        job.assert_reported(
            "key pair web: created by this job, but the response was lost, so it is deleted again (key-1)",
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_shown_late_belongs_to_this_run() {
    let world = World::new(&[CreateAnswer::Lost]);
    world.ec2().hidden = AFTER_LOST_ANSWER + 2;
    let job = world.job();
    world.ensure(&job).await.unwrap();
    assert_eq!(world.file().unwrap(), PRIVATE_KEY);
    assert_eq!(world.ec2().deleted, ["key-1"]);
    assert_eq!(world.creations(), 3, "the second is told that the key pair exists");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_reached_ec2_is_repeated() {
    let (world, _) = provided(&[CreateAnswer::NotReceived]).await;
    assert_eq!((world.creations(), world.ec2().deleted.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_is_repeated() {
    let (world, _) = provided(&[CreateAnswer::Refused("RequestLimitExceeded"); 2]).await;
    assert_eq!(world.creations(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_of_another_run_is_used_and_never_deleted() {
    // Another run has created it while the answer to this one was lost.
    let world = World::new(&[CreateAnswer::NotReceived, CreateAnswer::CreatedByOther]);
    let job = world.job();
    assert_eq!(world.ensure(&job).await.unwrap().unwrap(), "web");
    assert_eq!((world.file(), world.ec2().deleted.len()), (None, 0));
    job.assert_reported("key pair web: created by another job in the meantime, used as is");
    assert!(!job.cx.journal().anything_changed() && !job.cx.journal().anything_unknown());
}

#[tokio::test(start_paused = true)]
async fn lost_answers_without_a_key_pair_change_nothing() {
    let world = World::new(&[CreateAnswer::Lost; 3]);
    let (error, file_stays) = failed(&world).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "creating key pair web: no response to 3 requests; none of their key pairs is left");
    assert_eq!((world.ec2().deleted.len(), file_stays), (3, false));
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_that_is_never_shown_is_unknown() {
    for answers in [
        [CreateAnswer::NotReceived; 3],
        [CreateAnswer::NotReceived, CreateAnswer::NotReceived, CreateAnswer::Refused("InvalidKey.Format")],
    ] {
        let (error, file_stays) = failed(&World::new(&answers)).await;
        assert_eq!(error.kind(), ErrorKind::Unknown, "{answers:?}");
        let hint = error.hint_text().unwrap();
        assert!(
            hint.starts_with("before you run the job again, delete key pair web with the tag awsec2:client-token=T"),
            "{hint}"
        );
        assert!(file_stays, "so that the next job does not use a key pair without its private key");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_is_created_without_refused_tags() {
    let (world, _) = provided(&[CreateAnswer::RefusesTags]).await;
    let pair = world.ec2().pair.clone().unwrap();
    assert!(pair.tags().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_without_tags_is_never_deleted() {
    for lost in [CreateAnswer::Lost, CreateAnswer::WithoutKey] {
        let world = World::new(&[CreateAnswer::Refused("TagPolicyViolation"), lost]);
        let (error, file_stays) = failed(&world).await;
        assert_eq!(error.kind(), ErrorKind::Unknown);
        assert!(
            error.hint_text().unwrap().starts_with("before you run the job again, delete key pair web in EC2"),
            "{error:?}"
        );
        assert_eq!((world.ec2().deleted.len(), world.creations(), file_stays), (0, 2, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_that_cannot_be_deleted_is_reported() {
    let world = World::new(&[CreateAnswer::WithoutKey]);
    world.ec2().refuses_deletions = true;
    let (error, file_stays) = failed(&world).await;
    assert_eq!(error.to_string(), "deleting key pair web (key-1): No (UnauthorizedOperation, request req-1)");
    assert!(error.hint_text().unwrap().contains("its private key is lost"));
    assert!(file_stays);
}

/// Ensures the key pair while its folder is deleted during the creation.
async fn without_folder(tags_refused: bool) -> (World, Error) {
    let world = World::new(if tags_refused { &[CreateAnswer::RefusesTags] } else { &[] });
    let (ec2, keys) = (world.ec2.clone(), world.folder.path().join("keys"));
    let vanishing = keys.clone();
    let create = mock!(Client::create_key_pair).then_compute_response(move |request| {
        let _ = fs::remove_dir_all(&vanishing);
        ec2.lock().unwrap().create(request)
    });
    let job = Job::new(&[&world.rules[0], &create, &world.rules[2]]);
    let error = ensure(&job.cx, &key("web", "rsa", &keys), None, &run_tags()).await.unwrap_err();
    assert_eq!(job.cx.journal().anything_changed(), tags_refused);
    assert!(!error.to_string().contains(PRIVATE_KEY.trim()));
    assert_nothing_leaks(&job);
    (world, error)
}

#[cfg(unix)] // elsewhere, the folder of an open file cannot vanish
#[tokio::test(start_paused = true)]
async fn a_key_pair_whose_private_key_cannot_be_stored_is_deleted() {
    let (world, error) = without_folder(false).await;
    let text = error.to_string();
    assert!(text.starts_with("storing a private key in "), "{text}");
    assert!(text.ends_with("; key pair web was deleted again"), "{text}");
    assert_eq!(error.kind(), ErrorKind::LocalFile);
    assert_eq!(world.ec2().deleted, ["key-1"]);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_key_pair_without_tags_is_kept_even_if_its_private_key_cannot_be_stored() {
    let (world, error) = without_folder(true).await;
    assert!(error.to_string().ends_with("; key pair web is kept"), "{error}");
    assert!(error.hint_text().unwrap().starts_with("before you run the job again, delete key pair web in EC2"));
    assert!(world.ec2().deleted.is_empty());
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_private_key_file_that_is_removed_meanwhile_is_created_again() {
    let world = World::new(&[]);
    world.ec2().tampering = Some(|path| fs::remove_file(path).unwrap());
    world.ensure(&world.job()).await.unwrap();
    assert_eq!(world.file().unwrap(), PRIVATE_KEY);
    assert_eq!(world.ec2().deleted, [""; 0]);
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_private_key_that_is_moved_meanwhile_is_never_lost() {
    for refuses_deletions in [false, true] {
        let world = World::new(&[]);
        world.ec2().refuses_deletions = refuses_deletions;
        world.ec2().tampering = Some(|path| fs::rename(path, path.with_file_name("moved")).unwrap());
        let error = world.ensure(&world.job()).await.unwrap_err();
        let moved = world.folder.path().canonicalize().unwrap().join("moved");
        assert_eq!(error.kind(), ErrorKind::LocalFile);
        let why = format!("the file was moved or replaced meanwhile; the private key is in {}; ", moved.display());
        assert!(error.message().contains(&why), "{error}");
        assert_eq!(fs::read_to_string(&moved).unwrap(), PRIVATE_KEY);
        if refuses_deletions {
            let hint = format!(
                "find out who moved the private key to {}, or delete key pair web with the tag awsec2:client-token=T in \
                 EC2",
                moved.display()
            );
            assert_eq!(error.hint_text().unwrap().lines().last(), Some(&*hint));
        } else {
            assert!(error.message().ends_with("; key pair web was deleted again"), "{error}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_created_for_a_folder_that_every_user_can_write_to() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new(&[]);
    let set_mode = |mode| fs::set_permissions(world.folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    set_mode(0o777);
    for job in [world.job(), Job::dry_run(&world.rules.each_ref())] {
        let error = world.ensure(&job).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("reserving the file "), "{error}");
        assert!(!job.cx.journal().anything_changed());
    }
    assert_eq!((world.creations(), world.file()), (0, None));
    set_mode(0o770);
    let job = world.job();
    world.ensure(&job).await.unwrap();
    assert!(job.lines()[0].contains("the members of its group can replace the files in it"), "{:?}", job.lines());
}
