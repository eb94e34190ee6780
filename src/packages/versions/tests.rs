use std::cmp::Ordering::{self, Equal, Greater, Less};

use proptest::prelude::{Strategy, any, prop, proptest};

use super::compare;

/// Pairs with their order, as the ecosystems' own tools tell it.
const KNOWN: &[(&str, &str, &str, Ordering)] = &[
    ("deb", "1:1.0-1", "2.0-1", Greater),
    ("deb", "1.0~rc1-1", "1.0-1", Less),
    ("deb", "1.0~~", "1.0~", Less),
    ("deb", "1.0-1", "1.0-1+b1", Less),
    ("deb", "1.0-1", "1.0-1.1", Less),
    ("deb", "3.0.11-1~deb12u1", "3.0.11-1~deb12u2", Less),
    ("deb", "3.0.9-1", "3.0.11-1", Less),
    ("deb", "2.36-9+deb12u9", "2.36-9+deb12u10", Less),
    ("deb", "1.2.3", "1.2.3-0", Equal),
    ("deb", "0:1.0", "1.0", Equal),
    ("deb", "1.0a", "1.0+", Less),
    ("deb", "1.09", "1.9", Equal),
    ("deb", "7.88.1-10+deb12u5", "7.88.1-10+deb12u5", Equal),
    ("deb", "1.0", "1.0a", Less),
    ("deb", "99999999999999999999999", "100000000000000000000000", Less),
    ("apk", "1.2.3-r0", "1.2.3-r1", Less),
    ("apk", "1.2.3-r9", "1.2.3-r10", Less),
    ("apk", "1.2.3", "1.2.3-r0", Less),
    ("apk", "1.2", "1.2.0", Less),
    ("apk", "1.2_alpha1", "1.2_beta1", Less),
    ("apk", "1.2_rc1", "1.2", Less),
    ("apk", "1.2_pre2", "1.2_rc1", Less),
    ("apk", "1.2", "1.2_p1", Less),
    ("apk", "1.2_git20240101", "1.2_p1", Less),
    ("apk", "1.2_cvs1", "1.2_svn1", Less),
    ("apk", "1.2a", "1.2b", Less),
    ("apk", "1.2", "1.2a", Less),
    ("apk", "1.2b", "1.2.1", Less),
    ("apk", "1.05", "1.1", Less),
    ("apk", "3.1.4-r5", "3.1.4-r6", Less),
    ("apk", "9.9", "10.0", Less),
    ("apk", "1.2_rc1_p1", "1.2_rc1", Greater),
    ("rpm", "1.0-1.el9", "1.0-2.el9", Less),
    ("rpm", "1:1.0-1", "2.0-1", Greater),
    ("rpm", "1.0~rc1-1", "1.0-1", Less),
    ("rpm", "1.0^git1-1", "1.0-1", Greater),
    ("rpm", "1.0a", "1.0.1", Less),
    ("rpm", "5.14.0-362.18.1.el9_3", "5.14.0-362.8.1.el9_3", Greater),
    ("npm", "1.2.3", "1.10.0", Less),
    ("npm", "1.0.0-alpha", "1.0.0-alpha.1", Less),
    ("npm", "1.0.0-alpha.1", "1.0.0-alpha.beta", Less),
    ("npm", "1.0.0-beta.2", "1.0.0-beta.11", Less),
    ("npm", "1.0.0-rc.1", "1.0.0", Less),
    ("npm", "1.0.0+a", "1.0.0+b", Equal),
    ("cargo", "0.9.0", "0.10.0", Less),
    ("golang", "v1.2.3", "v1.2.4", Less),
    ("golang", "v1.2.3", "1.2.3", Equal),
    ("golang", "v0.0.0-20230101000000-abcdefabcdef", "v0.0.0-20240101000000-abcdefabcdef", Less),
    ("golang", "v1.2.4-0.20240101000000-abcdefabcdef", "v1.2.4", Less),
    ("golang", "v2.0.0+incompatible", "v2.0.1+incompatible", Less),
    ("golang", "go1.21.5", "go1.22", Less),
    ("nuget", "6.0.0.1", "6.0.0.2", Less),
    ("pypi", "1.0.dev1", "1.0a1", Less),
    ("pypi", "1.0a1.dev1", "1.0a1", Less),
    ("pypi", "1.0a2", "1.0b1", Less),
    ("pypi", "1.0rc1", "1.0", Less),
    ("pypi", "1.0", "1.0.post1", Less),
    ("pypi", "1.0.post1.dev1", "1.0.post1", Less),
    ("pypi", "1.0", "1.0.0", Equal),
    ("pypi", "1.0", "1.0+local.1", Less),
    ("pypi", "1!0.5", "2.0", Greater),
    ("pypi", "2.31.0", "2.4.0", Greater),
    ("pypi", "1.0-1", "1.0.post1", Equal),
    ("pypi", "1.0C1", "1.0rc1", Equal),
    ("pypi", "1.0preview2", "1.0rc2", Equal),
    ("maven", "2.14.1", "2.17.0", Less),
    ("maven", "1.0-SNAPSHOT", "1.0", Less),
    ("maven", "1.0-alpha-1", "1.0-beta-1", Less),
    ("maven", "1.0-rc1", "1.0", Less),
    ("maven", "1.0.Final", "1.0", Equal),
    ("maven", "1.0-jre", "1.0", Greater),
    ("maven", "1.0.1", "1.0-sp1", Greater),
    ("gem", "1.0.0.pre", "1.0.0", Less),
    ("gem", "1.0.a", "1.0.b", Less),
    ("gem", "1.0", "1.0.0", Equal),
    ("gem", "7.0.8", "7.0.10", Less),
    ("gem", "1.0-1", "1.0", Less),
    ("", "1.9", "1.10", Less),
    ("generic", "v1.2", "1.2.1", Less),
];

#[test]
fn known_pairs_have_their_order() {
    for (ecosystem, a, b, order) in KNOWN {
        assert_eq!(compare(ecosystem, a, b), Some(*order), "{ecosystem}: {a} and {b}");
        assert_eq!(compare(ecosystem, b, a), Some(order.reverse()), "{ecosystem}: {b} and {a}");
    }
}

#[test]
fn what_is_no_version_has_no_order() {
    let none = [
        ("apk", "1.2-alpha", "1.2"),
        ("apk", "", "1.2"),
        ("apk", "1.2_late1", "1.2"),
        ("npm", "latest", "1.0.0"),
        ("golang", "(devel)", "v1.0.0"),
        ("pypi", "1.0-final", "1.0"),
        ("gem", "x", "1"),
        ("", "1.0-1", "1.0-2"),
        ("docker", "a", "b"),
    ];
    for (ecosystem, a, b) in none {
        assert_eq!(compare(ecosystem, a, b), None, "{ecosystem}: {a} and {b}");
    }
    assert_eq!(compare("deb", &"1".repeat(257), "1"), None);
}

const ECOSYSTEMS: [&str; 9] = ["deb", "rpm", "apk", "npm", "golang", "pypi", "maven", "gem", "generic"];

/// Short texts of what versions are made of, so that equal and nearly equal ones are common.
fn version() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "0", "1", "9", "10", "01", ".", "-", "~", "_", "+", "^", ":", "a", "rc", "alpha", "_rc1", "_p", "-r1",
        ".post1", ".dev2", "v", "é",
    ]);
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn every_order_is_one(ecosystem in 0..ECOSYSTEMS.len(), a in version(), b in version(), c in version()) {
        let order = |a: &str, b: &str| compare(ECOSYSTEMS[ecosystem], a, b);
        assert_eq!(order(&a, &b), order(&b, &a).map(Ordering::reverse));
        assert!(matches!(order(&a, &a), None | Some(Equal)));
        if let (Some(ab), Some(bc), Some(ac)) = (order(&a, &b), order(&b, &c), order(&a, &c)) {
            if ab == bc || bc == Equal {
                assert_eq!(ac, ab, "{a} {b} {c}");
            }
            if ab == Equal {
                assert_eq!(ac, bc, "{a} {b} {c}");
            }
        }
    }

    #[test]
    fn no_text_makes_it_fail(ecosystem in 0..ECOSYSTEMS.len(), a in any::<String>(), b in any::<String>()) {
        compare(ECOSYSTEMS[ecosystem], &a, &b);
    }
}
