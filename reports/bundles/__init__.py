"""Round bundles: one ZIP with everything of a round, for handing it over to another office.

The format, version 1 (`tables.py` is its list of tables; `.docs/2026-11-round-bundles.md` is for people):

* `manifest.json`: {"format", "version", "exported_at", "round", "origin", "chain", "rows", "members"}; every other
  member with its size and SHA-256.
* `data/<table>.jsonl`: one row a line, as canonical JSON (keys sorted, no spaces, UTF-8); "n" is the row's number
  in the bundle, and other rows are named by their number; times are UTC, decimals are text. A file is named by
  its member.
* `journal/events.jsonl`: the round's chain as it was written, with the ids and the hashes of there;
  `journal/places.jsonl`: which rows and people of the bundle those ids mean.
* `files/<SHA-256>.<ending>`: the files, each once.

The comment of the ZIP is the SHA-256 of everything before it, so that no byte changes unseen. Nothing in it is a
signature: that a bundle as a whole is what the other office gave out shows by the SHA-256 of the whole file.
"""

FORMAT = "ntm-round-bundle"
VERSION = 1
MANIFEST = "manifest.json"
EVENTS = "journal/events.jsonl"
PLACES = "journal/places.jsonl"


def member_of(table: str) -> str:
    return f"data/{table}.jsonl"
