"""The behaviour suite of the client core, over storages written in Python."""

import tempfile
import unittest

from keyward_client_ffi import play_story, story_names

from support import DictStorage, FileStorage, story_server


class InMemory(unittest.IsolatedAsyncioTestCase):
    async def play(self, name):
        await play_story(name, story_server(), DictStorage())


class InFiles(unittest.IsolatedAsyncioTestCase):
    async def play(self, name):
        with tempfile.TemporaryDirectory() as directory:
            await play_story(name, story_server(), FileStorage(directory))


def add(case, name):
    async def test(self):
        await self.play(name)

    setattr(case, f"test_{name}", test)


for story in story_names():
    add(InMemory, story)
    add(InFiles, story)

if __name__ == "__main__":
    unittest.main()
