//! Reads the output of a step like the Actions runner, line by line.

/// A stream as interpreted by the runner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// What people see: lines that are not commands, and titles of groups.
    pub shown: Vec<String>,
    pub groups: Vec<String>,
    pub masks: Vec<String>,
    /// Errors, warnings and notices, as they were written.
    pub annotations: Vec<String>,
    /// The JSON document between stop-commands, if there is one.
    pub document: Option<String>,
    open: Option<String>,
    stopped: Option<String>,
}

impl Log {
    /// Reads a whole stream.
    ///
    /// # Errors
    /// The first line at which the runner would not do what was meant: nested groups, a mask where commands are
    /// stopped, a secret shown before its mask, a command that is not one of ours, something left open at the end.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut log = Self::default();
        for line in text.lines() {
            log.line(line).map_err(|fault| format!("{fault}: {line}"))?;
        }
        match (&log.open, &log.stopped) {
            (None, None) => Ok(log),
            left => Err(format!("left open: {left:?}")),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(token) = &self.stopped {
            if line.trim() == format!("::{token}::") {
                self.stopped = None;
            } else if line.starts_with("::add-mask::") {
                return Err("a mask where nothing is obeyed".to_owned());
            } else {
                self.document = Some(line.to_owned()).filter(|line| line.starts_with('{')).or(self.document.take());
                self.shown.push(line.to_owned());
            }
            return Ok(());
        }
        let command = line.trim_start().strip_prefix("::").and_then(|rest| rest.split_once("::"));
        match command {
            Some((head, value)) => self.obey(line, head.split(' ').next().unwrap_or_default(), value),
            None if line.contains("##[") => Err("a command of the older kind".to_owned()),
            None => {
                self.shown.push(line.to_owned());
                Ok(())
            }
        }
    }

    fn obey(&mut self, line: &str, name: &str, value: &str) -> Result<(), String> {
        match name {
            "group" if self.open.is_some() => return Err(format!("a group in {:?}", self.open)),
            "group" => {
                self.open = Some(value.to_owned());
                self.groups.push(value.to_owned());
                self.shown.push(value.to_owned());
            }
            "endgroup" => drop(self.open.take().ok_or("no group is open")?),
            "add-mask" => {
                if self.shown.iter().chain(&self.annotations).any(|shown| shown.contains(value)) {
                    return Err("it was shown before".to_owned());
                }
                self.masks.push(value.to_owned());
            }
            "stop-commands" => self.stopped = Some(value.to_owned()),
            "error" | "warning" | "notice" => self.annotations.push(line.to_owned()),
            _ => return Err("a command that is not ours".to_owned()),
        }
        Ok(())
    }
}
