//! The tokens of one wait: the current one, and those that a reply may still repeat.

use zeroize::Zeroizing;

use crate::text::Token;

/// How many tokens are remembered. A wait lasts a day at most and a token lives about an hour, so it needs fewer.
const REMEMBERED: usize = 32;

#[derive(Default)]
pub(super) struct Tokens {
    /// The newest is last, and the current one.
    all: Vec<Zeroizing<String>>,
    /// The current one has not been sent.
    is_new: bool,
}

impl Tokens {
    /// The current one.
    pub(super) fn current(&self) -> Option<&str> {
        self.all.last().map(|token| token.as_str())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn has_new(&self) -> bool {
        self.is_new
    }

    pub(super) fn replace(&mut self, token: Token<'_>) {
        if self.is_new {
            self.all.pop();
        }
        self.all.retain(|known| **known != token.as_str());
        if self.all.len() == REMEMBERED {
            self.all.remove(0);
        }
        self.all.push(token.wiped_copy());
        self.is_new = true;
    }

    /// Sends the current token. All tokens that were sent before are taken out of what the reply says.
    pub(super) fn send<T>(&mut self, send: impl FnOnce(Token<'_>) -> T) -> T {
        self.is_new = false;
        let (current, earlier) = self.all.split_last().expect("a call without a token sends nothing");
        send(Token::checked(current).after(earlier)) // when it was handed in
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
        let mut tokens = Tokens::default();
        tokens.replace(Token::new("token-number-00").unwrap());
        let all = [0, 1, 2].map(token).join(" ");
        assert_eq!(redacted(&mut tokens, &all), "[token] token-number-01 token-number-02");
        tokens.replace(Token::new(&token(1)).unwrap());
        tokens.replace(Token::new(&token(2)).unwrap());
        for _ in 0..2 {
            assert_eq!(redacted(&mut tokens, &all), "[token] token-number-01 [token]");
        }
        tokens.replace(Token::new(&token(0)).unwrap());
        assert_eq!(redacted(&mut tokens, &all), "[token] token-number-01 [token]");
    }

    #[test]
    fn the_oldest_tokens_are_forgotten() {
        let mut tokens = Tokens::default();
        tokens.replace(Token::new("token-number-00").unwrap());
        for number in 0..=REMEMBERED {
            tokens.replace(Token::new(&token(number)).unwrap());
            tokens.send(|_| ());
        }
        assert_eq!(redacted(&mut tokens, &[0, 1].map(token).join(" ")), "token-number-00 [token]");
    }
}
