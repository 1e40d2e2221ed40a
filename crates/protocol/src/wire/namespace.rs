//! Whose paths a request is under: the protocol's, or ours beyond it.

/// Which interface an activity or query belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Namespace {
    /// Turnkey's public API.
    #[default]
    Turnkey,
    /// What this server offers beyond it.
    Keyward,
}

impl Namespace {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Turnkey, Self::Keyward];

    /// The beginning of its paths, without slashes around it: `<this>/submit/<route>` and
    /// `<this>/query/<route>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Turnkey => "public/v1",
            Self::Keyward => "keyward/v1",
        }
    }
}
