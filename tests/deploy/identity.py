"""An OpenID provider on loopback with one account, for the sign-in of a Space as it really runs."""

import secrets
import time
from contextlib import contextmanager
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from ..served import served

CLIENT = {"OAUTH_CLIENT_ID": "client-of-the-space", "OAUTH_CLIENT_SECRET": "canary-client-secret"}
ACCOUNT = "64f0c0ffee"


class Provider:
    """`who` is the account that signs in next."""

    def __init__(self):
        self.who = ACCOUNT
        self.url = ""
        self._key = RSAKey.generate_key(2048, {"kid": "one"})
        self._nonces = {}

    def routes(self):
        return [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/keys", self.keys),
        ]

    async def configuration(self, request):
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def authorize(self, request):
        code = secrets.token_hex(8)
        self._nonces[code] = request.query_params.get("nonce")
        back = request.query_params["redirect_uri"]
        answer = urlencode({"code": code, "state": request.query_params["state"]})
        return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{answer}")

    async def token(self, request):
        form = await request.form()
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT["OAUTH_CLIENT_ID"],
            "sub": self.who,
            "nonce": self._nonces.pop(form["code"]),
            "iat": now,
            "exp": now + 3600,
            "name": "Some Body",
            "preferred_username": "somebody",
            "profile": "https://hub.test/somebody",
            "picture": "https://hub.test/somebody.png",
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self._key)
        return JSONResponse(
            {"access_token": "canary-access", "token_type": "bearer", "expires_in": 3600, "id_token": signed}
        )

    async def keys(self, request):
        return JSONResponse({"keys": [self._key.as_dict(private=False, alg="RS256", use="sig")]})


@contextmanager
def identity_provider():
    provider = Provider()
    with served(provider.routes()) as provider.url:
        yield provider
