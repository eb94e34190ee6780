//! What a text in HCL consists of.

use crate::diag::Span;
use crate::references::expanded::Expanded;

/// The content of a file or a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::references) struct Body {
    pub(in crate::references) attributes: Vec<Attribute>,
    pub(in crate::references) blocks: Vec<Block>,
}

/// `name = value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) struct Attribute {
    pub(in crate::references) name: String,
    pub(in crate::references) value: Expression,
}

/// `kind "label" { ... }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) struct Block {
    pub(in crate::references) kind: String,
    pub(in crate::references) labels: Vec<String>,
    pub(in crate::references) body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) struct Expression {
    pub(in crate::references) at: Span,
    pub(in crate::references) value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) enum Value {
    /// A string; the span of the expression has its quotes.
    Template(Vec<Part>),
    /// A string of JSON's with escapes in it, and nothing interpolated.
    Text(Expanded),
    /// A number, `true`, `false` or `null`.
    Literal,
    /// A variable.
    Name(String),
    Object(Vec<Member>),
    Tuple(Vec<Expression>),
    /// The two branches of `condition ? yes : no`.
    Conditional(Box<[Expression; 2]>),
    Call {
        function: String,
        arguments: Vec<Expression>,
    },
    /// Arithmetic, comparisons, `for`, members of something.
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) struct Member {
    /// Where it stands as a name or a plain string.
    pub(in crate::references) key: Option<String>,
    pub(in crate::references) value: Expression,
}

/// A piece of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::references) enum Part {
    /// These bytes, as they stand.
    Verbatim(Span),
    Escape {
        at: Span,
        means: String,
    },
    /// `${...}`; the place has the braces.
    Interpolation {
        at: Span,
        value: Expression,
    },
    /// `%{ if ... }` and the like.
    Directive(Span),
}
