//! The proxy in the settings of Windows, of the machine or of the user.

#[cfg(windows)]
use super::pac_file::PacFile;
use super::proxy_rule::ProxyRule;
use super::proxy_source::ProxySource;
use super::static_proxy::StaticProxy;
#[cfg(windows)]
use super::windows;

/// Used if no variable sets a proxy. Names its settings.
pub(crate) enum SystemProxy {
    #[cfg_attr(not(windows), allow(dead_code, reason = "other systems have none"))]
    Static(&'static str, StaticProxy),
    #[cfg(windows)]
    Pac(&'static str, PacFile),
}

impl SystemProxy {
    /// The machine's static proxy, else the user's PAC file, else the user's static proxy.
    #[cfg(windows)]
    pub(crate) fn of_system() -> Option<SystemProxy> {
        const USER: &str = "the user's proxy settings";
        if let Some((servers, bypass)) = windows::machine_proxy() {
            let proxy = StaticProxy { servers, bypass };
            return Some(SystemProxy::Static("the machine's WinHTTP settings", proxy));
        }
        let (url, servers, bypass) = windows::user_proxy()?;
        if !url.is_empty() {
            return Some(SystemProxy::Pac(USER, PacFile { url }));
        }
        (!servers.is_empty()).then_some(SystemProxy::Static(USER, StaticProxy { servers, bypass }))
    }

    /// Other systems have none.
    #[cfg(not(windows))]
    pub(crate) fn of_system() -> Option<SystemProxy> {
        None
    }

    /// The rule for this host, and who decides that. An error names the settings.
    pub(crate) fn rule_for(&self, host: &str) -> Result<(Option<ProxyRule>, ProxySource), String> {
        match self {
            SystemProxy::Static(settings, proxy) => {
                if let Some(entry) = proxy.exception(host) {
                    return Ok((None, ProxySource::Exception { list: settings, entry: entry.to_owned() }));
                }
                let found =
                    proxy.proxy_for(host).map_err(|error| format!("the proxy of {settings}: {error}"))?;
                Ok((found.map(ProxyRule::Fixed), ProxySource::System(settings)))
            }
            #[cfg(windows)]
            SystemProxy::Pac(settings, file) => {
                Ok((Some(ProxyRule::Pac(file.clone())), ProxySource::System(settings)))
            }
        }
    }
}
