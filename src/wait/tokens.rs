//! The tokens of one wait: the current one, and those that a reply may still repeat.

use zeroize::Zeroizing;

use crate::text::Token;

/// How many tokens are remembered. A wait lasts a day at most and a token lives about an hour, so it needs fewer.
const REMEMBERED: usize = 32;

pub(super) struct Tokens {
    current: Zeroizing<String>,
    /// The newest is last.
    sent: Vec<Zeroizing<String>>,
}

impl Tokens {
    pub(super) fn new(token: Token<'_>) -> Tokens {
        Tokens { current: token.wiped_copy(), sent: Vec::new() }
    }

    pub(super) fn replace(&mut self, token: Zeroizing<String>) {
        self.current = token;
    }

    /// Sends the current token. All tokens that were sent before are taken out of what the reply says.
    pub(super) fn send<T>(&mut self, send: impl FnOnce(Token<'_>) -> T) -> T {
        if !self.sent.contains(&self.current) {
            self.sent.push(self.current.clone());
        }
        if self.sent.len() > REMEMBERED {
            self.sent.remove(0);
        }
        let earlier = self.sent.iter().filter(|token| **token != self.current);
        let earlier: Vec<_> = earlier.map(|token| token.as_str()).collect();
        send(Token::new(&self.current).expect("checked when it was handed in").after(&earlier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(number: usize) -> String {
        format!("token-number-{number:02}")
    }

    fn redacted(tokens: &mut Tokens, text: &str) -> String {
        tokens.send(|token| token.redact(text))
    }

    #[test]
    fn a_reply_may_repeat_each_token_that_was_sent_and_no_other() {
        let mut tokens = Tokens::new(Token::new("token-number-00").unwrap());
        let all = [0, 1, 2].map(token).join(" ");
        assert_eq!(redacted(&mut tokens, &all), "[token] token-number-01 token-number-02");
        tokens.replace(Zeroizing::new(token(1)));
        tokens.replace(Zeroizing::new(token(2)));
        for _ in 0..2 {
            assert_eq!(redacted(&mut tokens, &all), "[token] token-number-01 [token]");
        }
        tokens.replace(Zeroizing::new(token(0)));
        assert_eq!(redacted(&mut tokens, &all), "[token] token-number-01 [token]");
    }

    #[test]
    fn the_oldest_tokens_are_forgotten() {
        let mut tokens = Tokens::new(Token::new("token-number-00").unwrap());
        for number in 0..=REMEMBERED {
            tokens.replace(Zeroizing::new(token(number)));
            tokens.send(|_| ());
        }
        assert_eq!(redacted(&mut tokens, &[0, 1].map(token).join(" ")), "token-number-00 [token]");
    }
}
