//! The tenants. Each is a service of the emulator's, with a token of its own.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Reply, Service};
use chrono::{DateTime, Utc};

use crate::request::Request;

pub(crate) struct Tenants {
    services: Vec<Service>,
    /// Answers whoever has no tenant's token.
    stranger: Service,
}

impl Tenants {
    /// Each line of the file is a tenant: how many milliseconds its syncs take.
    pub(crate) fn read(path: &Path) -> Result<Tenants, Box<dyn Error>> {
        let now = Utc::now();
        let services = std::fs::read_to_string(path)?
            .lines()
            .map(|line| Ok(service(Duration::from_millis(line.parse()?), Access::Full, now)))
            .collect::<Result<_, Box<dyn Error>>>()?;
        Ok(Tenants { services, stranger: service(Duration::ZERO, Access::Invalid, now) })
    }

    pub(crate) fn answer(&mut self, request: &Request<'_>) -> Reply {
        let number = tenant(request.token);
        let known = number.and_then(|number| self.services.get_mut(number));
        known.unwrap_or(&mut self.stranger).request(request.method, request.path, request.token, Utc::now())
    }
}

/// A service whose syncs run from the answer to a trigger on.
fn service(sync: Duration, access: Access, now: DateTime<Utc>) -> Service {
    let behaviour = Behaviour { duration: sync, start_delay: Duration::ZERO, ..Behaviour::default() };
    Service::new(behaviour, access, now)
}

/// The number of the tenant whose token this is: `eyJ0.NUMBER.` and more.
fn tenant(token: &str) -> Option<usize> {
    token.strip_prefix("eyJ0.")?.split_once('.')?.0.parse().ok()
}
