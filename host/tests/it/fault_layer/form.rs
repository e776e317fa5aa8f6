//! The parameters of a request, as EC2's query protocol carries them.

/// A form: names and values, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A form with these parameters.
    pub fn new(parameters: impl IntoIterator<Item = (String, String)>) -> Self {
        Form(parameters.into_iter().collect())
    }

    /// Reads the body of a request.
    pub fn from_body(body: &[u8]) -> Self {
        Form(form_urlencoded::parse(body).into_owned().collect())
    }

    /// The body of a request.
    pub fn to_body(&self) -> Vec<u8> {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish().into_bytes()
    }

    /// The action; empty when the request names none.
    pub fn action(&self) -> &str {
        self.get("Action").unwrap_or_default()
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The values of a list, as in `InstanceId` for `InstanceId.1`, `InstanceId.2` …
    pub fn list(&self, name: &str) -> Vec<&str> {
        let is_in_list = |other: &str| other.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        self.0.iter().filter(|(other, _)| is_in_list(other)).map(|(_, value)| value.as_str()).collect()
    }

    /// The instance ids that the request names.
    pub fn instance_ids(&self) -> Vec<&str> {
        self.list("InstanceId")
    }

    /// Whether the request names instances by id: the looks of a wait do, the search by a tag does not.
    pub fn names_instances(&self) -> bool {
        !self.instance_ids().is_empty()
    }

    /// The form with other instance ids, for another action perhaps.
    pub fn for_instances(&self, action: &str, ids: &[&str]) -> Self {
        let version = self.get("Version").unwrap_or_default();
        let head = [("Action", action), ("Version", version)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let ids = ids.iter().enumerate().map(|(index, id)| (format!("InstanceId.{}", index + 1), (*id).to_owned()));
        Form::new(head.into_iter().chain(ids))
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
