//! Gets tokens for an application that runs unattended.

mod assertion;
mod certificate;
mod refusal;

const _: () = {
    let _ = certificate::Certificate::read;
    let _ = assertion::assertion;
    let _ = (refusal::Refusal::read, refusal::Refusal::advice);
};
