//! What the commands of one run passed on, and which of it represents the run.

use serde::Serialize;

use super::access::{Access, Script};
use super::approval::Approval;
use super::approved::ApprovalRecord;
use super::audit::Audit;
use super::catalog::Cataloged;
use super::comparison::Compared;
use super::doctor::Doctor;
use super::explain::Explanation;
use super::import::Import;
use super::init::Init;
use super::json::Document;
use super::rows::{Check, Diagnostics, Failed, Finding, Notices, Outcome, Plan};
use super::scan::Scan;
use super::settings::Settings;
use super::sign_in::SignIn;
use super::usage::Usage;

#[derive(Default)]
pub(super) struct Results {
    pub(super) plan: Option<Plan>,
    pub(super) outcome: Option<Outcome>,
    pub(super) approval: Option<Approval>,
    pub(super) approved: Option<ApprovalRecord>,
    pub(super) check: Option<Check>,
    pub(super) explanation: Option<Explanation>,
    pub(super) audit: Option<Audit>,
    pub(super) settings: Option<Settings>,
    pub(super) sign_in: Option<SignIn>,
    pub(super) access: Option<Access>,
    pub(super) usage: Option<Usage>,
    pub(super) import: Option<Import>,
    pub(super) init: Option<Init>,
    pub(super) catalog: Option<Cataloged>,
    pub(super) script: Option<Script>,
    pub(super) doctor: Option<Doctor>,
    pub(super) compared: Option<Compared>,
    pub(super) scan: Option<Scan>,
    pub(super) diagnostics: Option<Diagnostics>,
}

impl Results {
    /// The run's document: the strongest of what was passed on.
    pub(super) fn document(&self) -> Document {
        if let Some(init) = &self.init {
            return Document::Init(init.clone());
        }
        if let Some(doctor) = &self.doctor {
            let Diagnostics { diagnostics, omitted } = self.diagnostics.clone().unwrap_or_default();
            return Document::Doctor(Doctor { diagnostics, omitted, ..doctor.clone() });
        }
        let strongest_first = [
            self.diagnostics.clone().map(Document::Diagnostics),
            self.check.clone().map(Document::Check),
            self.approval.clone().map(Document::Approval),
            self.approved.clone().map(|record| Document::Approved(Box::new(record))),
            self.outcome.clone().map(Document::Outcome),
            self.plan.clone().map(Document::Plan),
            self.explanation.clone().map(Document::Explanation),
            self.audit.clone().map(Document::Audit),
            self.settings.clone().map(Document::Settings),
            self.sign_in.clone().map(Document::SignIn),
            self.access.clone().map(Document::Access),
            self.usage.clone().map(Document::Usage),
            self.import.clone().map(Document::Import),
            self.catalog.clone().map(Document::Catalog),
            self.compared.as_ref().map(|compared| Document::Difference(Box::new(compared.document()))),
            self.scan.clone().map(Document::Scan),
            self.script.clone().map(Document::Script),
        ];
        strongest_first.into_iter().flatten().next().unwrap_or(Document::Nothing {})
    }

    /// What code scanning reads.
    pub(super) fn sarif(&self) -> Option<serde_json::Value> {
        let audit = self.audit.as_ref().map(super::audit::sarif::document);
        audit.or_else(|| self.scan.as_ref().map(super::scan::sarif::document))
    }

    /// What failed and what was found: from the check, otherwise from what was done, otherwise from the plan.
    pub(super) fn rows(&self) -> (Vec<Failed>, Vec<Finding>) {
        if let Some(audit) = &self.audit {
            return (audit.failed.clone(), audit.drifting());
        }
        if let Some(settings) = &self.settings {
            return (settings.failures(), settings.findings());
        }
        if let Some(access) = &self.access {
            return (Vec::new(), access.findings());
        }
        if let Some(doctor) = &self.doctor {
            return (Vec::new(), doctor.findings());
        }
        if let Some(usage) = &self.usage {
            return (usage.failed.clone(), Vec::new());
        }
        if let Some(catalog) = &self.catalog {
            return (catalog.failed.clone(), Vec::new());
        }
        match (&self.check, &self.outcome, &self.plan) {
            (Some(check), ..) => (check.failed.clone(), check.findings.clone()),
            (None, Some(outcome), _) => (outcome.failed.clone(), outcome.drift.clone()),
            (None, None, Some(plan)) => (plan.failed.clone(), Vec::new()),
            (None, None, None) => (self.explanation.as_ref().map(|e| e.failed.clone()).unwrap_or_default(), Vec::new()),
        }
    }

    /// What rules leave out: from what was done, otherwise from the plan.
    pub(super) fn notices(&self) -> Notices {
        let done = self.outcome.as_ref().map(|outcome| &outcome.notices);
        done.or(self.plan.as_ref().map(|plan| &plan.notices)).cloned().unwrap_or_default()
    }

    pub(super) fn outputs(&self) -> Vec<(&'static str, String)> {
        let (failed, drift) = self.rows();
        let mut done = self.outcome.clone().unwrap_or_default();
        if let Some(approval) = &self.approval {
            done.proposals.extend(approval.proposals.clone());
            done.changed |= approval.changed;
        }
        let kept = self.audit.as_ref().is_some_and(Audit::changed);
        let rewritten = self.scan.as_ref().is_some_and(Scan::changed);
        let changed = done.changed || kept || rewritten || self.settings.as_ref().is_some_and(|s| s.changed);
        let matrix = self.plan.as_ref().and_then(|plan| plan.matrix.as_ref()).map(json);
        let mut outputs = vec![
            ("proposals", json(&done.proposals)),
            ("promoted", json(&done.promoted)),
            ("failed", json(&failed)),
            ("drift", json(&drift)),
            ("changed", changed.to_string()),
        ];
        outputs.extend(matrix.map(|matrix| ("matrix", matrix)));
        outputs
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
