//! Gets tokens for an application that runs unattended.

mod assertion;
mod certificate;
mod challenge_file;
mod choice;
mod refusal;

const _: fn() = || {
    let _ = certificate::Certificate::read;
    let _ = assertion::assertion;
    let _ = challenge_file::read_key;
    let _ = choice::platform(|_| None);
    if let Ok(choice::Choice { source, authority, reason }) = choice::choose(|_| None) {
        use choice::{Platform, Source};
        let _ = (authority, reason);
        match source {
            Source::Secret { tenant, client_id, secret } => drop((tenant, client_id, secret)),
            Source::Certificate { tenant, client_id, file, with_chain } => {
                drop((tenant, client_id, file, with_chain));
            }
            Source::WorkloadIdentity { tenant, client_id, token_file } => {
                drop((tenant, client_id, token_file));
            }
            Source::ManagedIdentity { platform, client_id } => match (platform, client_id) {
                (Platform::AppService { endpoint, header }, id) => drop((endpoint, header, id)),
                (Platform::Arc { endpoint }, id) => drop((endpoint, id)),
                (Platform::Imds { host }, id) => drop((host, id)),
            },
        }
    }
    let _ = (refusal::Refusal::read, refusal::Refusal::advice);
};
