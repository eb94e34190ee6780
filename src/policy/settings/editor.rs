//! A document that is compared and changed member by member: its unknown parts stay as they came.

use serde_json::{Map, Value, json};

use super::document::{Area, Comparison, Difference, Row, Unreadable};

/// How a switch is shown: in the manifest's words.
#[derive(Debug, Clone, Copy)]
pub(super) enum Words {
    Boolean,
    Access,
}

impl Words {
    pub(super) fn of(self, value: bool) -> String {
        match (self, value) {
            (Self::Boolean, value) => value.to_string(),
            (Self::Access, true) => "allowed".to_owned(),
            (Self::Access, false) => "restricted".to_owned(),
        }
    }
}

/// A document that is being compared and changed.
pub(super) struct Editor {
    area: Area,
    document: Value,
    /// The member that contains the switches; `None` is the document itself.
    inside: Option<&'static str>,
    rows: Vec<Row>,
    pub(super) obstacles: Vec<String>,
}

impl Editor {
    pub(super) fn new(area: Area, observed: &Value) -> Result<Self, Unreadable> {
        let editor = Self { area, document: observed.clone(), inside: None, rows: Vec::new(), obstacles: Vec::new() };
        if observed.is_object() { Ok(editor) } else { Err(editor.unreadable("it is not an object")) }
    }

    pub(super) fn unreadable(&self, what: &str) -> Unreadable {
        Unreadable { area: self.area, what: what.to_owned() }
    }

    /// Enters a member that is an object, or creates it if it is missing.
    pub(super) fn object(&mut self, member: &'static str) -> Result<&mut Self, Unreadable> {
        match &self.document[member] {
            Value::Object(_) => {}
            Value::Null => self.document[member] = Value::Object(Map::new()),
            _ => return Err(self.unreadable(&format!("{member} is not an object"))),
        }
        self.inside = Some(member);
        Ok(self)
    }

    /// Compares and sets a switch. One that is neither shown nor in the manifest cannot be left out of what is sent.
    pub(super) fn switch(
        &mut self,
        member: &str,
        setting: &str,
        wanted: Option<bool>,
        words: Words,
    ) -> Result<(), Unreadable> {
        let inside = self.inside;
        let place = match inside {
            Some(inside) => &self.document[inside][member],
            None => &self.document[member],
        };
        let current = match place {
            Value::Bool(value) => Some(*value),
            Value::Null => None,
            _ => return Err(self.unreadable(&format!("{member} is not true or false"))),
        };
        match (wanted, current) {
            (None, Some(_)) => {}
            (None, None) => self.needs(setting),
            (Some(wanted), current) => {
                self.row(setting, current.map(|value| words.of(value)), Some(words.of(wanted)));
                match inside {
                    Some(inside) => self.document[inside][member] = json!(wanted),
                    None => self.document[member] = json!(wanted),
                }
            }
        }
        Ok(())
    }

    pub(super) fn needs(&mut self, setting: &str) {
        self.obstacles.push(format!(
            "Docker Hub shows no {setting} and accepts no change without one: write {setting} under policy.{}",
            self.area.key()
        ));
    }

    /// A list of objects; empty if it is missing.
    pub(super) fn list(&self, member: &str) -> Result<Vec<Value>, Unreadable> {
        match &self.document[member] {
            Value::Array(entries) if entries.iter().all(Value::is_object) => Ok(entries.clone()),
            Value::Null => Ok(Vec::new()),
            _ => Err(self.unreadable(&format!("{member} is not a list of objects"))),
        }
    }

    pub(super) fn set_list(&mut self, member: &str, list: Vec<Value>) {
        self.document[member] = Value::Array(list);
    }

    pub(super) fn boolean(&self, entry: &Value, member: &str, list: &str) -> Result<bool, Unreadable> {
        entry[member].as_bool().ok_or_else(|| self.unreadable(&format!("{member} in {list} is not true or false")))
    }

    pub(super) fn row(&mut self, setting: &str, current: Option<String>, wanted: Option<String>) {
        let state = if current == wanted { Comparison::Same } else { Comparison::Different };
        self.rows.push(Row { area: self.area, setting: setting.to_owned(), current, wanted, state });
    }

    /// Adds a row for a registry that nobody may pull from any longer.
    pub(super) fn gone(&mut self, setting: &str, current: String) {
        self.row(setting, Some(current), None);
    }

    /// Adds a row for a registry that is not listed yet.
    pub(super) fn missing(&mut self, setting: &str, wanted: String) {
        self.row(setting, Some("not listed".to_owned()), Some(wanted));
    }

    pub(super) fn unknown(&mut self, setting: &str, wanted: String) {
        self.rows.push(Row {
            area: self.area,
            setting: setting.to_owned(),
            current: None,
            wanted: Some(wanted),
            state: Comparison::Unknown,
        });
    }

    pub(super) fn done(self) -> Difference {
        Difference { rows: self.rows, document: self.document, obstacles: self.obstacles }
    }
}
