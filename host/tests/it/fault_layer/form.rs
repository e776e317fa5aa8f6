//! The parameters of a request in EC2's query protocol.

use crate::support::http::Message;

/// The header that contains the action in JSON protocols, e.g. `AmazonSSM.SendCommand`.
pub const TARGET: &str = "x-amz-target";

/// A form: names and values, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A form with these parameters.
    pub fn new(parameters: impl IntoIterator<Item = (String, String)>) -> Self {
        Form(parameters.into_iter().collect())
    }

    /// The parameters of a request. For a JSON protocol, which has the action in a header, only the action.
    pub fn of(request: &Message) -> Self {
        match request.header(TARGET) {
            Some(target) => {
                let action = target.rsplit_once('.').map_or(target, |(_, action)| action);
                Form::new([("Action".to_owned(), action.to_owned())])
            }
            None => Form::from_body(&request.body),
        }
    }

    /// Parses the body of a request.
    pub fn from_body(body: &[u8]) -> Self {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The body of a request.
    pub fn to_body(&self) -> Vec<u8> {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish().into_bytes()
    }

    /// The action, or an empty text if the request has none.
    pub fn action(&self) -> &str {
        self.get("Action").unwrap_or_default()
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The values of a list, e.g. `InstanceId` for `InstanceId.1`, `InstanceId.2` …
    pub fn list(&self, name: &str) -> Vec<&str> {
        let is_in_list = |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.0.iter().filter(|(other, _)| is_in_list(other)).map(|(_, value)| value.as_str()).collect()
    }

    /// The instance IDs in the request: in a list, or a single one.
    pub fn instance_ids(&self) -> Vec<&str> {
        self.get("InstanceId").into_iter().chain(self.list("InstanceId")).collect()
    }

    /// Whether the request selects instances by ID, as the polls of a wait do and a search by tag does not.
    pub fn names_instances(&self) -> bool {
        !self.instance_ids().is_empty()
    }

    /// The form with other instance IDs, optionally for another action.
    pub fn for_instances(&self, action: &str, ids: &[&str]) -> Self {
        let version = self.get("Version").unwrap_or_default();
        let head = [("Action", action), ("Version", version)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let ids = ids.iter().enumerate().map(|(index, id)| (format!("InstanceId.{}", index + 1), (*id).to_owned()));
        Form::new(head.into_iter().chain(ids))
    }

    /// The form with this parameter set.
    pub fn with(&self, name: &str, value: &str) -> Self {
        Form::new(self.without(name).into_iter().chain([(name.to_owned(), value.to_owned())]))
    }

    /// The values of a filter, or `None` without it.
    pub fn filter(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.list(&format!("{}.Value", self.filter_prefix(name)?)))
    }

    /// The form with the filter `old` replaced by another one, if present.
    pub fn with_filter<'a>(&self, old: &str, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let Some(prefix) = self.filter_prefix(old) else { return self.clone() };
        let is_old = |other: &str| other.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'));
        let mut parameters: Vec<_> = self.0.iter().filter(|(other, _)| !is_old(other)).cloned().collect();
        parameters.push((format!("{prefix}.Name"), name.to_owned()));
        let value = |(index, value): (usize, &str)| (format!("{prefix}.Value.{}", index + 1), value.to_owned());
        parameters.extend(values.into_iter().enumerate().map(value));
        Form(parameters)
    }

    /// The prefix of the parameters of a filter, e.g. `Filter.2`.
    fn filter_prefix(&self, name: &str) -> Option<&str> {
        let is_its_name = |other: &str, value: &str| other.starts_with("Filter.") && value == name;
        let named = self.0.iter().find(|(other, value)| other.ends_with(".Name") && is_its_name(other, value));
        named.and_then(|(other, _)| other.strip_suffix(".Name"))
    }

    /// The form without a parameter.
    pub fn without(&self, name: &str) -> Self {
        Form::new(self.0.iter().filter(|(other, _)| other != name).cloned())
    }
}

impl IntoIterator for Form {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
