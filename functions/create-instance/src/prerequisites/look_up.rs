//! Looks up, several times, what EC2 may have created: it can be seconds until EC2 shows it, and an answer can be old.

use std::time::Duration;

use connector_sdk::{Context, Result};

/// How often a resource is looked up of which no answer says whether EC2 created it.
pub const AFTER_LOST_ANSWER: usize = 4;
/// How often a resource is looked up that exists: EC2 shows it everywhere after seconds, rarely after a minute (AWS: "Eventual
/// consistency in the Amazon EC2 API").
pub const UNTIL_SHOWN: usize = 20;
/// The time between two of these.
const INTERVAL: Duration = Duration::from_secs(3);

/// A resource that EC2 shows.
pub struct FoundResource {
    /// Its id.
    pub id: String,
    /// Whether it has the tags of this run.
    pub ours: bool,
}

/// What several look-ups have shown.
pub enum Found {
    /// The resource with this id, created by this run.
    Ours(String),
    /// The resource with this id, without the tags of this run.
    Other(String),
    /// No such resource, each time that EC2 answered.
    Nothing,
    /// EC2 never answered, which was reported.
    NoAnswer,
}

/// Looks up a resource until it is shown, at most so many times. One without the tags of this run must be shown twice: EC2 may
/// show the tags later than the rest.
pub async fn look_up<F>(cx: &Context, times: usize, find: impl Fn() -> F) -> Found
where
    F: Future<Output = Result<Option<FoundResource>>>,
{
    let (mut other, mut answered, mut trouble) = (None, false, None);
    for time in 1..=times {
        match find().await {
            Ok(Some(shown)) if shown.ours => return Found::Ours(shown.id),
            Ok(Some(shown)) if other.as_ref() == Some(&shown.id) => return Found::Other(shown.id),
            Ok(Some(shown)) => other = Some(shown.id),
            Ok(None) => answered = true,
            Err(error) => trouble = Some(error),
        }
        if time < times {
            pause(cx).await;
        }
    }
    match (other, trouble) {
        (Some(id), _) => Found::Other(id),
        (None, Some(error)) if !answered => {
            cx.warning(error.to_string());
            Found::NoAnswer
        }
        _ => Found::Nothing,
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

    /// What is found where EC2 answers so, one after the other, and how many answers are left.
    async fn found(answers: impl IntoIterator<Item = Result<Option<(&'static str, bool)>>>) -> (String, usize) {
        let answers: RefCell<Vec<_>> = RefCell::new(answers.into_iter().collect());
        let job = Job::new(&[]);
        let times = answers.borrow().len();
        let find = || {
            let answer = answers.borrow_mut().remove(0);
            async { answer.map(|shown| shown.map(|(id, ours)| FoundResource { id: id.to_owned(), ours })) }
        };
        let text = match look_up(&job.cx, times, find).await {
            Found::Ours(id) => format!("ours {id}"),
            Found::Other(id) => format!("other {id}"),
            Found::Nothing => "nothing".to_owned(),
            Found::NoAnswer => job.lines().join("\n"),
        };
        (text, answers.borrow().len())
    }

    fn trouble() -> Result<Option<(&'static str, bool)>> {
        Err(Error::new(ErrorKind::Unavailable, "throttled"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_shown_late_is_found() {
        assert_eq!(found([Ok(None), trouble(), Ok(Some(("a", true))), Ok(None)]).await, ("ours a".to_owned(), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_without_tags_at_first_may_belong_to_this_run() {
        assert_eq!(found([Ok(Some(("a", false))), Ok(None), Ok(Some(("a", true)))]).await.0, "ours a");
        assert_eq!(found([Ok(Some(("a", false))), Ok(Some(("a", false))), Ok(None)]).await, ("other a".to_owned(), 1));
        assert_eq!(found([Ok(None), Ok(Some(("a", false)))]).await.0, "other a");
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_answer_nothing_is_known() {
        assert_eq!(found([Ok(None), trouble()]).await.0, "nothing");
        assert_eq!(found([trouble(), trouble()]).await.0, "warning: throttled");
    }
}
