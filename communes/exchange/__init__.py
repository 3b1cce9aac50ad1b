"""Data in and out as tables: kinds of data, previews of files, imports that are whole or not at all, exports.

kinds.py says what a kind is and keeps the registry; flat.py is a kind whose rows are one model's; units.py and
people.py are the kinds of this app, other apps register theirs when they start. locating.py finds the table in a
file, runs.py leads an import from the file to its undoing, writing.py makes files.

The resources of django-import-export (communes/resources.py) describe the columns: heading, attribute, and how a
value is written and read. Their own import, which asks and saves row by row, takes over fifteen times as long as it
may for ten thousand rows; so planning and saving are done here, over dictionaries, with bulk writes and one event.
"""
