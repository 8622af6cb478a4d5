"""Prints the claims of an application's assertion, if the key of its certificate has signed it.

    assertion.py CERTIFICATE AUDIENCE <ASSERTION

PyJWT and cryptography come with azure-identity.
"""

import json
import sys
from pathlib import Path

import jwt
from cryptography import x509

certificate, audience = sys.argv[1:]
key = x509.load_pem_x509_certificate(Path(certificate).read_bytes()).public_key()
required = ["exp", "iat", "nbf", "jti", "sub", "iss", "aud"]
try:
    claims = jwt.decode(
        sys.stdin.read(), key, algorithms=["PS256"], audience=audience, options={"require": required}
    )
    print(json.dumps(claims))
except jwt.InvalidTokenError as error:
    print(type(error).__name__)
