//! Gets tokens for an application that runs unattended.

mod assertion;
mod certificate;
mod challenge_file;
mod refusal;

const _: () = {
    let _ = certificate::Certificate::read;
    let _ = assertion::assertion;
    let _ = challenge_file::read_key;
    let _ = (refusal::Refusal::read, refusal::Refusal::advice);
};
