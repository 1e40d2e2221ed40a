"""Every way to log in, and what comes after, through the generated binding against a live server."""

import asyncio
import json
import time
import unittest

import keyward_client_ffi as keyward
from keyward_client_ffi import (
    Account,
    Caller,
    Clock,
    Contact,
    EventKind,
    KeywardError,
    LogIn,
    NewWallet,
    NewWalletAccount,
    OauthFlow,
    OauthProvider,
    SessionKind,
    SignUp,
    SoftwareSigner,
    Vouching,
    WalletKind,
)

import support
from support import (
    SERVER,
    DictStorage,
    Events,
    OwnWallet,
    Passkey,
    SignerStamper,
    advance,
    client,
    code_for,
    config,
    redirect_of,
)

WALLET = json.dumps({"walletName": "Main", "accounts": []})


def or_new(**more):
    return Account.OR_NEW(sign_up=SignUp(**more))


class Flows(unittest.IsolatedAsyncioTestCase):
    async def whoami(self, client, **caller):
        answer = await client.call("whoami", "{}", Caller(**caller) if caller else None)
        return json.loads(answer)

    async def with_passkey(self, storage=None, **more):
        passkey = Passkey()
        made = client(storage, passkeys=passkey, **more)
        session = await made.sign_up_with_passkey(SignUp(user_name="Alice"))
        return made, session, passkey

    async def test_a_passkey_signs_up_and_logs_in(self):
        wallet = NewWallet(
            wallet_name="First",
            accounts=[
                NewWalletAccount(path="m/44'/60'/0'/0/0", address_format="ADDRESS_FORMAT_ETHEREUM")
            ],
        )
        passkey = Passkey()
        app = client(passkeys=passkey)
        session = await app.sign_up_with_passkey(SignUp(user_name="Alice", wallet=wallet))
        self.assertEqual((session.name, session.method), ("default", "passkey"))
        self.assertEqual(session.kind, SessionKind.READ_WRITE)
        self.assertEqual(passkey.uses, 1)
        wallets = json.loads(await app.call("list_wallets", "{}"))["wallets"]
        self.assertEqual([wallet["walletName"] for wallet in wallets], ["First"])

        self.assertTrue((await app.log_out()).ended_on_server)
        self.assertIsNone(await app.session())
        again = await app.log_in_with_passkey(LogIn(session="again", expiration_seconds=300))
        self.assertEqual(again.user_id, session.user_id)
        self.assertEqual((again.name, again.lifetime_seconds), ("again", 300))
        self.assertEqual((await self.whoami(app))["userId"], session.user_id)
        self.assertEqual(app.key_protection(), "secure_storage")

    async def test_a_passkey_that_is_not_used_is_told(self):
        passkey = Passkey()
        app = client(passkeys=passkey)
        with self.assertRaises(KeywardError.UnknownCredential):
            await app.log_in_with_passkey()
        passkey.cancelled = True
        with self.assertRaises(KeywardError.PasskeyCancelled):
            await app.log_in_with_passkey()
        passkey.software = None
        passkey.cancelled = False
        with self.assertRaises(KeywardError.PasskeyFailed):
            await app.log_in_with_passkey()
        with self.assertRaises(KeywardError.NotConfigured) as raised:
            await client().log_in_with_passkey()
        self.assertEqual(raised.exception.what, "passkeys")
        self.assertEqual(await app.sessions(), [])

    async def test_a_code_signs_up_and_logs_in(self):
        contact = Contact.EMAIL(address="otp@example.com")
        for plain in (False, True):
            app = client()
            request = await app.begin_otp(contact, plain)
            with self.assertRaises(KeywardError.InvalidOtpCode):
                await app.complete_otp(request.otp_id, "WRONG", or_new())
            session = await app.complete_otp(request.otp_id, code_for("otp@example.com"), or_new())
            self.assertEqual(session.method, "otp")
            self.assertEqual((await self.whoami(app))["userId"], session.user_id)
            with self.assertRaises(KeywardError.UnknownAttempt):
                await app.complete_otp(request.otp_id, "WRONG", or_new())

    async def test_a_phone_without_account_is_told(self):
        app = client()
        request = await app.begin_otp(Contact.PHONE(number="+15550123456"))
        with self.assertRaises(KeywardError.NoAccount):
            await app.complete_otp(request.otp_id, code_for("+15550123456"), Account.EXISTING())

    async def test_an_identity_provider_signs_up_and_logs_in(self):
        token_endpoint = f"{support.BASE_URL}/dev/oidc/token"
        users = set()
        for flow in (OauthFlow.ID_TOKEN(), OauthFlow.CODE(token_endpoint=token_endpoint)):
            provider = OauthProvider(
                name="dev",
                authorization_endpoint=f"{support.BASE_URL}/dev/oidc/authorize?prompt=none",
                client_id="app",
                redirect_uri="http://localhost:1234/back",
                flow=flow,
            )
            storage = DictStorage()
            request = await client(storage).begin_oauth(provider, LogIn(session="oauth"))
            returned = redirect_of(request.url + "&login_hint=alice%40example.com")
            self.assertIn(request.state, returned)
            # The application was killed while the browser was in front.
            app = client(storage)
            session = await app.complete_oauth(returned, or_new())
            self.assertEqual((session.name, session.method), ("oauth", "oauth"))
            users.add((await self.whoami(app))["userId"])
            refused = await app.begin_oauth(provider)
            with self.assertRaises(KeywardError.ProviderRefused):
                await app.complete_oauth(
                    f"http://localhost:1234/back?error=access_denied&state={refused.state}", or_new()
                )
        self.assertEqual(len(users), 1)

    async def test_a_wallet_signs_up_and_logs_in(self):
        for kind in (WalletKind.ETHEREUM, WalletKind.SOLANA):
            wallet, app = OwnWallet(kind), client()
            with self.assertRaises(KeywardError.UnknownCredential):
                await app.log_in_with_wallet(wallet, Account.EXISTING())
            session = await app.log_in_with_wallet(wallet, or_new(user_name="Wallet"))
            self.assertEqual(session.method, "wallet")
            again = await app.log_in_with_wallet(wallet, Account.EXISTING())
            self.assertEqual(again.user_id, session.user_id)
            self.assertEqual((await self.whoami(app))["userId"], session.user_id)
            reader = await app.log_in_read_only(Vouching.WALLET(wallet=wallet), LogIn(session="r"))
            self.assertEqual(reader.kind, SessionKind.READ_ONLY)

    async def test_an_api_key_logs_in(self):
        app = client()
        session = await app.log_in_with_api_key(SERVER["apiPrivateKey"])
        self.assertEqual(session.method, "api_key")
        self.assertEqual(session.organization_id, SERVER["organizationId"])
        with self.assertRaises(KeywardError.InvalidInput):
            await app.log_in_with_api_key("none")

    async def test_a_stamper_of_the_applications_own_logs_in(self):
        signer = SoftwareSigner(SERVER["apiPrivateKey"])
        stamper, app = SignerStamper(signer), client()
        session = await app.log_in(stamper, "kms")
        self.assertEqual(session.method, "kms")
        self.assertEqual(len(stamper.stamped), 1)
        by = Caller(by=Vouching.STAMPER(stamper=stamper))
        answer = json.loads(await app.call("whoami", "{}", by))
        self.assertEqual(answer["userId"], session.user_id)

        class Broken(keyward.Stamper):
            async def stamp(self, body):
                raise keyward.StamperError.Failed(reason="no network")

        with self.assertRaises(KeywardError.StamperFailed) as raised:
            await app.log_in(Broken())
        self.assertEqual(raised.exception.reason, "no network")

        class Wrong(keyward.Stamper):
            async def stamp(self, body):
                return keyward.Stamp(header="Cookie", value="x")

        with self.assertRaises(KeywardError.StamperFailed):
            await app.log_in(Wrong())

    async def test_a_read_only_session_reads_and_writes_nothing(self):
        app, session, _ = await self.with_passkey()
        reader = await app.log_in_read_only(Vouching.SESSION(name=None), LogIn(session="reader"))
        self.assertEqual(reader.kind, SessionKind.READ_ONLY)
        self.assertEqual((await self.whoami(app))["userId"], session.user_id)
        with self.assertRaises(KeywardError.ReadOnly):
            await app.call("create_wallet", WALLET)
        with self.assertRaises(KeywardError.ReadOnly):
            await app.refresh()
        by = await app.log_in_read_only(Vouching.PASSKEY(), LogIn(session="by passkey"))
        self.assertEqual(by.user_id, session.user_id)
        by = Vouching.API_KEY(private_key=SERVER["apiPrivateKey"])
        parent = await app.log_in_read_only(by, LogIn(session="parent"))
        self.assertEqual(parent.organization_id, SERVER["organizationId"])

    async def test_requests_name_who_asks(self):
        app, session, _ = await self.with_passkey()
        made = json.loads(await app.call("create_wallet", WALLET))
        self.assertTrue(made["walletId"])
        by = Vouching.API_KEY(private_key=SERVER["apiPrivateKey"])
        parent = await self.whoami(app, by=by)
        self.assertEqual(parent["organizationId"], SERVER["organizationId"])
        caller = Caller(by=by, organization_id=session.organization_id)
        wallets = json.loads(await app.call("list_wallets", "{}", caller))["wallets"]
        self.assertEqual(len(wallets), 1)
        self.assertEqual((await self.whoami(app, session="default"))["userId"], session.user_id)
        with self.assertRaises(KeywardError.NotLoggedIn):
            await self.whoami(app, session="nobody")
        with self.assertRaises(KeywardError.InvalidInput):
            await app.call("no_such_route", "{}")
        with self.assertRaises(KeywardError.InvalidInput):
            await app.call("whoami", "no JSON")
        with self.assertRaises(KeywardError.Refused) as raised:
            await app.call("get_wallet", json.dumps({"walletId": "none"}))
        self.assertEqual(raised.exception.refusal.status, 400)
        routes = {route.route: route.submission for route in keyward.routes()}
        self.assertTrue(routes["create_wallet"])
        self.assertFalse(routes["whoami"])

    async def test_sessions_are_refreshed_switched_and_ended(self):
        events = Events()
        app, first, passkey = await self.with_passkey(listener=events)
        refreshed = await app.refresh()
        self.assertNotEqual(refreshed.public_key, first.public_key)
        many = await asyncio.gather(*(app.refresh() for _ in range(5)))
        self.assertEqual(len({session.public_key for session in many}), 1)

        await app.log_in_with_passkey(LogIn(session="second", becomes_active=False))
        self.assertEqual(await app.active(), "default")
        await app.set_active("second")
        self.assertEqual(await app.active(), "second")
        self.assertEqual(sorted(s.name for s in await app.sessions()), ["default", "second"])
        with self.assertRaises(KeywardError.NotLoggedIn):
            await app.set_active("third")

        self.assertTrue((await app.log_out("second")).ended_on_server)
        await app.log_in_with_passkey(LogIn(session="second"))
        elsewhere = client(passkeys=passkey)
        await elsewhere.log_in_with_passkey()
        await app.log_out_everywhere()
        self.assertEqual(await app.sessions(), [])
        with self.assertRaises(KeywardError.SessionRevoked):
            await self.whoami(elsewhere)

        kinds = events.kinds()
        self.assertEqual(kinds[0], EventKind.CREATED)
        self.assertIn(EventKind.REFRESHED, kinds)
        self.assertIn(EventKind.LOGGED_OUT, kinds)
        self.assertIn(EventKind.ACTIVE_CHANGED, events.kinds("second"))

    async def test_a_listener_that_fails_does_no_harm(self):
        class Broken(keyward.EventListener):
            def on_event(self, event):
                raise RuntimeError("a bug of the application")

        app, session, _ = await self.with_passkey(listener=Broken())
        self.assertEqual((await app.session()).user_id, session.user_id)

    async def test_a_restart_finds_the_session(self):
        storage = DictStorage()
        _, session, _ = await self.with_passkey(storage)
        again = client(storage)
        self.assertEqual(await again.session(), session)
        self.assertEqual((await self.whoami(again))["userId"], session.user_id)

    async def test_a_bundle_opens_a_session(self):
        app = client()
        target = await app.begin_bundle()
        parameters = {"targetPublicKey": target.public_key, "apiKeyName": "bundle"}
        by = Vouching.API_KEY(private_key=SERVER["apiPrivateKey"])
        made = await app.call(
            "create_read_write_session", json.dumps(parameters), Caller(by=by)
        )
        bundle = json.loads(made)["credentialBundle"]
        session = await app.complete_bundle(target.public_key, bundle, LogIn(session="bundle"))
        self.assertEqual((session.name, session.method), ("bundle", "bundle"))
        self.assertEqual((await self.whoami(app))["userId"], session.user_id)

    async def test_the_run_loop_tells_expiry_and_refreshes(self):
        class TestClock(Clock):
            def __init__(self):
                self.ahead_ms = 0

            def now_ms(self):
                return int(time.time() * 1000) + self.ahead_ms

        async def until(condition):
            for _ in range(200):
                if condition():
                    return
                await asyncio.sleep(0.05)
            self.fail("it did not happen")

        clock, events, quiet = TestClock(), Events(), Events()
        clock.ahead_ms = int(support.fetch("/dev/clock")["timestampMs"]) - clock.now_ms()
        app, _, passkey = await self.with_passkey(listener=events, clock=clock)
        still = keyward.KeywardClient(
            config(refreshes=False), DictStorage(), passkey, quiet, clock=clock
        )
        await still.log_in_with_passkey()
        for each in (app, still):
            await each.start()
            await each.start()
        advance(850)
        clock.ahead_ms += 850_000
        await until(lambda: EventKind.REFRESHED in events.kinds())
        await until(lambda: EventKind.ABOUT_TO_EXPIRE in quiet.kinds())
        advance(60)
        clock.ahead_ms += 60_000
        await until(lambda: EventKind.EXPIRED in quiet.kinds())
        self.assertNotIn(EventKind.EXPIRED, events.kinds())
        app.stop()
        app.stop()
        app.wake()
        still.stop()

    async def test_time_and_tokens(self):
        app = client()
        self.assertLess(abs(await app.sync_time() - app.now_ms()), 5_000)
        known = support.fetch("/.well-known/keyward.json")
        notarizer = known["notarizerPublicKey"]
        self.assertIsNone(keyward.verify_session_token("not.a.token", notarizer))
        with self.assertRaises(KeywardError.InvalidInput):
            keyward.verify_session_token("not.a.token", "no key")

        signer = SoftwareSigner(SERVER["apiPrivateKey"])
        fresh = SoftwareSigner("11" * 32)
        parameters = json.dumps({"publicKey": fresh.public_key()})
        caller = Caller(by=Vouching.STAMPER(stamper=SignerStamper(signer)))
        token = json.loads(await app.call("stamp_login", parameters, caller))["session"]
        claims = keyward.verify_session_token(token, notarizer)
        self.assertEqual(claims.public_key, fresh.public_key())
        self.assertEqual(claims.organization_id, SERVER["organizationId"])
        self.assertIsNone(keyward.verify_session_token(token, signer.public_key()))

    async def test_a_transport_of_the_applications_own_is_used(self):
        class Down(keyward.Transport):
            async def send(self, request):
                raise keyward.TransportError.TimedOut()

        with self.assertRaises(KeywardError.Offline):
            await client(transport=Down()).log_in_with_api_key(SERVER["apiPrivateKey"])

        class Own(keyward.Transport):
            def __init__(self):
                self.paths = []

            async def send(self, request):
                self.paths.append(request.url.removeprefix(support.BASE_URL))
                return await asyncio.to_thread(self.exchange, request)

            def exchange(self, request):
                import urllib.request

                headers = {header.name: header.value for header in request.headers}
                sent = urllib.request.Request(
                    request.url, request.body or None, headers, method=request.method
                )
                with urllib.request.urlopen(sent, timeout=30) as answer:
                    headers = [keyward.Header(name=n, value=v) for n, v in answer.headers.items()]
                    body = answer.read()
                    return keyward.HttpResponse(status=answer.status, headers=headers, body=body)

        own = Own()
        app = client(transport=own)
        await app.log_in_with_api_key(SERVER["apiPrivateKey"])
        await self.whoami(app)
        self.assertEqual(
            own.paths, ["/public/v1/submit/stamp_login", "/public/v1/query/whoami"]
        )


if __name__ == "__main__":
    unittest.main()
