//! Reads certificates, and CA files with any number of them. Pure: no file is opened here.

pub(crate) mod bundle;
pub(crate) mod pem;
pub(crate) mod x509;
