//! The pure modules of credentials.

#[path = "../../src/credential/access_token.rs"]
pub(crate) mod access_token;
#[path = "../../src/credential/certificate.rs"]
pub(crate) mod certificate;
#[path = "../../src/credential/challenge_file.rs"]
pub(crate) mod challenge_file;
#[path = "../../src/credential/choice.rs"]
pub(crate) mod choice;
#[path = "../../src/credential/form.rs"]
pub(crate) mod form;
#[path = "../../src/credential/ids.rs"]
pub(crate) mod ids;
#[path = "../../src/credential/line.rs"]
pub(crate) mod line;
#[path = "../../src/credential/platform.rs"]
pub(crate) mod platform;
#[path = "../../src/credential/refusal.rs"]
pub(crate) mod refusal;
#[path = "../../src/credential/token_reply.rs"]
pub(crate) mod token_reply;
