//! Looks up a resource repeatedly, since EC2 may return a new one only after some seconds, and an answer can be stale.

use std::time::Duration;

use connector_sdk::{Context, Result};

/// The number of look-ups after a creation of unknown outcome.
pub const AFTER_LOST_ANSWER: usize = 4;
/// The number of look-ups of a resource that exists: EC2 returns it after seconds, rarely after a minute (AWS:
/// "Eventual consistency in the Amazon EC2 API").
pub const UNTIL_SHOWN: usize = 20;
/// The interval of look-ups.
const INTERVAL: Duration = Duration::from_secs(3);

/// A resource that EC2 returned.
pub struct FoundResource {
    /// Its id.
    pub id: String,
    /// Whether it has the tags of this run.
    pub ours: bool,
}

/// The result of several look-ups.
pub enum LookUpResult {
    /// A resource with this id, created by this run.
    Ours(String),
    /// A resource with this id, without the tags of this run.
    Other(String),
    /// No such resource in any answer.
    NotFound,
    /// No answer from EC2; this was reported.
    NoAnswer,
}

/// Looks up a resource until it is found, at most this often. One without the tags of this run must be found twice,
/// since EC2 may return the tags later.
pub async fn look_up<F>(cx: &Context, times: usize, find: impl Fn() -> F) -> LookUpResult
where
    F: Future<Output = Result<Option<FoundResource>>>,
{
    let (mut other, mut answered, mut failure) = (None, false, None);
    for time in 1..=times {
        match find().await {
            Ok(Some(shown)) if shown.ours => return LookUpResult::Ours(shown.id),
            Ok(Some(shown)) if other.as_ref() == Some(&shown.id) => return LookUpResult::Other(shown.id),
            Ok(Some(shown)) => other = Some(shown.id),
            Ok(None) => answered = true,
            Err(error) => failure = Some(error),
        }
        if time < times {
            pause(cx).await;
        }
    }
    match (other, failure) {
        (Some(id), _) => LookUpResult::Other(id),
        (None, Some(error)) if !answered => {
            cx.warning(error.to_string());
            LookUpResult::NoAnswer
        }
        _ => LookUpResult::NotFound,
    }
}

/// Waits before the next look-up or request.
pub async fn pause(cx: &Context) {
    cx.sleep(INTERVAL).await;
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use connector_sdk::testing::Job;
    use connector_sdk::{Error, ErrorKind};

    use super::*;

    /// The result with these answers, and the number of unused answers.
    async fn found(answers: impl IntoIterator<Item = Result<Option<(&'static str, bool)>>>) -> (String, usize) {
        let answers: RefCell<Vec<_>> = RefCell::new(answers.into_iter().collect());
        let job = Job::new(&[]);
        let times = answers.borrow().len();
        let find = || {
            let answer = answers.borrow_mut().remove(0);
            async { answer.map(|shown| shown.map(|(id, ours)| FoundResource { id: id.to_owned(), ours })) }
        };
        let text = match look_up(&job.cx, times, find).await {
            LookUpResult::Ours(id) => format!("ours {id}"),
            LookUpResult::Other(id) => format!("other {id}"),
            LookUpResult::NotFound => "nothing".to_owned(),
            LookUpResult::NoAnswer => job.lines().join("\n"),
        };
        (text, answers.borrow().len())
    }

    fn failure() -> Result<Option<(&'static str, bool)>> {
        Err(Error::new(ErrorKind::Unavailable, "throttled"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_shown_late_is_found() {
        assert_eq!(found([Ok(None), failure(), Ok(Some(("a", true))), Ok(None)]).await, ("ours a".to_owned(), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_without_tags_at_first_may_belong_to_this_run() {
        assert_eq!(found([Ok(Some(("a", false))), Ok(None), Ok(Some(("a", true)))]).await.0, "ours a");
        assert_eq!(found([Ok(Some(("a", false))), Ok(Some(("a", false))), Ok(None)]).await, ("other a".to_owned(), 1));
        assert_eq!(found([Ok(None), Ok(Some(("a", false)))]).await.0, "other a");
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_answer_nothing_is_known() {
        assert_eq!(found([Ok(None), failure()]).await.0, "nothing");
        assert_eq!(found([failure(), failure()]).await.0, "warning: throttled");
    }
}
