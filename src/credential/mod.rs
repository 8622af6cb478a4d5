//! Gets tokens for an application that runs unattended.

mod assertion;
mod certificate;

const _: () = {
    let _ = certificate::Certificate::read;
    let _ = assertion::assertion;
};
