"""What the tests share: storages, a passkey, wallets, and the development server."""

import hashlib
import json
import os
import pathlib
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

from keyward_client_ffi import (
    AuthProxy,
    Config,
    EventListener,
    KeywardClient,
    PasskeyError,
    Passkeys,
    SecureStorage,
    SoftwarePasskey,
    SoftwareWallet,
    Stamper,
    StorageError,
    StoryServer,
    Wallet,
    make_api_key_stamp,
)

SERVER = json.loads(os.environ["KEYWARD_TEST_SERVER"])
BASE_URL = SERVER["baseUrl"]


def config(**more):
    proxy = AuthProxy(config_id=SERVER["authProxyConfigId"])
    return Config(base_url=BASE_URL, organization_id=SERVER["organizationId"], auth_proxy=proxy, **more)


def story_server():
    return StoryServer(
        base_url=BASE_URL,
        organization_id=SERVER["organizationId"],
        api_private_key=SERVER["apiPrivateKey"],
        auth_proxy_config_id=SERVER["authProxyConfigId"],
    )


class DictStorage(SecureStorage):
    """In memory; `failure` is raised instead of writing."""

    def __init__(self):
        self.values = {}
        self.failure = None
        self.lock = threading.Lock()

    def get(self, name):
        with self.lock:
            return self.values.get(name)

    def set(self, name, value):
        with self.lock:
            if self.failure is not None:
                raise self.failure
            self.values[name] = value

    def delete(self, name):
        with self.lock:
            self.values.pop(name, None)

    def names(self, prefix):
        with self.lock:
            return [name for name in self.values if name.startswith(prefix)]

    def keys(self):
        return [name for name in self.values if "/key/" in name]


class FileStorage(SecureStorage):
    """A file for each value, replaced at once."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)

    def _path(self, name):
        # Names may be longer than file names can be.
        return self.directory / hashlib.sha256(name.encode()).hexdigest()

    def get(self, name):
        try:
            return self._path(name).read_bytes().split(b"\0", 1)[1]
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise StorageError.Denied(reason=str(error)) from error

    def set(self, name, value):
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix=".", delete=False) as file:
            file.write(name.encode() + b"\0" + value)
        os.replace(file.name, self._path(name))

    def delete(self, name):
        self._path(name).unlink(missing_ok=True)

    def names(self, prefix):
        files = [path for path in self.directory.iterdir() if not path.name.startswith(".")]
        names = [file.read_bytes().split(b"\0", 1)[0].decode() for file in files]
        return [name for name in names if name.startswith(prefix)]


class Passkey(Passkeys):
    """One credential in software; `cancelled` says no to everything."""

    def __init__(self):
        self.software = SoftwarePasskey("localhost", "http://localhost")
        self.cancelled = False
        self.uses = 0

    async def create(self, request):
        self._use()
        return self.software.create(request)

    async def get(self, challenge):
        self._use()
        return self.software.get(challenge)

    def _use(self):
        if self.cancelled:
            raise PasskeyError.Cancelled()
        self.uses += 1


class OwnWallet(Wallet):
    def __init__(self, kind):
        self.software = SoftwareWallet(kind)

    async def kind(self):
        return self.software.kind()

    async def public_key(self):
        return self.software.public_key()

    async def sign_message(self, message):
        return self.software.sign_message(message)


class SignerStamper(Stamper):
    """What an application does with a key management service."""

    def __init__(self, signer):
        self.signer = signer
        self.stamped = []

    async def stamp(self, body):
        self.stamped.append(body)
        return make_api_key_stamp(self.signer.public_key(), self.signer.sign(body))


class Events(EventListener):
    def __init__(self):
        self.seen = []

    def on_event(self, event):
        self.seen.append(event)

    def kinds(self, session="default"):
        return [event.kind for event in self.seen if event.session == session]


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(BASE_URL + path, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def advance(seconds):
    """Moves the server's clock ahead."""
    fetch("/dev/clock", {"advanceSeconds": seconds})


def code_for(contact):
    """The newest one-time code for an address."""
    query = urllib.parse.urlencode({"format": "json", "to": contact})
    return fetch(f"/dev/inbox?{query}")["messages"][0]["code"]


def redirect_of(url):
    """Where a page sends the browser."""
    try:
        urllib.request.build_opener(NoRedirects).open(url, timeout=30)
    except urllib.error.HTTPError as answer:
        return answer.headers["Location"]
    raise AssertionError("no redirect")


def client(storage=None, **more):
    """A client, and what it was lent."""
    if storage is None:
        storage = DictStorage()
    return KeywardClient(config(), storage, **more)
