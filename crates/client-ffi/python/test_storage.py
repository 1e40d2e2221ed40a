"""What a storage does is heard: keys that are gone, no room, no permission, a bug of the application."""

import asyncio
import tempfile
import unittest

from keyward_client_ffi import (
    Config,
    EventKind,
    KeywardClient,
    KeywardError,
    LogIn,
    StorageError,
)

import support
from support import SERVER, DictStorage, Events, FileStorage, client

KEY = SERVER["apiPrivateKey"]


class Storages(unittest.IsolatedAsyncioTestCase):
    async def test_keys_are_bytes_and_leave_with_their_session(self):
        storage = DictStorage()
        app = client(storage)
        session = await app.log_in_with_api_key(KEY)
        [name] = storage.keys()
        self.assertEqual(name, f"keyward/key/{session.public_key}")
        value = storage.values[name]
        self.assertIsInstance(value, bytes)
        self.assertEqual((len(value), value[0]), (41, 1))
        await app.log_out()
        self.assertEqual(storage.keys(), [])
        self.assertFalse(any("session" in name for name in storage.values))

    async def test_a_lost_key_is_told_and_the_next_log_in_repairs(self):
        storage, events = DictStorage(), Events()
        app = client(storage, listener=events)
        await app.log_in_with_api_key(KEY)
        [name] = storage.keys()
        storage.delete(name)
        with self.assertRaises(KeywardError.KeyLost):
            await app.call("whoami", "{}")
        self.assertIn(EventKind.KEY_LOST, events.kinds())
        self.assertIsNone(await app.session())
        await app.log_in_with_api_key(KEY)
        await app.call("whoami", "{}")

    async def test_a_damaged_key_fails_and_says_so(self):
        storage = DictStorage()
        app = client(storage)
        await app.log_in_with_api_key(KEY)
        [name] = storage.keys()
        for damaged in (b"", b"\x02" + bytes(40), b"\x01" + bytes(40), b"\x01" + bytes(41)):
            storage.values[name] = damaged
            with self.assertRaises(KeywardError.StorageFailed):
                await app.call("whoami", "{}")

    async def test_failures_keep_their_kind(self):
        storage = DictStorage()
        app = client(storage)
        await app.log_in_with_api_key(KEY)
        before = dict(storage.values)
        for failure, expected in (
            (StorageError.Full(), KeywardError.StorageFull),
            (StorageError.Denied(reason="locked"), KeywardError.StorageDenied),
            (StorageError.Failed(reason="broken"), KeywardError.StorageFailed),
            (RuntimeError("a bug of the application"), KeywardError.StorageFailed),
        ):
            storage.failure = failure
            with self.assertRaises(expected):
                await app.log_in_with_api_key(KEY, LogIn(session="second"))
        self.assertEqual(storage.values, before)
        storage.failure = None
        await app.call("whoami", "{}")

    async def test_namespaces_do_not_see_each_other(self):
        storage = DictStorage()
        one = client(storage)
        two = KeywardClient(
            Config(
                base_url=support.BASE_URL,
                organization_id=SERVER["organizationId"],
                namespace="keyward-two",
            ),
            storage,
        )
        await one.log_in_with_api_key(KEY)
        self.assertEqual(await two.sessions(), [])
        await two.log_in_with_api_key(KEY)
        await two.log_out()
        await two.clean_up()
        await one.call("whoami", "{}")

    async def test_two_clients_on_one_storage_refresh_once(self):
        with tempfile.TemporaryDirectory() as directory:
            one, two = client(FileStorage(directory)), client(FileStorage(directory))
            await one.log_in_with_api_key(KEY)
            refreshed = await asyncio.gather(one.refresh(), two.refresh())
            # Whoever came second has seen the other's, or gone on from it.
            self.assertEqual(await one.session(), await two.session())
            self.assertIn(await one.session(), refreshed)

    async def test_a_text_that_is_none_and_a_storage_that_cannot_read_fail(self):
        class Damaged(DictStorage):
            def get(self, name):
                return b"\xff"

        class Broken(DictStorage):
            def get(self, name):
                raise KeyError(name)

        for storage in (Damaged(), Broken()):
            with self.assertRaises(KeywardError.StorageFailed):
                await client(storage).session()


if __name__ == "__main__":
    unittest.main()
