//! The instances of the benchmark EC2, and its responses: XML templates with ID and state.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail, ensure};

const INSTANCE: &str = include_str!("../../bench/instance.xml");
const STATUS: &str = include_str!("../../bench/status.xml");
/// The value of the tag `Name` of every instance.
pub const NAME: &str = "bench";
/// The number of reads that return a transient state, so that every wait polls more than once.
const TRANSIENT_READS: u8 = 2;
/// The maximum number of IDs in one request (AWS: "Pagination in the Amazon EC2 API").
const IDS_PER_REQUEST: usize = 1000;
/// The maximum for DescribeInstanceStatus (AWS API reference).
const STATUS_IDS_PER_REQUEST: usize = 100;

/// The state of an instance. Transient states include the number of remaining reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `running`.
    Running,
    /// `stopped`.
    Stopped,
    /// `terminated`.
    Terminated,
    /// `pending`.
    Pending(u8),
    /// `stopping`.
    Stopping(u8),
    /// `shutting-down`.
    ShuttingDown(u8),
}

impl State {
    /// The code and the name in EC2.
    fn shown(self) -> (u8, &'static str) {
        match self {
            State::Pending(_) => (0, "pending"),
            State::Running => (16, "running"),
            State::ShuttingDown(_) => (32, "shutting-down"),
            State::Terminated => (48, "terminated"),
            State::Stopping(_) => (64, "stopping"),
            State::Stopped => (80, "stopped"),
        }
    }

    fn after_a_read(self) -> Self {
        match self {
            State::Pending(0 | 1) => State::Running,
            State::Stopping(0 | 1) => State::Stopped,
            State::ShuttingDown(0 | 1) => State::Terminated,
            State::Pending(left) => State::Pending(left - 1),
            State::Stopping(left) => State::Stopping(left - 1),
            State::ShuttingDown(left) => State::ShuttingDown(left - 1),
            lasting => lasting,
        }
    }
}

/// The ID of the instance with this number.
pub fn id(number: usize) -> String {
    format!("i-{number:017x}")
}

/// All instances.
#[derive(Debug, Default)]
pub struct Model {
    states: Vec<State>,
}

impl Model {
    /// The given number of instances in one state, with IDs numbered from 0.
    pub fn new(instances: usize, state: State) -> Self {
        Self { states: vec![state; instances] }
    }

    /// Answers the request with XML.
    ///
    /// # Errors
    /// The action is not supported, or EC2 would reject the request.
    pub fn answer(&mut self, request: &Request) -> Result<String> {
        let body = match request.action.as_str() {
            "DescribeInstances" => self.describe_instances(request)?,
            "DescribeInstanceStatus" => self.describe_instance_status(request)?,
            "StartInstances" => self.change(request, State::Pending(TRANSIENT_READS))?,
            "StopInstances" => self.change(request, State::Stopping(TRANSIENT_READS))?,
            "TerminateInstances" => self.change(request, State::ShuttingDown(TRANSIENT_READS))?,
            other => bail!("the benchmarks have no response for the action `{other}`"),
        };
        let action = &request.action;
        let namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
        let head = format!("<{action}Response xmlns=\"{namespace}\"><requestId>bench</requestId>");
        Ok(format!("{head}{body}</{action}Response>"))
    }

    fn describe_instances(&mut self, request: &Request) -> Result<String> {
        let (selected, next) = self.select(request, IDS_PER_REQUEST, |_| true)?;
        let mut items = String::new();
        for number in selected {
            let state = &mut self.states[number];
            let (code, name) = state.shown();
            *state = state.after_a_read();
            let item = INSTANCE.replace("{id}", &id(number)).replace("{code}", &code.to_string());
            items += &item.replace("{state}", name);
        }
        let reservation =
            format!("<reservationId>r-0123456789abcdef0</reservationId><instancesSet>{items}</instancesSet>");
        Ok(format!("<reservationSet><item>{reservation}</item></reservationSet>{next}"))
    }

    /// Only running instances have a status, as in EC2 without `IncludeAllInstances`.
    fn describe_instance_status(&self, request: &Request) -> Result<String> {
        let (selected, next) = self.select(request, STATUS_IDS_PER_REQUEST, |state| state == State::Running)?;
        let items: String = selected.into_iter().map(|number| STATUS.replace("{id}", &id(number))).collect();
        Ok(format!("<instanceStatusSet>{items}</instanceStatusSet>{next}"))
    }

    /// The instances with the requested IDs; or a page of all, with the token of the next page.
    fn select(&self, request: &Request, most_ids: usize, fits: fn(State) -> bool) -> Result<(Vec<usize>, String)> {
        let fitting = |numbers: &mut dyn Iterator<Item = usize>| numbers.filter(|n| fits(self.states[*n])).collect();
        if !request.ids.is_empty() {
            return Ok((fitting(&mut self.numbers(request, most_ids)?.into_iter()), String::new()));
        }
        let all: Vec<usize> = fitting(&mut (0..self.states.len()));
        let end = request.page_size.map_or(all.len(), |size| (request.first + size).min(all.len()));
        let page = all.get(request.first..end).context("a page that does not exist")?;
        let next = if end < all.len() { format!("<nextToken>{end}</nextToken>") } else { String::new() };
        Ok((page.to_vec(), next))
    }

    fn change(&mut self, request: &Request, to: State) -> Result<String> {
        let mut items = String::new();
        for number in self.numbers(request, IDS_PER_REQUEST)? {
            let (code, name) = to.shown();
            let (old_code, old_name) = self.states[number].shown();
            self.states[number] = to;
            let id = id(number);
            write!(
                items,
                "<item><instanceId>{id}</instanceId><currentState><code>{code}</code><name>{name}</name></currentState>\
                 <previousState><code>{old_code}</code><name>{old_name}</name></previousState></item>"
            )?;
        }
        Ok(format!("<instancesSet>{items}</instancesSet>"))
    }

    fn numbers(&self, request: &Request, most: usize) -> Result<Vec<usize>> {
        ensure!((1..=most).contains(&request.ids.len()), "{} ids, not 1 to {most}", request.ids.len());
        let number = |id: &String| {
            let digits = id.strip_prefix("i-").context("no instance id")?;
            let number = usize::from_str_radix(digits, 16).with_context(|| format!("no instance id: {id}"))?;
            ensure!(number < self.states.len(), "no instance {id}");
            Ok(number)
        };
        request.ids.iter().map(number).collect()
    }
}

/// A request in EC2's query protocol. Filters are ignored: every instance matches.
#[derive(Debug, Default)]
pub struct Request {
    /// The action.
    pub action: String,
    ids: Vec<String>,
    page_size: Option<usize>,
    first: usize,
}

impl Request {
    /// Parses the form fields of the body.
    ///
    /// # Errors
    /// An invalid number.
    pub fn parse(body: &[u8]) -> Result<Self> {
        let mut request = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match name.as_ref() {
                "Action" => request.action = value.into_owned(),
                "MaxResults" => request.page_size = Some(value.parse().context("reading MaxResults")?),
                "NextToken" => request.first = value.parse().context("reading NextToken")?,
                name if name.starts_with("InstanceId.") => request.ids.push(value.into_owned()),
                _ => {}
            }
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(model: &mut Model, body: &str) -> Result<String> {
        model.answer(&Request::parse(body.as_bytes()).unwrap())
    }

    fn states(model: &mut Model, body: &str) -> Vec<String> {
        let xml = ask(model, body).unwrap();
        let parts = xml.split("<instanceState><code>").skip(1);
        parts.map(|part| part[..part.find("</name>").unwrap()].replace("</code><name>", " ")).collect()
    }

    #[test]
    fn pages_cover_every_instance_once() {
        let mut model = Model::new(5, State::Running);
        let (mut ids, mut token) = (Vec::new(), "0".to_owned());
        loop {
            let page = ask(&mut model, &format!("Action=DescribeInstances&MaxResults=2&NextToken={token}")).unwrap();
            ids.extend(page.split("<instanceId>").skip(1).map(|part| part[..19].to_owned()));
            let Some((_, next)) = page.split_once("<nextToken>") else { break };
            next[..next.find('<').unwrap()].clone_into(&mut token);
        }
        assert_eq!(ids, (0..5).map(id).collect::<Vec<_>>());
    }

    #[test]
    fn a_transient_state_ends_after_reads_of_that_instance() {
        let mut model = Model::new(2, State::Running);
        let first = "InstanceId.1=i-00000000000000000";
        let changed = ask(&mut model, &format!("Action=StopInstances&{first}")).unwrap();
        assert!(changed.contains("<currentState><code>64</code><name>stopping</name>"), "{changed}");
        assert!(changed.contains("<previousState><code>16</code><name>running</name>"), "{changed}");
        let read = format!("Action=DescribeInstances&{first}");
        let seen: Vec<_> = (0..4).flat_map(|_| states(&mut model, &read)).collect();
        assert_eq!(seen, ["64 stopping", "64 stopping", "80 stopped", "80 stopped"]);
        assert_eq!(states(&mut model, "Action=DescribeInstances"), ["80 stopped", "16 running"]);
    }

    #[test]
    fn only_running_instances_have_a_status() {
        let mut model = Model::new(2, State::Running);
        ask(&mut model, "Action=TerminateInstances&InstanceId.1=i-00000000000000000").unwrap();
        let xml = ask(&mut model, "Action=DescribeInstanceStatus").unwrap();
        assert!(!xml.contains(&id(0)) && xml.contains(&id(1)), "{xml}");
    }

    #[test]
    fn requests_that_ec2_rejects_are_rejected() {
        let mut model = Model::new(101, State::Running);
        let many: String = (0..101).map(|number| format!("&InstanceId.{number}={}", id(number))).collect();
        for body in ["Action=RebootInstances", "Action=StopInstances", "Action=StopInstances&InstanceId.1=i-00000fff"] {
            assert!(ask(&mut model, body).is_err(), "{body}");
        }
        assert!(ask(&mut model, &format!("Action=DescribeInstanceStatus{many}")).is_err());
        assert!(ask(&mut model, &format!("Action=DescribeInstances{many}")).is_ok());
    }
}
