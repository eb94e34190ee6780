//! Kubernetes' kinds: which of them run images, and which are somebody else's.

/// What a resource is, by its API version and kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It runs Pods: the keys to their specification.
    Pods(&'static [&'static str]),
    /// Kubernetes' own, and runs none.
    Other,
    /// A custom resource.
    Custom,
    /// It has no kind.
    Unnamed,
}

impl Standing {
    pub(super) fn of(api_version: Option<&str>, kind: Option<&str>) -> Self {
        let Some(kind) = kind else { return Self::Unnamed };
        let group = api_version.and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
        if !is_own(group) {
            return Self::Custom;
        }
        match (group, kind) {
            ("", "Pod") => Self::Pods(&["spec"]),
            ("", "ReplicationController") => Self::Pods(&["spec", "template", "spec"]),
            ("", "PodTemplate") => Self::Pods(&["template", "spec"]),
            ("" | "apps" | "extensions", "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet")
            | ("" | "batch", "Job") => Self::Pods(&["spec", "template", "spec"]),
            ("" | "batch", "CronJob") => Self::Pods(&["spec", "jobTemplate", "spec", "template", "spec"]),
            // `v1` is also where other programs' kinds stood before they had groups, as OpenShift's templates do.
            ("", kind) if !CORE.contains(&kind) => Self::Custom,
            _ => Self::Other,
        }
    }
}

/// The kinds of the core group that run no Pods, and those of other groups that patches name without their version.
const CORE: [&str; 17] = [
    "Binding",
    "ComponentStatus",
    "ConfigMap",
    "Endpoints",
    "Event",
    "Ingress",
    "LimitRange",
    "List",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
    "Status",
];

/// Whether a group of the API is Kubernetes' own; a kind without a version, as in some patches, counts as one of them.
fn is_own(group: &str) -> bool {
    matches!(
        group,
        "" | "apps"
            | "autoscaling"
            | "batch"
            | "extensions"
            | "policy"
            | "admissionregistration.k8s.io"
            | "apiextensions.k8s.io"
            | "apiregistration.k8s.io"
            | "authentication.k8s.io"
            | "authorization.k8s.io"
            | "certificates.k8s.io"
            | "coordination.k8s.io"
            | "discovery.k8s.io"
            | "events.k8s.io"
            | "flowcontrol.apiserver.k8s.io"
            | "internal.apiserver.k8s.io"
            | "networking.k8s.io"
            | "node.k8s.io"
            | "rbac.authorization.k8s.io"
            | "resource.k8s.io"
            | "scheduling.k8s.io"
            | "storage.k8s.io"
            | "storagemigration.k8s.io"
    )
}
